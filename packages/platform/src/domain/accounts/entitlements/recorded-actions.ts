import type { EventOf } from '@counterfoil/event-store';
import type { ActionId } from '../../corporate-actions/events.ts';
import { plus } from '../../money/money.ts';
import type {
  AccountEvent,
  Eligibility,
  EntitledAction,
  EntitlementPosted,
  Movement,
} from '../events.ts';
import type { Entitlement } from './effect.ts';

/** An action that the account has postings of, with what all of them come to. */
export interface RecordedAction {
  readonly action: EntitledAction;
  readonly posted: Entitlement & Eligibility;
}

/** The actions in force, by the account's events: what was taken back is left out. */
export function recordedActions(
  events: Iterable<AccountEvent>,
): ReadonlyMap<ActionId, RecordedAction> {
  const actions = new Map<ActionId, RecordedAction>();
  for (const event of events) {
    if (event.type === 'EntitlementPosted') {
      actions.set(event.data.actionId, recorded(event.data));
    } else if (event.type === 'EntitlementReversed') {
      actions.delete(event.data.actionId);
    } else if (event.type === 'EntitlementAdjusted') {
      const { data } = event;
      const known = actions.get(data.actionId);
      if (known === undefined) continue;
      actions.set(data.actionId, { ...known, posted: adjusted(known.posted, data) });
    }
  }
  return actions;
}

function recorded(data: EventOf<typeof EntitlementPosted>['data']): RecordedAction {
  const { actionId, actionVersion, actionType, symbol, exDate, recordDate } = data;
  const { effectiveDate, settlementDate, terms, election } = data;
  return {
    action: {
      actionId,
      actionVersion,
      actionType,
      symbol,
      exDate,
      recordDate,
      effectiveDate,
      settlementDate,
      terms,
      election,
    },
    posted: data,
  };
}

function adjusted(
  posted: Entitlement & Eligibility,
  by: Entitlement & Eligibility,
): Entitlement & Eligibility {
  return {
    settled: by.settled,
    pendingReceipts: by.pendingReceipts,
    pendingDeliveries: by.pendingDeliveries,
    gross: plus(posted.gross, by.gross),
    tax: plus(posted.tax, by.tax),
    cashInLieu: plus(posted.cashInLieu, by.cashInLieu),
    fraction: plus(posted.fraction, by.fraction),
    amount: plus(posted.amount, by.amount),
    movements: summed(posted.movements, by.movements),
  };
}

/** Movements by symbol, added up; those that come to nothing are left out. */
export function summed(left: readonly Movement[], right: readonly Movement[]): readonly Movement[] {
  const sums = new Map(left.map((movement) => [movement.symbol, movement]));
  for (const movement of right) {
    const known = sums.get(movement.symbol);
    sums.set(
      movement.symbol,
      known === undefined
        ? movement
        : {
            symbol: movement.symbol,
            quantityChange: plus(known.quantityChange, movement.quantityChange),
            costChange: plus(known.costChange, movement.costChange),
            realizedPnl: plus(known.realizedPnl, movement.realizedPnl),
          },
    );
  }
  return [...sums.values()].filter(
    ({ quantityChange, costChange, realizedPnl }) =>
      quantityChange !== 0n || costChange !== 0n || realizedPnl !== 0n,
  );
}
