import type { CalendarDate } from '@counterfoil/event-store';
import type { EntitledAction } from '../domain/accounts/events.ts';
import type { ActionId, ActionTerms, Announcement } from '../domain/corporate-actions/events.ts';
import { Quantity } from '../domain/money/money.ts';

/** A version of an action as the accounts are posted with it, with what holders get who have not chosen. */
export function entitledAction(
  actionId: ActionId,
  actionVersion: number,
  announcement: Announcement,
  terms: ActionTerms,
): EntitledAction {
  const { actionType, symbol, exDate, recordDate, effectiveDate } = announcement;
  const { paymentDate, defaultOption } = announcement;
  return {
    actionId,
    actionVersion,
    actionType,
    symbol,
    exDate,
    recordDate,
    effectiveDate: actionType === 'DIVIDEND' ? (paymentDate ?? effectiveDate) : effectiveDate,
    settlementDate: later(paymentDate ?? effectiveDate, effectiveDate),
    terms,
    election:
      defaultOption === null
        ? null
        : {
            option: defaultOption,
            quantity: defaultOption === 'NO_ACTION' ? Quantity.zero : allOfIt,
          },
  };
}

// Cut down to what the holder has, as any choice is.
const allOfIt = Quantity.of('1000000000000000');

function later(left: CalendarDate, right: CalendarDate): CalendarDate {
  return left > right ? left : right;
}
