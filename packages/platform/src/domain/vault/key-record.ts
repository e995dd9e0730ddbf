import { accept, type Aggregate } from '@counterfoil/event-store';
import type { KeyEvent } from './events.ts';

// A rotation that was broken off is finished later, and then must not be told twice.

/** The key that was retired last. */
export type LastRetired = string | undefined;

export interface RecordRotation {
  readonly type: 'RecordRotation';
  readonly retired: string;
  readonly current: string;
  readonly subjects: number;
}

export const keyRecord: Aggregate<RecordRotation, LastRetired, KeyEvent, never> = {
  initial: undefined,
  decide: ({ retired, current, subjects }, lastRetired) =>
    retired === lastRetired
      ? accept()
      : accept({ type: 'KeyRotated', data: { retired, current, subjects } }),
  evolve: (_, { data }) => data.retired,
};
