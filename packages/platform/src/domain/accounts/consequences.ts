import type { CalendarDate } from '@counterfoil/event-store';
import type { ActionId } from '../corporate-actions/events.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { minus, Money, negated, plus, Quantity } from '../money/money.ts';
import type { Entitlement } from './entitlements/effect.ts';
import { summed } from './entitlements/recorded-actions.ts';
import type { AccountEvent, Lot, Movement, TradeId } from './events.ts';
import { eligibleOf, type OrderedEntitlement } from './in-order.ts';
import { nothingHeld } from './ordered-position.ts';
import { emptyPosition, positionOf } from './positions.ts';
import type { Past, Restatement } from './restatement.ts';
import type { Account } from './state.ts';

/** Why the past has changed. */
export interface PastCause {
  readonly effectiveFrom: CalendarDate;
  readonly causeTradeId: TradeId | null;
  readonly causeActionId: ActionId | null;
  readonly reason: string;
}

/** What a decision posts itself, and so is not to be posted again. */
export interface OwnPostings {
  /** One for each symbol. */
  readonly movements: readonly Movement[];
  /** Actions that it posts or takes back. */
  readonly actions: readonly ActionId[];
  /** The symbols whose lots are to be told even if nothing has changed in them. */
  readonly lotsOf: readonly InstrumentSymbol[];
}

/**
 * What a change to the past leads to: the differences of other actions' entitlements, and of what is then
 * still missing to each position as it is in order.
 */
export function consequencesOf(
  account: Account,
  past: Past,
  inOrder: Restatement,
  own: OwnPostings,
  cause: PastCause,
): readonly AccountEvent[] {
  const events: AccountEvent[] = [];
  let posted = own.movements;
  for (const action of inOrder.actions) {
    const before = past.actions.get(action.actionId)?.posted;
    const now = inOrder.entitlements.get(action.actionId);
    if (before === undefined || now === undefined) continue;
    if (own.actions.includes(action.actionId)) continue;
    const difference = differenceOf(before, now);
    if (isNothing(difference) && eligibleOf(before) === eligibleOf(now)) continue;
    posted = summed(posted, difference.movements);
    const { actionId, actionVersion, symbol, effectiveDate, settlementDate } = action;
    const { settled, pendingReceipts, pendingDeliveries } = now;
    const { causeTradeId, causeActionId, reason } = cause;
    events.push({
      type: 'EntitlementAdjusted',
      data: {
        actionId,
        actionVersion,
        symbol,
        effectiveDate,
        settlementDate,
        settled,
        pendingReceipts,
        pendingDeliveries,
        ...difference,
        currency: account.currency,
        causeTradeId,
        causeActionId,
        reason,
      },
    });
  }
  const symbols = new Set([
    ...inOrder.positions.keys(),
    ...posted.map(({ symbol }) => symbol),
    ...own.lotsOf,
  ]);
  for (const symbol of symbols) {
    const restated = positionRestated(account, symbol, inOrder, posted, cause);
    const { costChange, realizedPnlChange, lots } = restated;
    const before = positionOf(account.positions, symbol)?.lots ?? [];
    if (
      costChange !== 0n ||
      realizedPnlChange !== 0n ||
      own.lotsOf.includes(symbol) ||
      !areSame(lots, before)
    ) {
      events.push({ type: 'PositionRestated', data: restated });
    }
  }
  return events;
}

/** The position in order, and what is missing to it once the postings of the decision are made. */
function positionRestated(
  account: Account,
  symbol: InstrumentSymbol,
  { positions }: Restatement,
  posted: readonly Movement[],
  cause: PastCause,
) {
  const inOrder = positions.get(symbol) ?? nothingHeld;
  const before =
    positionOf(account.positions, symbol) ?? emptyPosition(symbol, cause.effectiveFrom);
  const own = posted.find((movement) => movement.symbol === symbol);
  const cost = plus(before.cost, own?.costChange ?? Money.zero);
  const realizedPnl = plus(before.realizedPnl, own?.realizedPnl ?? Money.zero);
  const quantity = plus(before.quantity, own?.quantityChange ?? Quantity.zero);
  if (quantity !== inOrder.quantity) {
    throw new Error(`the postings of ${symbol} do not sum to what is held of it in order`);
  }
  return {
    symbol,
    lots: inOrder.lots,
    costChange: minus(inOrder.cost, cost),
    realizedPnlChange: minus(inOrder.realizedPnl, realizedPnl),
    ...cause,
  };
}

export function mirrorOf(posted: Entitlement): Entitlement {
  return {
    gross: negated(posted.gross),
    tax: negated(posted.tax),
    cashInLieu: negated(posted.cashInLieu),
    fraction: negated(posted.fraction),
    amount: negated(posted.amount),
    movements: posted.movements.map((movement) => ({
      symbol: movement.symbol,
      quantityChange: negated(movement.quantityChange),
      costChange: negated(movement.costChange),
      realizedPnl: negated(movement.realizedPnl),
    })),
  };
}

function differenceOf(before: OrderedEntitlement, now: OrderedEntitlement): Entitlement {
  return {
    gross: minus(now.gross, before.gross),
    tax: minus(now.tax, before.tax),
    cashInLieu: minus(now.cashInLieu, before.cashInLieu),
    fraction: minus(now.fraction, before.fraction),
    amount: minus(now.amount, before.amount),
    movements: summed(now.movements, mirrorOf(before).movements),
  };
}

export function isNothing({ gross, tax, fraction, amount, movements }: Entitlement): boolean {
  return gross === 0n && tax === 0n && fraction === 0n && amount === 0n && movements.length === 0;
}

function areSame(left: readonly Lot[], right: readonly Lot[]): boolean {
  return (
    left.length === right.length &&
    left.every((lot, place) => {
      const other = right[place];
      return (
        lot.lotId === other?.lotId &&
        lot.openedOn === other.openedOn &&
        lot.settlementDate === other.settlementDate &&
        lot.quantity === other.quantity &&
        lot.cost === other.cost
      );
    })
  );
}
