import { eventType, field, streamId, type EventOf, type StreamId } from '@counterfoil/event-store';

const act = {
  topic: field.text(),
  /** Where the letter lies in the dead-letter topic, as `0-17`. */
  letterId: field.text(),
  /** The request that waits for it; null when the message names none. */
  requestId: field.nullable(field.text()),
  /** Why, in the operator's words. */
  reason: field.text(),
};

/** A message that was put aside is handled again as it was. */
const DeadLetterReprocessed = eventType('DeadLetterReprocessed', act);

/** A message that was put aside is given up: its request fails. */
const DeadLetterDiscarded = eventType('DeadLetterDiscarded', act);

export const deadLetterEventTypes = [DeadLetterReprocessed, DeadLetterDiscarded];

export type DeadLetterEvent = EventOf<(typeof deadLetterEventTypes)[number]>;

/** One stream a letter, with the one thing that was done about it. */
export function deadLetterStream(topic: string, letterId: string): StreamId {
  return streamId(`dead-letter-${topic}-${letterId}`);
}

/** More letters than this that nobody has seen to are too many. */
export const deadLettersMax = 10;

/** There are more than ten now, and were not before. */
const DeadLettersPiledUp = eventType('DeadLettersPiledUp', { open: field.integer() });

/** There are ten or fewer again. */
const DeadLettersWorkedOff = eventType('DeadLettersWorkedOff', { open: field.integer() });

export const deadLetterAlarmEventTypes = [DeadLettersPiledUp, DeadLettersWorkedOff];

export type DeadLetterAlarmEvent = EventOf<(typeof deadLetterAlarmEventTypes)[number]>;

/** Of the corporate actions that wait for a review. */
export const actionLettersAlarmStream = streamId('dead-letter-alarm-corporate-actions');
