import { describe, expect, test } from 'vitest';
import { calmWeather } from './faulty-storage.ts';
import { simulate, type Course } from './simulation.ts';

const seeds = 100;

describe('LG-01, LG-05, LG-09, OP-11 the write path in a world that goes wrong', () => {
  test(`keeps every promise through ${seeds} random lives of 1 to 3 processes`, async () => {
    const total: Course = {
      ...calmWeather(),
      commands: 0,
      events: 0,
      kills: 0,
      doubts: 0,
      recovered: 0,
    };
    for (let seed = 1; seed <= seeds; seed += 1) {
      const course = await simulate(seed);
      for (const name of Object.keys(total) as (keyof Course)[]) total[name] += course[name];
    }

    // Had one of these not come about, a promise would have been kept by luck.
    for (const [name, count] of Object.entries(total))
      expect([name, count > 0]).toEqual([name, true]);
  });

  test('goes the same way again from the same seed', async () => {
    expect(await simulate(7)).toEqual(await simulate(7));
  });
});
