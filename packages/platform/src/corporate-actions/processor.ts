import type { Cause } from '@counterfoil/event-store';
import type { AccountId } from '../domain/accounts/events.ts';
import type { FailAttempt, ProcessingCommand } from '../domain/corporate-actions/commands.ts';
import type { CorporateAction } from '../domain/corporate-actions/corporate-action.ts';
import type { ActionId, ActionTotals } from '../domain/corporate-actions/events.ts';
import {
  actingVersion,
  isDue,
  isPutOff,
  reasonToReverse,
  versionAtWork,
} from '../domain/corporate-actions/put-off.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import type { CorporateActions } from '../ledger/corporate-actions.ts';
import type { EntitlementLedger } from '../ledger/entitlements.ts';
import type { MarketBook } from '../ledger/market-book.ts';
import { entitledAction } from './entitled-action.ts';
import { isOutage } from './outages.ts';
import { createPostingTally } from './posting-tally.ts';
import { resolvedTerms, Unresolved, type TermSources } from './resolved-terms.ts';
import { throughHolders, withAll } from './through-holders.ts';
import { noTotals, receivedSymbol, withPosted, withReversed } from './totals.ts';

export interface ProcessorParts {
  readonly actions: Pick<CorporateActions, 'handle' | 'now'>;
  readonly entitlements: Pick<EntitlementLedger, 'post' | 'reverse'>;
  readonly market: Pick<MarketBook, 'today'>;
  readonly terms: (id: ActionId) => TermSources;
  readonly holders: Holders;
  /** The position of the newest event. */
  readonly head: () => Promise<number>;
  /** Accounts that are posted to before the next are asked for; 100 when not given. */
  readonly pageSize?: number | undefined;
  /** Accounts between two notes of how far it has come; 20,000 when not given. */
  readonly noteEvery?: number | undefined;
}

export interface Holders {
  /** Resolves once `list` reflects the log up to a position; rejects with a ReadModelsUnavailable. */
  reach(position: number): Promise<void>;
  /** Accounts that hold an instrument, or ever held it, in order of their ids, behind the one given. */
  list(
    symbol: InstrumentSymbol,
    after: AccountId | undefined,
    limit: number,
  ): Promise<readonly AccountId[]>;
  /** What these accounts have of an action: of those that were posted to before. */
  posted(id: ActionId, version: number, accounts: readonly AccountId[]): Promise<ActionTotals>;
}

export interface Processor {
  /**
   * Does what there is to do with an action: posts the head when it is due, or takes back what was posted of
   * a cancelled one, or of one whose head is not due any more. Does nothing where nothing is to be done, or not
   * yet. What it did before it was ended, it does not do again. Rejects when it could not end; `last` says that
   * it is not tried again then, and so the action fails. An outage says nothing of the action, and is not noted
   * with it.
   */
  process(id: ActionId, attempt: { readonly last: boolean }): Promise<void>;
  /** How many accounts have been passed of what is being posted now; undefined when it is not. */
  passed(id: ActionId): number | undefined;
}

/** How often it begins anew with an action that others change, before it takes that for a failure. */
const overtakenMax = 50;

const cause: Cause = { userId: 'counterfoil', correlationId: 'corporate-actions' };

