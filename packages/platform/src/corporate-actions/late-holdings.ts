import { setImmediate } from 'node:timers/promises';
import type { Cause, EventStore, RecordedEvent } from '@counterfoil/event-store';
import {
  holdingsReviewStream,
  type HoldingsReviewEvent,
} from '../domain/corporate-actions/events.ts';
import type { ActingAction } from '../ledger/actions-book.ts';
import type { EntitlementLedger } from '../ledger/entitlements.ts';
import type { LateHolding } from '../queries/entitlements.ts';
import { entitledAction } from './entitled-action.ts';
import { repeatedly } from './repeatedly.ts';

export interface LateHoldingsParts {
  readonly store: Pick<EventStore, 'append' | 'readStream'>;
  /** Actions that are posted, or being posted, for holding an instrument; none before it was processed. */
  readonly actingOn: (symbol: LateHolding['symbol']) => readonly ActingAction[];
  readonly entitlements: Pick<EntitlementLedger, 'post' | 'reverse'>;
  readonly holdings: LateHoldingSource;
  readonly onFailure: (failure: unknown) => void;
  /** How often it is looked; every second when not given. */
  readonly everyMs?: number | undefined;
  /** How much has to be new at the end to be noted as looked at; 1,000 positions when not given. */
  readonly rememberedAtEnd?: number | undefined;
}

export interface LateHoldingSource {
  /** How much of the log the lists reflect. */
  position(): number;
  /** Resolves once what acts on an instrument is known up to a position. */
  reach(position: number): Promise<unknown>;
  trades(after: number, limit: number): Promise<readonly LateHolding[]>;
  shares(
    after: number,
    limit: number,
  ): Promise<readonly (LateHolding & { readonly actionId: string })[]>;
}

export interface LateHoldings {
  /** Looks now, and resolves when all that was recorded by then has been looked at. */
  look(): Promise<void>;
  /** Finishes what is under way. */
  stop(): Promise<void>;
}

const cause: Cause = { userId: 'counterfoil', correlationId: 'late-holdings' };
const pageSize = 500;
const rememberedEvery = 50_000;
/** Fewer are looked at again in no time, and a log that nobody writes to does not grow by being opened. */
const rememberedAtEndMin = 1_000;

/**
 * Looks for holdings that were not known when an action was posted: trades, and shares from other actions,
 * of before its ex-date. An account that has the action already adjusts by itself, with the trade (see
 * `consequences.ts`); one that held nothing is given now what it is entitled to (LG-17). Whatever is looked
 * at twice changes nothing the second time.
 */
export async function startLateHoldings(parts: LateHoldingsParts): Promise<LateHoldings> {
  const { store, actingOn, entitlements, holdings, onFailure, everyMs = 1_000 } = parts;
  const { rememberedAtEnd = rememberedAtEndMin } = parts;
  let reviewed = await reviewedBefore(store);
  let remembered = reviewed;
  let stopping = false;

  const entitle = async ({ account, symbol, date }: LateHolding, but?: string): Promise<void> => {
    for (const action of actingOn(symbol)) {
      if (action.id === but || action.announcement.exDate < date) continue;
      await give(account, symbol, action);
    }
  };

  const give = async (
    account: LateHolding['account'],
    symbol: LateHolding['symbol'],
    { id, version, announcement, terms }: ActingAction,
  ): Promise<void> => {
    const entitled = entitledAction(id, version, announcement, terms);
    const { position } = await entitlements.post(account, entitled, cause);
    if (position === undefined) return;
    // Whoever posts the next version, or takes the action back, may have passed this account before.
    await holdings.reach(position);
    const acting = (): ActingAction | undefined => actingOn(symbol).find((one) => one.id === id);
    const now = acting();
    if (now !== undefined) {
      if (now.version !== version) await give(account, symbol, now);
      return;
    }
    const reason = 'the action was cancelled or put off';
    const reversal = { actionId: id, symbol, reason, choiceStands: true };
    const reversed = await entitlements.reverse(account, reversal, cause);
    if (reversed.position === undefined) return;
    // A later version may have come to this account just before that, and is to stay.
    await holdings.reach(reversed.position);
    const later = acting();
    if (later !== undefined) await give(account, symbol, later);
  };

  const remember = async (): Promise<void> => {
    const event: HoldingsReviewEvent = {
      type: 'HoldingsReviewed',
      data: { throughPosition: reviewed },
    };
    const append = { stream: holdingsReviewStream, expected: 'any' as const, events: [event] };
    await store.append({ appends: [append], cause });
    remembered = reviewed;
  };

  const review = async (): Promise<void> => {
    for (;;) {
      const upTo = holdings.position();
      if (stopping || upTo <= reviewed) return;
      const trades = await holdings.trades(reviewed, pageSize);
      const shares = await holdings.shares(reviewed, pageSize);
      await holdings.reach(upTo);
      for (const holding of trades) await entitle(holding);
      for (const holding of shares) await entitle(holding, holding.actionId);
      const seen = [trades, shares].map((page) =>
        page.length < pageSize ? upTo : (page.at(-1)?.position ?? upTo),
      );
      reviewed = Math.min(...seen);
      if (reviewed - remembered >= rememberedEvery) await remember();
      if (reviewed >= upTo) return;
      // Each page is read at once: others get a turn in between.
      await setImmediate();
    }
  };

  const repetition = repeatedly(everyMs, review, onFailure);
  return {
    look: repetition.now,
    stop: async () => {
      stopping = true;
      await repetition.stop();
      // So that the next start does not look at all of it again; without, it only takes longer.
      if (reviewed - remembered >= rememberedAtEnd) await remember().catch(onFailure);
    },
  };
}

async function reviewedBefore({ readStream }: Pick<EventStore, 'readStream'>): Promise<number> {
  let last: RecordedEvent | undefined;
  for (let from = 1; ; from += 1_000) {
    const page = await readStream(holdingsReviewStream, { from, limit: 1_000 });
    last = page.at(-1) ?? last;
    if (page.length < 1_000) break;
  }
  return last === undefined ? 0 : (last.data as HoldingsReviewEvent['data']).throughPosition;
}
