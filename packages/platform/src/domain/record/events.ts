import { eventType, field, streamId, type EventOf } from '@counterfoil/event-store';

export const checkOccasions = ['ON_DEMAND', 'SCHEDULED'] as const;

export const checkOutcomes = ['WHOLE', 'ALTERED'] as const;

/** Every entry of a stretch was held against what was sealed. */
const LogChecked = eventType('LogChecked', {
  occasion: field.oneOf('CheckOccasion', checkOccasions),
  /** Positions, both included; `to` is 0 when nothing was sealed yet. */
  from: field.integer(),
  to: field.integer(),
  outcome: field.oneOf('CheckOutcome', checkOutcomes),
  /** Of the first entry that is not what was sealed, so far as it can be told. */
  badPosition: field.nullable(field.integer()),
  reason: field.nullable(field.text()),
});

export const recordEventTypes = [LogChecked];

export type RecordEvent = EventOf<typeof LogChecked>;

export const recordChecksStream = streamId('record-checks');