export function createProcessor(parts: ProcessorParts): Processor {
  const { actions, entitlements, market, holders, pageSize = 100, noteEvery = 20_000 } = parts;
  const passed = new Map<ActionId, number>();

  const say = async (id: ActionId, command: ProcessingCommand): Promise<number | undefined> => {
    const result = await actions.handle(id, command, { cause });
    if (result.kind === 'accepted') return result.position;
    const why = result.kind === 'rejected' ? result.rejection.code : result.kind;
    throw new Overtaken(`${command.type} of ${id} was not taken: ${why}`);
  };

  const pagesOf = (id: ActionId, symbol: InstrumentSymbol) => {
    let count = 0;
    return {
      list: (after: AccountId | undefined) => holders.list(symbol, after, pageSize),
      passed: (accounts: readonly AccountId[]) => {
        count += accounts.length;
        passed.set(id, count);
      },
    };
  };

  const post = async (id: ActionId, action: CorporateAction): Promise<void> => {
    const { version, head, underWay } = action;
    const begun = underWay?.version === version ? underWay : undefined;
    const terms = begun?.terms ?? (await resolvedTerms(head, parts.terms(id)));
    const position = await say(id, { type: 'StartProcessing', version, terms });
    // Whoever was booked before this is among the holders; whoever comes behind it is seen as a late trade.
    if (position !== undefined) await holders.reach(position);
    const entitled = entitledAction(id, version, head, terms);
    const received = receivedSymbol({ symbol: head.symbol, terms });
    const tally = createPostingTally({
      from: begun?.progress?.totals ?? noTotals,
      counted: (totals, { events }) => withPosted(totals, id, received, events),
      posted: (accounts) => holders.posted(id, version, accounts),
    });
    const pages = pagesOf(id, head.symbol);
    const unsure: (readonly AccountId[])[] = [];
    let sinceNoted = 0;
    try {
      await throughHolders({
        list: pages.list,
        after: begun?.progress?.throughAccount as AccountId | undefined,
        begin: (accounts) => {
          unsure.push(accounts);
          return withAll(accounts, (account) => entitlements.post(account, entitled, cause));
        },
        end: async (accounts, outcomes) => {
          await requireHead(id, version);
          unsure.shift();
          tally.add(accounts, outcomes);
          pages.passed(accounts);
          sinceNoted += accounts.length;
          if (sinceNoted < noteEvery) return;
          sinceNoted = 0;
          const throughAccount = accounts.at(-1) as AccountId;
          const totals = await tally.totals();
          await say(id, { type: 'RecordProgress', version, throughAccount, totals });
        },
      });
    } catch (failure) {
      if (failure instanceof Overtaken) {
        await putRight(id, { version, work: 'post' }, unsure.flat());
      }
      throw failure;
    }
    await say(id, { type: 'CompleteProcessing', version, totals: await tally.totals() });
  };

  /** Ends with an Overtaken when a version that is being posted is not to be posted any more. */
  const requireHead = async (id: ActionId, version: number): Promise<void> => {
    const { action } = await actions.now(id);
    const last = action?.underWay ?? action?.posted;
    if (
      action?.status !== 'CANCELLED' &&
      action?.version === version &&
      last?.version === version
    ) {
      return;
    }
    throw new Overtaken(`version ${version} of ${id} is not to be posted any more`);
  };

  /** Ends with an Overtaken when a version is not to be taken back any more: the next one is posted over it. */
  const requireToReverse = async (id: ActionId, version: number): Promise<void> => {
    const { action } = await actions.now(id);
    if (
      action !== undefined &&
      whatIsToBeDone(action, market.today()) === 'take back' &&
      versionAtWork(action, 'take back') === version
    ) {
      return;
    }
    throw new Overtaken(`version ${version} of ${id} is not to be taken back any more`);
  };

  /**
   * Whoever posts the next version, or takes this one back, may have passed these accounts before they were
   * worked on: the last of all is to be in force. It may change again meanwhile, so it is looked for until it
   * is what the accounts have been given.
   */
  const putRight = async (
    id: ActionId,
    { version, work }: { readonly version: number; readonly work: Work },
    accounts: readonly AccountId[],
  ): Promise<void> => {
    let given = work === 'post' ? version : undefined;
    for (;;) {
      const { action } = await actions.now(id);
      if (action === undefined) return;
      const acting = actingVersion(action, market.today());
      // While it is still this one, the next has not begun: then it is going to pass all accounts.
      if (acting?.version === given || acting?.version === version) return;
      if (acting === undefined) {
        const reversal = reversalOf(id, action);
        await withAll(accounts, (account) => entitlements.reverse(account, reversal, cause));
      } else {
        const entitled = entitledAction(id, acting.version, acting.announcement, acting.terms);
        await withAll(accounts, (account) => entitlements.post(account, entitled, cause));
      }
      given = acting?.version;
    }
  };

  const takeBack = async (id: ActionId, action: CorporateAction): Promise<void> => {
    const { head, posted, underWay } = action;
    const version = versionAtWork(action, 'take back');
    const { symbol } = head;
    const terms = posted?.terms ?? underWay?.terms ?? head.terms;
    const received = receivedSymbol({ symbol, terms });
    const reversal = reversalOf(id, action);
    let totals = noTotals;
    await holders.reach(await parts.head());
    const pages = pagesOf(id, symbol);
    const unsure: (readonly AccountId[])[] = [];
    try {
      await throughHolders({
        list: pages.list,
        after: undefined,
        begin: (accounts) => {
          unsure.push(accounts);
          return withAll(accounts, (account) => entitlements.reverse(account, reversal, cause));
        },
        end: async (accounts, outcomes) => {
          await requireToReverse(id, version);
          unsure.shift();
          for (const { events } of outcomes) totals = withReversed(totals, id, received, events);
          pages.passed(accounts);
        },
      });
    } catch (failure) {
      if (failure instanceof Overtaken) {
        await putRight(id, { version, work: 'take back' }, unsure.flat());
      }
      throw failure;
    }
    await say(id, { type: 'CompleteReversal', version, totals });
  };

  /** Answers whether it has come to an end: when it was overtaken, there may be something else to do. */
  const attempt = async (id: ActionId, last: boolean): Promise<boolean> => {
    const { action } = await actions.now(id);
    if (action === undefined) throw new Error(`there is no corporate action ${id}`);
    const work = whatIsToBeDone(action, market.today());
    if (work === 'nothing') return true;
    try {
      await (work === 'post' ? post(id, action) : takeBack(id, action));
      return true;
    } catch (failure) {
      if (failure instanceof Overtaken) return false;
      if (isOutage(failure)) throw failure;
      // Nothing but an amendment, a price or a listing helps against it.
      const final = last || failure instanceof Unresolved;
      const failed = { work, version: versionAtWork(action, work), last: final };
      const isNoted = await noteFailure(id, failed, failure);
      if (isNoted && !final) throw failure;
      return isNoted;
    } finally {
      passed.delete(id);
    }
  };

  /** Answers whether the action took it: not when it was amended or cancelled, or completed by another worker. */
  const noteFailure = async (
    id: ActionId,
    failed: Pick<FailAttempt, 'work' | 'version' | 'last'>,
    failure: unknown,
  ): Promise<boolean> => {
    const { action } = await actions.now(id);
    // The version that was to be taken back may be to be posted over by now, and the failure is none of that.
    if (action !== undefined && whatIsToBeDone(action, market.today()) !== failed.work)
      return false;
    const error = failure instanceof Error ? failure.message : String(failure);
    const code = failure instanceof Unresolved ? failure.code : 'PROCESSING_FAILED';
    const command: FailAttempt = { type: 'FailAttempt', ...failed, code, error };
    return (await actions.handle(id, command, { cause })).kind === 'accepted';
  };

  return {
    process: async (id, { last }) => {
      for (let time = 0; time < overtakenMax; time += 1) if (await attempt(id, last)) return;
      throw new Error(`${id} was changed by others ${overtakenMax} times in a row`);
    },
    passed: (id) => passed.get(id),
  };
}

/** Somebody changed the action while it was worked on: what is to be done is another thing now. */
class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

type Work = FailAttempt['work'];

export function whatIsToBeDone(
  action: CorporateAction,
  today: ReturnType<MarketBook['today']>,
): Work | 'nothing' {
  const { status, head, posted, underWay, version } = action;
  if (status === 'CANCELLED') {
    return posted !== undefined || underWay !== undefined ? 'take back' : 'nothing';
  }
  if (status === 'FAILED' || posted?.version === version) return 'nothing';
  if (isDue(head, today)) return 'post';
  return isPutOff(action, today) ? 'take back' : 'nothing';
}

function reversalOf(id: ActionId, action: CorporateAction) {
  const { head, status } = action;
  const choiceStands = status !== 'CANCELLED';
  return { actionId: id, symbol: head.symbol, reason: reasonToReverse(action), choiceStands };
}
