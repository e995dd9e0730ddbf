import { eventType, field, streamId, type EventOf } from '@counterfoil/event-store';

/**
 * Another key-encryption key took the place of one, and every data key was wrapped anew under it. The events
 * that data keys sealed were not touched.
 */
const KeyRotated = eventType('KeyRotated', {
  /** Id of the key-encryption key that is gone. */
  retired: field.text(),
  /** Id of the one in its place. */
  current: field.text(),
  /** How many subjects had a data key. */
  subjects: field.integer(),
});

export const keyEventTypes = [KeyRotated];

export type KeyEvent = EventOf<typeof KeyRotated>;

/** What happened to the keys. */
export const keyStream = streamId('keys');
