import type { Election } from '../domain/accounts/events.ts';
import type { AnnouncementRejection } from '../domain/corporate-actions/commands.ts';
import type { CorporateActionState } from '../domain/corporate-actions/corporate-action.ts';
import { electionOptions } from '../domain/corporate-actions/dates.ts';
import type { ActionId } from '../domain/corporate-actions/events.ts';
import type { AccountInstruction } from '../ledger/instructions.ts';

/** Why nobody can choose so, whoever it is: the first that applies, in this order. */
export type ElectionFault = Extract<
  AnnouncementRejection,
  {
    readonly code:
      | 'ACTION_UNKNOWN'
      | 'ACTION_CANCELLED'
      | 'NO_ELECTION'
      | 'DEFAULT_OPTION_NOT_FOR_TYPE';
  }
>;

/** A holder's choice of an action, by the terms and the deadline that are announced now. */
export function electionOf(
  actionId: ActionId,
  action: CorporateActionState,
  { option, quantity }: Election,
): { readonly instruction: AccountInstruction } | { readonly fault: ElectionFault } {
  if (action === undefined) return { fault: { code: 'ACTION_UNKNOWN' } };
  if (action.status === 'CANCELLED') return { fault: { code: 'ACTION_CANCELLED' } };
  const { actionType, symbol, terms, electionDeadline: deadline } = action.head;
  const options = electionOptions[actionType];
  if (options === undefined || deadline === null) {
    return { fault: { code: 'NO_ELECTION', actionType } };
  }
  if (!options.includes(option)) {
    return { fault: { code: 'DEFAULT_OPTION_NOT_FOR_TYPE', actionType, option } };
  }
  const chosen = { actionId, symbol, option, quantity, terms, deadline };
  return { instruction: { type: 'MakeElection', ...chosen } };
}
