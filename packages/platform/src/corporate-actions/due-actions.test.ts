import { afterEach, describe, expect, test } from 'vitest';
import { announced } from '../api/corporate-actions/events.fixture.ts';
import { openServer } from '../api/server.fixture.ts';
import { until } from '../streams/contract/samples.ts';
import type { ActionAsk } from './action-message.ts';
import { startDueActions, type DueActions, type DueActionsParts } from './due-actions.ts';
import { buy, doneSplit, paidDividend, withHoldings } from './processor.fixture.ts';

const named = (id: string) => ({ actionId: id, symbol: 'AAPL', version: 1 }) as ActionAsk;

interface Watched {
  readonly due: DueActions;
  readonly asked: string[][];
  readonly failures: unknown[];
  readonly limits: number[];
  nowMs: number;
  /** Resolves once it has looked as often again. */
  looked(times: number): Promise<void>;
}

let stop: () => Promise<void> = async () => undefined;
afterEach(() => stop());

/** Looks as often as it can; the clock stands until the test moves it. */
function watch(ids: readonly string[], ask: DueActionsParts['ask'] = async () => undefined) {
  const watched = {
    nowMs: 0,
    asked: [] as string[][],
    failures: [] as unknown[],
    limits: [] as number[],
  };
  const due = startDueActions({
    due: async (limit) => {
      watched.limits.push(limit);
      return ids.slice(0, limit).map(named);
    },
    ask: async (asks) => {
      watched.asked.push(asks.map(({ actionId }) => actionId));
      await ask(asks);
    },
    nowMs: () => watched.nowMs,
    onFailure: (failure) => watched.failures.push(failure),
    everyMs: 1,
    askAgainAfterMs: 15_000,
  });
  stop = due.stop;
  const looked = (times: number): Promise<void> => {
    const before = watched.limits.length;
    return until(() => watched.limits.length >= before + times);
  };
  return Object.assign(watched, { due, looked }) satisfies Watched;
}

describe('CA-03, CA-07 actions whose day has come', () => {
  test('are asked for once, and again when nobody has done them for a while', async () => {
    const watched = watch(['CA-1', 'CA-2']);
    await watched.looked(5);
    expect(watched.asked).toEqual([['CA-1', 'CA-2']]);

    watched.nowMs += 14_999;
    await watched.looked(3);
    expect(watched.asked).toHaveLength(1);
    watched.nowMs += 1;
    await watched.looked(3);
    expect(watched.asked).toEqual([
      ['CA-1', 'CA-2'],
      ['CA-1', 'CA-2'],
    ]);
  });

  test('are not asked for when somebody else has just done so', async () => {
    const watched = watch(['CA-1', 'CA-2']);
    watched.due.asked('CA-1' as ActionAsk['actionId']);
    await watched.looked(3);
    expect(watched.asked).toEqual([['CA-2']]);
  });

  test('are asked for in portions, and those that wait do not hide the others', async () => {
    const many = Array.from({ length: 1_200 }, (_, number) => `CA-${number}`);
    const watched = watch(many);
    await watched.looked(6);
    expect(watched.asked.map(({ length }) => length)).toEqual([500, 500, 200]);
    expect(watched.asked.flat()).toEqual(many);
  });

  test('are asked for until the queue has taken them', async () => {
    let isAway = true;
    const watched = watch(['CA-1'], async () => {
      if (isAway) throw new Error('the queue is away');
    });
    await until(() => watched.asked.length >= 3);
    expect(watched.failures.length).toBeGreaterThan(1);
    isAway = false;
    await until(() => watched.failures.length < watched.asked.length);
    const { length } = watched.asked;
    await watched.looked(3);
    expect(watched.asked).toHaveLength(length);
  });

  test('are not asked for any more once it is stopped', async () => {
    const watched = watch([]);
    await watched.looked(1);
    await watched.due.stop();
    const { length } = watched.limits;
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    expect(watched.limits).toHaveLength(length);
  });
});

describe('CA-03, CA-07 a program', () => {
  test('posts what falls due, without being asked', async () => {
    const fixture = await openServer();
    stop = fixture.close;
    const { done, setTime } = fixture;
    const body = { symbol: 'AAPL', name: 'Apple', currency: 'USD' };
    await done({ request: 'POST /api/v1/instruments', body });
    await withHoldings(fixture, { A1: '10' });
    await buy(fixture, 'A1', '5', '2020-01-06');
    const [paid, future] = [
      await announced(fixture, doneSplit),
      await announced(fixture, {
        ...paidDividend,
        ex_date: '2026-11-23',
        record_date: '2026-11-23',
        payment_date: '2026-11-24',
      }),
    ];
    const statusOf = async (id: string) =>
      (await done({ request: `GET /api/v1/events/${id}` })).json<{ status: string }>().status;
    await until(async () => (await statusOf(paid)) === 'COMPLETED');
    expect(await statusOf(future)).toBe('PENDING');

    setTime('2026-11-24T15:00:00Z');
    await until(async () => (await statusOf(future)) === 'COMPLETED');
  });
});
