import type { CalendarDate, EventOf } from '@counterfoil/event-store';
import type { ActionId } from '../../corporate-actions/events.ts';
import type { InstrumentSymbol } from '../../instruments/events.ts';
import { plus } from '../../money/money.ts';
import type {
  EntitlementAdjusted,
  EntitlementPosted,
  EntitlementReversed,
  Movement,
} from '../events.ts';
import { eligibleOf, movesOn, symbolsOf } from '../in-order.ts';
import { nothingHeld, type OrderedPosition } from '../ordered-position.ts';
import {
  emptyPosition,
  positionOf,
  withPosition,
  type EntitledTo,
  type Position,
  type Positions,
} from '../positions.ts';
import { withUnsettled } from '../settlement.ts';
import type { Account, HolderElection } from '../state.ts';
import { entitle } from './entitlement.ts';

// What the events of entitlements make of an account.

type Posted = EventOf<typeof EntitlementPosted>['data'];

type Postings = Pick<
  EventOf<typeof EntitlementAdjusted>['data'],
  'symbol' | 'amount' | 'movements' | 'effectiveDate' | 'settlementDate'
>;

export function withEntitlement(account: Account, data: Posted): Account {
  const { actionId, actionVersion, symbol } = data;
  const postings = withPostings(account, data);
  let positions = data.lotsRestated
    ? postings.positions
    : withLotsOf(postings.positions, data, account);
  const own = positionOf(positions, symbol) ?? emptyPosition(symbol, data.exDate);
  const entitledTo = [...withoutAction(own, actionId), { actionId, actionVersion }];
  positions = withPosition(positions, { ...own, entitledTo });
  const date = movesOn(data);
  for (const name of symbolsOf(data)) {
    const position = positionOf(positions, name);
    if (position !== undefined && position.latestDate < date) {
      positions = withPosition(positions, { ...position, latestDate: date });
    }
  }
  return { ...postings, positions, elections: withoutElection(account, actionId) };
}

/** The lots as the action makes them of those before it. */
function withLotsOf(positions: Positions, data: Posted, before: Account): Positions {
  if (data.movements.length === 0) return positions;
  const held = (symbol: InstrumentSymbol): OrderedPosition =>
    positionOf(before.positions, symbol) ?? nothingHeld;
  let after = positions;
  for (const [symbol, { lots }] of entitle(data, eligibleOf(data), held, before).positions) {
    const position = positionOf(after, symbol);
    if (position !== undefined) after = withPosition(after, { ...position, lots });
  }
  return after;
}

export function withoutEntitlement(
  account: Account,
  data: EventOf<typeof EntitlementReversed>['data'],
): Account {
  const after = withPostings(account, data);
  const position = positionOf(after.positions, data.symbol);
  if (position === undefined) return after;
  const entitledTo = withoutAction(position, data.actionId);
  return { ...after, positions: withPosition(after.positions, { ...position, entitledTo }) };
}

/** Sums alone: what has become of the lots is in the PositionRestated that follow. */
export function withPostings(
  account: Account,
  { amount, movements, effectiveDate, settlementDate }: Postings,
): Account {
  return {
    ...account,
    cash: plus(account.cash, amount),
    unsettled:
      amount === 0n
        ? account.unsettled
        : withUnsettled(account.unsettled, settlementDate, amount, effectiveDate),
    positions: withMovements(account.positions, movements, effectiveDate),
  };
}

function withMovements(
  before: Positions,
  movements: readonly Movement[],
  date: CalendarDate,
): Positions {
  let positions = before;
  for (const { symbol, quantityChange, costChange, realizedPnl } of movements) {
    const position = positionOf(positions, symbol) ?? emptyPosition(symbol, date);
    positions = withPosition(positions, {
      ...position,
      quantity: plus(position.quantity, quantityChange),
      cost: plus(position.cost, costChange),
      realizedPnl: plus(position.realizedPnl, realizedPnl),
    });
  }
  return positions;
}

function withoutAction({ entitledTo }: Position, id: ActionId): readonly EntitledTo[] {
  return entitledTo.filter(({ actionId }) => actionId !== id);
}

export function withoutElection({ elections }: Account, id: ActionId): readonly HolderElection[] {
  return elections.filter(({ actionId }) => actionId !== id);
}
