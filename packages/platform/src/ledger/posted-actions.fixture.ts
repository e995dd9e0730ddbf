import type { EventStore } from '@counterfoil/event-store';
import {
  corporateActionStream,
  type ActionId,
  type ActionTerms,
  type ActionTotals,
  type Announcement,
  type CorporateActionEvent,
} from '../domain/corporate-actions/events.ts';
import { Money, Quantity } from '../domain/money/money.ts';

/** Of accounts that nobody has opened. */
export const noTotals: ActionTotals = {
  accounts: 0,
  eligible: Quantity.zero,
  gross: Money.zero,
  tax: Money.zero,
  cash: Money.zero,
  shares: Quantity.zero,
};

/** The life of an action up to its completion, with what was looked up for it. */
export function lifeOf(
  announcement: Announcement,
  terms: ActionTerms = announcement.terms,
): readonly CorporateActionEvent[] {
  return [
    { type: 'ActionAnnounced', data: { announcement, idempotencyKey: null } },
    { type: 'ActionProcessingStarted', data: { version: 1, attempt: 1, terms } },
    { type: 'ActionCompleted', data: { version: 1, totals: noTotals } },
  ];
}

/** Puts events of an action into the log, as if its processing had come to them. Gives the position. */
export async function happened(
  store: Pick<EventStore, 'append'>,
  id: ActionId,
  events: readonly CorporateActionEvent[],
): Promise<number> {
  const result = await store.append({
    appends: [
      {
        stream: corporateActionStream(id),
        expected: 'any',
        events,
      },
    ],
    cause: { userId: 'test' },
  });
  if (result.kind !== 'appended') throw new Error(`not appended: ${result.kind}`);
  return result.position;
}
