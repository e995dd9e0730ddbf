import type { EventType } from '@counterfoil/event-store';
import { accessEventTypes } from '../domain/access/events.ts';
import { accountEventTypes } from '../domain/accounts/events.ts';
import { apiKeyEventTypes } from '../domain/api-keys/events.ts';
import {
  corporateActionEventTypes,
  holdingsReviewEventTypes,
} from '../domain/corporate-actions/events.ts';
import { deadLetterAlarmEventTypes, deadLetterEventTypes } from '../domain/dead-letters/events.ts';
import { instrumentEventTypes, pricesEventTypes } from '../domain/instruments/events.ts';
import { recordEventTypes } from '../domain/record/events.ts';
import { reportEventTypes } from '../domain/reports/events.ts';
import { retentionEventTypes } from '../domain/retention/events.ts';
import { tradeRecordEventTypes } from '../domain/trade-records/events.ts';
import {
  sessionEventTypes,
  tokenKeyEventTypes,
  unknownLoginEventTypes,
  userEventTypes,
} from '../domain/users/events.ts';
import { keyEventTypes } from '../domain/vault/events.ts';

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
  ...reportEventTypes,
  ...accessEventTypes,
  ...recordEventTypes,
  ...userEventTypes,
  ...sessionEventTypes,
  ...unknownLoginEventTypes,
  ...tokenKeyEventTypes,
  ...apiKeyEventTypes,
  ...keyEventTypes,
  ...retentionEventTypes,
];
