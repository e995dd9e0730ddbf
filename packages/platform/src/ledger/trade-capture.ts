import {
  createJointHandler,
  type Beside,
  type CalendarDate,
  type CommandResult,
  type EventStore,
  type HandleOptions,
  type JointDecider,
  type JointDecision,
  type StagedStreams,
  type StreamId,
} from '@counterfoil/event-store';
import { accountDecider } from '../domain/accounts/account.ts';
import type { AccountCommand } from '../domain/accounts/commands.ts';
import {
  accountStream,
  type AccountEvent,
  type AccountId,
  type TradeId,
} from '../domain/accounts/events.ts';
import type { MarketView } from '../domain/accounts/market.ts';
import type { AccountState } from '../domain/accounts/state.ts';
import {
  tradeRecordStream,
  type Economics,
  type TradeRecordEvent,
} from '../domain/trade-records/events.ts';
import {
  executionIdFor,
  recordRejection,
  refused,
  taken,
  tradeRecordAggregate,
  type Arrival,
  type RecordRejection,
  type TradeRecord,
} from '../domain/trade-records/trade-record.ts';
import { describeRejection, type Rejection } from './describe-rejection.ts';
import type { MarketBook } from './market-book.ts';

/** Takes in trade records: each with its booking in the accounts, in one commit. */
export interface TradeCapture {
  /** Decides on a record that has arrived. A key of `options` lets it take effect once. */
  capture(arrival: Arrival, options: CaptureOptions): Promise<CaptureResult>;
  /**
   * Why a record would be refused at once, by what is in memory; undefined when nothing is known against
   * it. A version only ever rises, so that what is refused here would be refused later.
   */
  foresee(arrival: Arrival): RecordRejection | undefined;
}

export type CaptureOptions = Omit<HandleOptions<CaptureRejection>, 'expectedVersion'>;
export type CaptureResult = CommandResult<CaptureRejection>;

/** With the sentence that is kept in the log. */
export interface CaptureRejection {
  readonly code: Rejection['code'];
  readonly reason: string;
}

export interface TradeCaptureParts {
  readonly store: EventStore;
  readonly market: MarketBook;
  readonly records: StagedStreams<TradeRecord, TradeRecordEvent>;
  readonly accounts: StagedStreams<AccountState, AccountEvent>;
}

export function createTradeCapture({
  store,
  market,
  records,
  accounts,
}: TradeCaptureParts): TradeCapture {
  const handler = createJointHandler({ store, leading: records, beside: accounts, decider });
  return {
    capture: (arrival, options) =>
      handler.handle(
        tradeRecordStream(arrival.tradeId),
        { arrival, market: market.view() },
        options,
      ),
    foresee: (arrival) => {
      const known = records.peek(tradeRecordStream(arrival.tradeId));
      return recordRejection(arrival, known?.state ?? tradeRecordAggregate.initial, market.today());
    },
  };
}

interface CaptureCommand {
  readonly arrival: Arrival;
  readonly market: MarketView;
}

type Capturing = JointDecider<
  CaptureCommand,
  TradeRecord,
  TradeRecordEvent,
  AccountState,
  AccountEvent,
  CaptureRejection
>;

/** One step in one account. */
interface Step {
  readonly accountId: AccountId;
  readonly command: AccountCommand;
}

/**
 * Records with their bookings. What an account refuses, the record is refused for; the account keeps the
 * refusal as it does for a trade of its own, and of what would have gone before it nothing.
 */
const decider: Capturing = {
  isLikelyFirst: ({ arrival }) => arrival.version === 1,
  others: ({ arrival, market }, record) => [
    ...new Set(stepsFor(arrival, record, market).map(({ accountId }) => accountStream(accountId))),
  ],
  needsPast: ({ arrival, market }, record, stream, account) =>
    stepsFor(arrival, record, market).some(
      ({ accountId, command }) =>
        accountStream(accountId) === stream &&
        accountDecider.history?.neededFor(command, account) === true,
    ),
  decide: ({ arrival, market }, record, accounts) => {
    const rejection = recordRejection(arrival, record, market.today);
    if (rejection !== undefined) return refusal(arrival, rejection, arrival.tradeId, new Map());
    const booked = runSteps(stepsFor(arrival, record, market), accounts);
    if (booked.refused !== undefined) {
      const { rejection: reason, accountId } = booked.refused;
      return refusal(arrival, reason, accountId, booked.events);
    }
    const executionId = keepsBooking(arrival, record)
      ? (record.current?.executionId ?? null)
      : arrival.economics && executionIdFor(arrival, record);
    return {
      events: [taken(arrival, record, executionId)],
      others: booked.events,
      rejection: undefined,
    };
  },
};

