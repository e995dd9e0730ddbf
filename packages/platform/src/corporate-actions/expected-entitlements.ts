import type { EventOf } from '@counterfoil/event-store';
import type { AccountEvent, AccountId, EntitlementPosted } from '../domain/accounts/events.ts';
import type { CorporateAction } from '../domain/corporate-actions/corporate-action.ts';
import type { ActionId, ActionTerms, Announcement } from '../domain/corporate-actions/events.ts';
import { Quantity } from '../domain/money/money.ts';
import type { EntitlementLedger } from '../ledger/entitlements.ts';
import { entitledAction } from './entitled-action.ts';
import { resolvedTerms, Unresolved, type TermSources } from './resolved-terms.ts';

export interface ExpectationParts {
  readonly entitlements: Pick<EntitlementLedger, 'preview'>;
  readonly terms: (id: ActionId) => TermSources;
}

/** A version of an action as it would be posted now. */
export interface ExpectedAction {
  readonly id: ActionId;
  readonly version: number;
  readonly announcement: Announcement;
  readonly terms: ActionTerms;
}

/** Why what is expected is not known yet, or not for certain. */
export interface Pending {
  readonly code: string;
  readonly detail: string;
}

/** Whether some of its entitlements may still have to be posted. */
export function isToBePosted({ status, version, posted }: CorporateAction): boolean {
  return status !== 'CANCELLED' && posted?.version !== version;
}

/** The head as it would be posted; without an action where terms are missing that can't be looked up yet. */
export async function expectedHead(
  id: ActionId,
  { version, head, underWay }: Pick<CorporateAction, 'version' | 'head' | 'underWay'>,
  parts: Pick<ExpectationParts, 'terms'>,
): Promise<{ readonly action?: ExpectedAction; readonly pending?: Pending }> {
  if (underWay?.version === version) {
    return { action: { id, version, announcement: head, terms: underWay.terms } };
  }
  const sources = parts.terms(id);
  try {
    // To count what all holders tender takes as long as posting to them does.
    const terms = await resolvedTerms(head, { ...sources, tendered: async () => Quantity.zero });
    const pending = uncertaintyOf(head);
    const action = { id, version, announcement: head, terms };
    return pending === undefined ? { action } : { action, pending };
  } catch (failure) {
    if (failure instanceof Unresolved) {
      return { pending: { code: failure.code, detail: failure.message } };
    }
    const detail = 'what its terms leave open could not be looked up: ask again later';
    return { pending: { code: 'TERMS_UNAVAILABLE', detail } };
  }
}

function uncertaintyOf({ completeness, confirmation, terms }: Announcement): Pending | undefined {
  if (completeness !== 'COMPLETE' || confirmation !== 'CONFIRMED') {
    const detail = 'it is posted once it is complete and confirmed: amend it when it is';
    return { code: 'ACTION_NOT_PAYABLE', detail };
  }
  if (terms.acceptedQuantityMax === null) return undefined;
  const detail =
    'as if all that is tendered were accepted: what is too much is known when the offer is over';
  return { code: 'ACCEPTANCE_UNKNOWN', detail };
}

export type PostedEntitlement = EventOf<typeof EntitlementPosted>['data'];

/** What an account would be posted now; undefined for nothing, or when it has it already. */
export async function expectedEntitlement(
  account: AccountId,
  { id, version, announcement, terms }: ExpectedAction,
  { entitlements }: Pick<ExpectationParts, 'entitlements'>,
): Promise<PostedEntitlement | undefined> {
  const action = entitledAction(id, version, announcement, terms);
  return postedIn(await entitlements.preview(account, action), id);
}

/** What the events post of an action. */
export function postedIn(
  events: readonly AccountEvent[],
  id: ActionId,
): PostedEntitlement | undefined {
  for (const event of events) {
    if (event.type === 'EntitlementPosted' && event.data.actionId === id) return event.data;
  }
  return undefined;
}
