import type { EventType } from '@counterfoil/event-store';
import { accountEventTypes } from '../domain/accounts/events.ts';
import {
  corporateActionEventTypes,
  holdingsReviewEventTypes,
} from '../domain/corporate-actions/events.ts';
import { deadLetterAlarmEventTypes, deadLetterEventTypes } from '../domain/dead-letters/events.ts';
import { instrumentEventTypes, pricesEventTypes } from '../domain/instruments/events.ts';
import { tradeRecordEventTypes } from '../domain/trade-records/events.ts';

/** Every type of event that the log may hold. */
export const eventTypes: readonly EventType[] = [
  ...accountEventTypes,
  ...instrumentEventTypes,
  ...pricesEventTypes,
  ...tradeRecordEventTypes,
  ...corporateActionEventTypes,
  ...holdingsReviewEventTypes,
  ...deadLetterEventTypes,
  ...deadLetterAlarmEventTypes,
];
