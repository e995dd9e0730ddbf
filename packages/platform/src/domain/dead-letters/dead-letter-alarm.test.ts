import { fold } from '@counterfoil/event-store';
import { describe, expect, it } from 'vitest';
import { deadLetterAlarmDecider } from './dead-letter-alarm.ts';
import type { DeadLetterAlarmEvent } from './events.ts';

/** What is told as the letters are counted again and again. */
function told(...counts: readonly number[]): readonly string[] {
  const events: DeadLetterAlarmEvent[] = [];
  for (const open of counts) {
    const state = fold(deadLetterAlarmDecider, events);
    const decided = deadLetterAlarmDecider.decide({ type: 'CountDeadLetters', open }, state);
    events.push(...decided.events);
  }
  return events.map(({ type, data }) => `${type} ${data.open}`);
}

describe('CA-04 the alarm of dead letters', () => {
  it.each<[string, readonly number[], readonly string[]]>([
    ['ten are not too many', [0, 10], []],
    ['the eleventh is told', [10, 11], ['DeadLettersPiledUp 11']],
    ['once, however many come', [11, 12, 500, 11], ['DeadLettersPiledUp 11']],
    ['ten again are told too', [11, 10], ['DeadLettersPiledUp 11', 'DeadLettersWorkedOff 10']],
    [
      'and only then the eleventh again',
      [11, 12, 10, 9, 10, 11, 12],
      ['DeadLettersPiledUp 11', 'DeadLettersWorkedOff 10', 'DeadLettersPiledUp 11'],
    ],
    ['a load that fails at once is told with its number', [0, 500], ['DeadLettersPiledUp 500']],
  ])('%s', (_, counts, events) => {
    expect(told(...counts)).toEqual(events);
  });
});