type Booked = ReadonlyMap<StreamId, readonly AccountEvent[]>;

function refusal(
  arrival: Arrival,
  rejection: Rejection,
  subject: string,
  others: Booked,
): JointDecision<TradeRecordEvent, AccountEvent, CaptureRejection> {
  const { code } = rejection;
  const reason = describeRejection(rejection, subject);
  return { events: [refused(arrival, code, reason)], others, rejection: { code, reason } };
}

/** Each step on what the steps before it have made of its account; the first refusal ends them. */
function runSteps(
  steps: readonly Step[],
  accounts: ReadonlyMap<StreamId, Beside<AccountState, AccountEvent>>,
): { readonly events: Booked; readonly refused?: { rejection: Rejection; accountId: AccountId } } {
  const states = new Map<StreamId, AccountState>();
  const events = new Map<StreamId, readonly AccountEvent[]>();
  for (const { accountId, command } of steps) {
    const stream = accountStream(accountId);
    const { state: before, past } = accounts.get(stream) ?? { state: undefined, past: undefined };
    const earlier = events.get(stream) ?? [];
    const state = states.has(stream) ? states.get(stream) : before;
    const { history } = accountDecider;
    const supplied =
      past !== undefined && history?.neededFor(command, state) === true
        ? history.supply(command, [...past, ...earlier])
        : command;
    const decision = accountDecider.decide(supplied, state);
    if (decision.rejection !== undefined) {
      const recorded = new Map([[stream, decision.events]]);
      return { events: recorded, refused: { rejection: decision.rejection, accountId } };
    }
    events.set(stream, [...earlier, ...decision.events]);
    states.set(stream, decision.events.reduce(accountDecider.evolve, state));
  }
  return { events };
}

/** What has to happen in accounts for the record to be booked as it says, and its predecessor not. */
function stepsFor(arrival: Arrival, record: TradeRecord, market: MarketView): readonly Step[] {
  const { economics, tradeId, version } = arrival;
  if (keepsBooking(arrival, record) || isRefused(arrival, record, market.today)) return [];
  const { current } = record;
  const before = current?.executionId === null ? undefined : current;
  const reason = `version ${version} of trade ${tradeId}`;
  const terms = economics && {
    ...termsOf(economics, executionIdFor(arrival, record)),
    freshTradeId: true,
  };
  const { economics: was, executionId } = before ?? { economics: null, executionId: null };
  if (was === null || executionId === null) {
    return terms === null || economics === null ? [] : [book(economics, terms, market)];
  }
  const cancel: Step = {
    accountId: was.accountId,
    command: { type: 'CancelTrade', tradeId: executionId, reason },
  };
  if (terms === null || economics === null) return [cancel];
  if (was.accountId !== economics.accountId || was.symbol !== economics.symbol) {
    return [cancel, book(economics, terms, market)];
  }
  const command: AccountCommand = {
    type: 'CorrectTrade',
    tradeId: executionId,
    replacement: terms,
    reason,
    market,
  };
  return [{ accountId: economics.accountId, command }];
}

function isRefused(arrival: Arrival, record: TradeRecord, today: CalendarDate): boolean {
  return recordRejection(arrival, record, today) !== undefined;
}

function book({ accountId, symbol }: Economics, terms: BookedTerms, market: MarketView): Step {
  return { accountId, command: { type: 'BookTrade', symbol, market, ...terms } };
}

type BookedTerms = ReturnType<typeof termsOf> & { readonly freshTradeId: boolean };

function termsOf(economics: Economics, tradeId: TradeId) {
  const { side, quantity, price, fees, tradeDate } = economics;
  return { tradeId, side, quantity, price, fees, tradeDate };
}

/** A record that books what is booked already leaves it alone: the ledger is not to show a change of nothing. */
function keepsBooking({ economics }: Arrival, { current }: TradeRecord): boolean {
  const was = current?.economics ?? null;
  if (was === null || economics === null) return was === economics;
  const names = Object.keys(was) as (keyof Economics)[];
  return names.every((name) => was[name] === economics[name]);
}
