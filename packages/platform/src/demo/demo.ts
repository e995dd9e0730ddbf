import {
  formatInstant,
  type CommandResult,
  type EventStore,
  type Instant,
  type OnceOptions,
} from '@counterfoil/event-store';
import type { ActionService } from '../corporate-actions/action-service.ts';
import { whatIsToBeDone } from '../corporate-actions/processor.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { barOn } from '../domain/instruments/price-history.ts';
import { Price, Quantity } from '../domain/money/money.ts';
import type { PricesInstruction } from '../ledger/instructions.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { afterthoughts, lateTradeKey } from './afterthoughts.ts';
import { appleActions, type PlannedAction } from './apple-actions.ts';
import { demoAccounts, demoInstruments, type DemoSymbol } from './cast.ts';
import { leanPrices, type DayPrices } from './lean-prices.ts';
import { planOf, type PlannedCommand } from './plan.ts';
import { pricesOfDays } from './prices-of-days.ts';

// The demo speaks to the ledger as every route does, in process: what it shows is what any caller gets,
// and it needs no port, no token and no patience. Nothing is written past the commands.

export interface DemoParts {
  readonly ledger: Ledger;
  readonly store: Pick<EventStore, 'findClaim' | 'readAll' | 'head'>;
  /** Posts corporate actions to the accounts. */
  readonly corporateActions: Pick<ActionService, 'announced'>;
}

export interface DemoOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface DemoLoaded {
  /** Commands that were sent now, and not in an earlier load. */
  readonly sent: number;
  /** How many of them the risk checks refused. */
  readonly refused: number;
  /** An instant after everything was booked and before the late trade was: for `knownAt`. */
  readonly knownBefore: string;
}

/** The names of the demo are in use for something else. */
export class DemoConflict extends Error {
  override readonly name = 'DemoConflict';
}

/**
 * Loads twenty-three years of daily prices, the accounts that trade at them, and what Apple did to its
 * shares meanwhile. What is there already is left alone, so an interrupted load is continued, and a complete
 * one does nothing. Undefined when it was told to stop.
 */
export async function loadDemo(
  { ledger, store, corporateActions }: DemoParts,
  { signal, onProgress }: DemoOptions = {},
): Promise<DemoLoaded | undefined> {
  const histories = new Map(demoInstruments.map(({ symbol }) => [symbol, leanPrices(symbol)]));
  const prices = pricesOfDays(histories);
  const plans = demoAccounts.map((account) => planOf(account, prices));
  const late = afterthoughts(plans, prices);
  const bars = [...histories.values()].reduce((sum, history) => sum + history.length, 0);
  const actions = appleActions();
  const others = bars + actions.length + late.length;
  const total = plans.reduce((sum, plan) => sum + plan.length, others);
  const tally = { sent: 0, refused: 0 };
  let done = 0;
  const step: Step = {
    stopped: () => signal?.aborted === true,
    done: (outcome) => {
      done += 1;
      if (outcome !== 'before') tally.sent += 1;
      if (outcome === 'refused') tally.refused += 1;
      onProgress?.(done, total);
    },
  };
  await listInstruments(ledger);
  for (const [symbol, history] of histories) await recordPrices(symbol, history, ledger, step);
  await Promise.all(plans.map((plan) => runInOrder(plan, ledger, store, step)));
  for (const action of actions) await announce(action, { ledger, store, corporateActions }, step);
  for (const { id } of actions) await posted(id, ledger, step);
  // So that the two are told apart by the time at which they were recorded.
  await new Promise((resolve) => setTimeout(resolve, 5));
  await runInOrder(late, ledger, store, step);
  if (step.stopped()) return undefined;
  return { ...tally, knownBefore: await momentBefore(lateTradeKey, store) };
}

interface Step {
  stopped(): boolean;
  done(outcome: 'accepted' | 'refused' | 'before'): void;
}

const cause = { userId: 'demo' };

