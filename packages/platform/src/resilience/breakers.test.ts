import { formatInstant, instantFromMilliseconds, type Instant } from '@counterfoil/event-store';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BreakerOpen } from './breaker.ts';
import { createBreakers, downstreams, type BreakersOptions } from './breakers.ts';

class Outage extends Error {
  override readonly name = 'Outage';
}

class Refusal extends Error {
  override readonly name = 'Refusal';
}

const settings = { failures: 5, windowSeconds: 60, halfOpenAfterSeconds: 30 };

/** Breakers with a clock that the test moves, in seconds from noon. */
function breakersAtNoon(options: Partial<BreakersOptions> = {}) {
  const noon = Date.parse('2026-11-20T12:00:00Z');
  let seconds = 0;
  const opened: BreakerOpen[] = [];
  const breakers = createBreakers({
    settings,
    clock: (): Instant => instantFromMilliseconds(noon + seconds * 1_000),
    isOutage: { bus: (failure) => failure instanceof Outage },
    onOpen: (one) => opened.push(one),
    ...options,
  });
  const bus = {
    succeed: () => breakers.run('bus', async () => 'done'),
    fail: () => breakers.run('bus', async () => Promise.reject(new Outage('no broker answers'))),
    refuse: () => breakers.run('bus', async () => Promise.reject(new Refusal('no such topic'))),
  };
  return {
    breakers,
    opened,
    bus,
    at: (to: number) => {
      seconds = to;
    },
    state: () => breakers.states().bus.state,
    failTimes: async (times: number) => {
      for (let time = 0; time < times; time += 1) await expect(bus.fail()).rejects.toThrow(Outage);
    },
  };
}

type Outcome = 'succeed' | 'fail' | 'refuse';

