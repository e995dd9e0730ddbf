import { fold } from '@counterfoil/event-store';
import { describe, expect, it } from 'vitest';
import type { KeyEvent } from './events.ts';
import { keyRecord } from './key-record.ts';

/** What is told of rotations, each from one key to another. */
function told(...rotations: readonly (readonly [string, string])[]): readonly string[] {
  const events: KeyEvent[] = [];
  for (const [retired, current] of rotations) {
    const command = { type: 'RecordRotation', retired, current, subjects: 7 } as const;
    events.push(...keyRecord.decide(command, fold(keyRecord, events)).events);
  }
  return events.map(({ data }) => `${data.retired} -> ${data.current}, ${data.subjects}`);
}

describe('RC-04 the record of rotations', () => {
  it.each<[string, readonly (readonly [string, string])[], readonly string[]]>([
    [
      'tells of each',
      [
        ['a', 'b'],
        ['b', 'c'],
      ],
      ['a -> b, 7', 'b -> c, 7'],
    ],
    [
      'tells once of one that was finished twice',
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
      ['a -> b, 7'],
    ],
  ])('%s', (_, rotations, expected) => {
    expect(told(...rotations)).toEqual(expected);
  });
});