async function listInstruments(ledger: Ledger): Promise<void> {
  for (const { symbol, name, isin } of demoInstruments) {
    const id = symbol as string as InstrumentSymbol;
    if (ledger.market.instrument(id) !== undefined) continue;
    await ledger.instrument(
      id,
      {
        type: 'ListInstrument',
        symbol: id,
        name,
        currency: 'USD',
        isin,
        lotSize: Quantity.of('1'),
        tickSize: Price.of('0.01'),
      },
      { cause },
    );
  }
}

// Enough to fill the batches of the log, few enough to stop soon when told to.
const barsAtOnce = 1_000;

async function recordPrices(
  symbol: DemoSymbol,
  history: readonly DayPrices[],
  ledger: Ledger,
  step: Step,
): Promise<void> {
  const id = symbol as string as InstrumentSymbol;
  for (let at = 0; at < history.length && !step.stopped(); at += barsAtOnce) {
    const { years } = ledger.market.prices(id);
    await Promise.all(
      history.slice(at, at + barsAtOnce).map(async (day) => {
        // A bar that somebody has corrected since stays corrected.
        const known = barOn(years, day.date) !== undefined;
        if (!known) requireAccepted(await ledger.prices(id, barOf(day), { cause }), symbol);
        step.done(known ? 'before' : 'accepted');
      }),
    );
  }
}

function barOf(day: DayPrices): PricesInstruction {
  return { type: 'RecordDailyBar', ...day, source: 'QuantConnect Lean' };
}

async function announce(
  { id, draft }: PlannedAction,
  { ledger, store, corporateActions }: DemoParts,
  step: Step,
): Promise<void> {
  if (step.stopped()) return;
  const key = `demo/${id}`;
  const known = (await store.findClaim(key)) !== undefined;
  if (!known) {
    const instruction = { type: 'AnnounceAction', draft, idempotencyKey: null } as const;
    const options = { cause, once: [onceFor(key)] };
    requireAccepted(await ledger.corporateActions.handle(id, instruction, options), key);
    const { symbol } = draft;
    const told = { version: 1, reason: 'ANNOUNCED', correlationId: 'demo' } as const;
    corporateActions.announced({ actionId: id, symbol, ...told });
  }
  step.done(known ? 'before' : 'accepted');
}

/** Waits until an action is posted, or there is nothing to post of what somebody has made of it. */
async function posted(id: PlannedAction['id'], ledger: Ledger, step: Step): Promise<void> {
  while (!step.stopped()) {
    const { action } = await ledger.corporateActions.now(id);
    const isDone = action && whatIsToBeDone(action, ledger.market.today()) === 'nothing';
    if (isDone === true) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** One at a time: what an account does next may depend on what it did before. */
async function runInOrder(
  plan: readonly PlannedCommand[],
  ledger: Ledger,
  store: DemoParts['store'],
  step: Step,
): Promise<void> {
  for (const { accountId, key, instruction, refusedWith } of plan) {
    if (step.stopped()) return;
    if ((await store.findClaim(key)) !== undefined) {
      step.done('before');
      continue;
    }
    const result = await ledger.account(accountId, instruction, { cause, once: [onceFor(key)] });
    if (refusedWith === undefined) requireAccepted(result, key);
    step.done(result.kind === 'rejected' ? 'refused' : 'accepted');
  }
}

/** Refusals take the key too: a mistake is made once. */
function onceFor(key: string): OnceOptions<unknown> {
  return { key, expiresAt: undefined, note: () => new Uint8Array() };
}

function requireAccepted(result: CommandResult<{ readonly code: string }>, what: string): void {
  if (result.kind !== 'rejected') return;
  throw new DemoConflict(
    `${what} was refused with ${result.rejection.code}: the demo needs accounts of its own, ` +
      'so load it into a data directory where nobody else has used its names',
  );
}

async function momentBefore(key: string, store: DemoParts['store']): Promise<string> {
  const claim = await store.findClaim(key);
  const page = await store.readAll({ after: (claim?.position ?? 1) - 1, limit: 1 });
  const recordedAt = page.events[0]?.recordedAt ?? (0n as Instant);
  return formatInstant((recordedAt - 1_000n) as Instant);
}