describe('CA-05 a circuit breaker', () => {
  test.each<[string, readonly [number, Outcome][], string, number]>([
    ['stays closed while all goes well', [[0, 'succeed']], 'CLOSED', 0],
    ['stays closed below the limit', many(4, 'fail'), 'CLOSED', 4],
    ['opens at the limit', many(5, 'fail'), 'OPEN', 5],
    [
      'opens whatever succeeds in between',
      [...many(4, 'fail'), [5, 'succeed'], [6, 'fail']],
      'OPEN',
      5,
    ],
    ['counts no refusal: a part that refuses answers', many(9, 'refuse'), 'CLOSED', 0],
    [
      'opens when the first of them is just within the window',
      [[0, 'fail'], ...many(3, 'fail', 30), [59.999, 'fail']],
      'OPEN',
      5,
    ],
    [
      'forgets those that are as old as the window',
      [[0, 'fail'], ...many(3, 'fail', 30), [60, 'fail']],
      'CLOSED',
      4,
    ],
    ['closes when its trial succeeds', [...many(5, 'fail'), [34, 'succeed']], 'CLOSED', 0],
    ['closes when its trial is refused', [...many(5, 'fail'), [34, 'refuse']], 'CLOSED', 0],
    ['opens again when its trial fails', [...many(5, 'fail'), [34, 'fail']], 'OPEN', 5],
    [
      'takes the limit anew once it has closed',
      [...many(5, 'fail'), [34, 'succeed'], ...many(4, 'fail', 35)],
      'CLOSED',
      4,
    ],
  ])('%s', async (_, steps, state, failures) => {
    const { breakers, bus, at } = breakersAtNoon();

    for (const [second, outcome] of steps) {
      at(second);
      await bus[outcome]().catch(() => undefined);
    }

    expect(breakers.states().bus).toMatchObject({ state, failures });
  });

  test('leaves its part alone while it is open, and says until when', async () => {
    const { breakers, bus, at, failTimes } = breakersAtNoon();
    await failTimes(5);
    at(29.999);
    let asked = false;

    const answer = breakers.run('bus', async () => {
      asked = true;
    });

    await expect(answer).rejects.toThrow(BreakerOpen);
    await expect(answer).rejects.toThrow(
      'bus is left alone after Outage: no broker answers; it is tried again from 2026-11-20T12:00:30.000Z',
    );
    expect(asked).toBe(false);
    at(30);
    expect(await bus.succeed()).toBe('done');
  });

  test('is half-open from when the time is up, lets one trial through and nothing beside it', async () => {
    const { breakers, bus, at, state, failTimes } = breakersAtNoon();
    await failTimes(5);
    at(30);
    expect(state()).toBe('HALF_OPEN');
    const answer = Promise.withResolvers<void>();
    const trial = breakers.run('bus', () => answer.promise);

    expect(state()).toBe('HALF_OPEN');
    await expect(bus.succeed()).rejects.toThrow(BreakerOpen);
    answer.resolve();
    await trial;

    expect(state()).toBe('CLOSED');
    expect(await bus.succeed()).toBe('done');
  });

  test('waits as long again after a trial that failed', async () => {
    const { bus, at, state, failTimes } = breakersAtNoon();
    await failTimes(5);
    at(40);
    await failTimes(1);

    at(69.999);
    expect(state()).toBe('OPEN');
    await expect(bus.succeed()).rejects.toThrow(BreakerOpen);
    at(70);
    expect(await bus.succeed()).toBe('done');
  });

  test('tells since when it is what it is, and what it failed with last', async () => {
    const { breakers, bus, at, failTimes } = breakersAtNoon();
    const told = () => {
      const { since, lastFailure } = breakers.states().bus;
      return [formatInstant(since).slice(11, 19), lastFailure];
    };
    expect(told()).toEqual(['12:00:00', null]);
    at(10);
    await failTimes(5);
    at(20);
    expect(told()).toEqual(['12:00:10', 'Outage: no broker answers']);
    at(50);
    expect(told()).toEqual(['12:00:40', 'Outage: no broker answers']);
    // An answer, of which no more is kept than that it closes the breaker.
    await expect(bus.refuse()).rejects.toThrow(Refusal);
    expect(told()).toEqual(['12:00:50', 'Outage: no broker answers']);
  });

  test('is told of to whoever asks for it, each time that it opens', async () => {
    const { opened, at, failTimes } = breakersAtNoon();
    await failTimes(5);
    at(31);
    await failTimes(1);

    expect(
      opened.map(({ downstream, tryAgainAt }) => [downstream, formatInstant(tryAgainAt)]),
    ).toEqual([
      ['bus', '2026-11-20T12:00:30.000Z'],
      ['bus', '2026-11-20T12:01:01.000Z'],
    ]);
  });

  test('keeps to its own part, and takes every failure for an outage where nobody says which are', async () => {
    const { breakers } = breakersAtNoon();
    for (let time = 0; time < 5; time += 1) {
      await breakers.run('prices', async () => Promise.reject(new Refusal('?'))).catch(() => {});
    }

    const open = downstreams.filter((name) => breakers.states()[name].state !== 'CLOSED');
    expect(open).toEqual(['prices']);
  });

  test('takes its limits from the settings', async () => {
    const { at, state, failTimes } = breakersAtNoon({
      settings: { failures: 2, windowSeconds: 3, halfOpenAfterSeconds: 7 },
    });
    await failTimes(1);
    at(3);
    await failTimes(1);
    expect(state()).toBe('CLOSED');
    await failTimes(1);
    expect(state()).toBe('OPEN');
    at(9.999);
    expect(state()).toBe('OPEN');
    at(10);
    expect(state()).toBe('HALF_OPEN');
  });

  test('asks its part exactly when the rule says so, whatever happens to it', async () => {
    const step = fc.record({
      afterSeconds: fc.integer({ min: 0, max: 40 }),
      outcome: fc.constantFrom<Outcome>('succeed', 'fail', 'fail', 'refuse'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { bus, at } = breakersAtNoon();
        let second = 0;
        let failedAt: number[] = [];
        let openedAt: number | undefined;
        for (const { afterSeconds, outcome } of steps) {
          second += afterSeconds;
          at(second);
          const asked = await bus[outcome]().then(
            () => true,
            (failure) => !(failure instanceof BreakerOpen),
          );

          expect(asked).toBe(openedAt === undefined || second - openedAt >= 30);
          if (!asked) continue;
          if (outcome === 'fail') {
            const now = second;
            failedAt = [...failedAt.filter((time) => now - time < 60), now];
            if (openedAt !== undefined || failedAt.length >= 5) openedAt = second;
          } else if (openedAt !== undefined) {
            openedAt = undefined;
            failedAt = [];
          }
        }
      }),
    );
  });
});

/** A second apart. */
function many(times: number, outcome: Outcome, from = 0): [number, Outcome][] {
  return Array.from({ length: times }, (_, time) => [from + time, outcome]);
}
