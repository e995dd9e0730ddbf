import {
  eventType,
  field,
  streamId,
  type Branded,
  type EventOf,
  type StreamId,
} from '@counterfoil/event-store';

/** `HOLD-` and 18 of `0-9 A-Z`. */
export type HoldId = Branded<string, 'HoldId'>;

/** A court or an authority wants what the log holds of somebody kept, however long ago it was. */
const LegalHoldPlaced = eventType('LegalHoldPlaced', {
  holdId: field.text<HoldId>(),
  /** The stream of the account or user. */
  subject: field.text<StreamId>(),
  reason: field.text(),
});

const LegalHoldReleased = eventType('LegalHoldReleased', {
  holdId: field.text<HoldId>(),
  reason: field.text(),
});

/** The key of a subject was destroyed: nobody can read again what the log holds of him. */
const SubjectErased = eventType('SubjectErased', {
  subject: field.text<StreamId>(),
  reason: field.text(),
});

export const retentionEventTypes = [LegalHoldPlaced, LegalHoldReleased, SubjectErased];

export type RetentionEvent = EventOf<(typeof retentionEventTypes)[number]>;

/** One for all: whether somebody may be erased and whether he is under a hold is decided in one order. */
export const retentionStream = streamId('retention');
