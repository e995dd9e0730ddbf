import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs, withAttempts, type Attempt } from './attempts.ts';

class Outage extends Error {
  override readonly name = 'Outage';
}

/** Work that ends as is listed, attempt by attempt, and what became of it. */
async function attempted(...ends: readonly ('done' | 'defect' | 'outage')[]) {
  const attempts: Attempt[] = [];
  const pauses: number[] = [];
  const told: unknown[] = [];
  const result = await withAttempts(
    async (attempt) => {
      attempts.push(attempt);
      const end = ends[attempt.number - 1];
      if (end === 'outage') throw new Outage('the log is away');
      if (end === 'defect') throw new RangeError(`attempt ${attempt.number}`);
      return end;
    },
    {
      isOutage: (failure) => failure instanceof Outage,
      onFailure: (failure) => told.push((failure as Error).message),
      random: () => 0.5,
      pause: async (ms) => pauses.push(ms),
    },
  ).catch((failure: Error) => failure.message);
  return { result, attempts: attempts.length, pauses, told, last: attempts.at(-1)?.last };
}

describe('CA-03 attempts at an action', () => {
  test.each([
    ['one is enough when it succeeds', ['done'], { result: 'done', attempts: 1, pauses: [] }],
    ['a second may succeed', ['defect', 'done'], { result: 'done', attempts: 2, pauses: [100] }],
    [
      'the third is the last, and its failure is the answer',
      ['defect', 'defect', 'defect', 'done'],
      {
        result: 'attempt 3',
        attempts: 3,
        last: true,
        pauses: [100, 200],
        told: ['attempt 1', 'attempt 2'],
      },
    ],
    [
      'an outage ends them: it says nothing of the action',
      ['defect', 'outage', 'done'],
      { result: 'the log is away', attempts: 2, last: false, pauses: [100], told: ['attempt 1'] },
    ],
  ] as const)('%s', async (_, ends, expected) => {
    expect(await attempted(...ends)).toMatchObject(expected);
  });

  test.each([
    [1, 200],
    [2, 400],
    [3, 800],
    [4, 1_600],
    [5, 3_200],
    [6, 5_000],
    [60, 5_000],
    [5_000, 5_000],
  ])('after attempt %i the next one waits up to %i ms', (attempt, most) => {
    expect(backoffMs(attempt, () => 0)).toBe(0);
    expect(backoffMs(attempt, () => 0.5)).toBe(most / 2);
    expect(backoffMs(attempt, () => 1 - Number.EPSILON)).toBe(most - 1);
  });

  test('the pause is always whole milliseconds of at most 5 s', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, drawn) => {
          const ms = backoffMs(attempt, () => drawn);
          expect(ms).toSatisfy(Number.isInteger);
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThan(5_000);
        },
      ),
    );
  });
});
