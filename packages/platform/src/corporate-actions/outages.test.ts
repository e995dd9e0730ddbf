import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { announced, announcing } from '../api/corporate-actions/events.fixture.ts';
import { openServer, type ServerFixture } from '../api/server.fixture.ts';
import { Price } from '../domain/money/money.ts';
import type { PlatformOverrides } from '../platform.ts';
import { BusFailure, type Bus } from '../streams/bus.ts';
import { until } from '../streams/contract/samples.ts';
import { holding, postedTimes, statusOf } from './outages.fixture.ts';

/** Something that a test takes away, and gives back. */
interface Part {
  isAway: boolean;
}

async function program(overrides: PlatformOverrides, settings = {}): Promise<ServerFixture> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-settings-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'settings.json');
  await writeFile(file, JSON.stringify(settings));
  const fixture = await openServer({ overrides, file });
  onTestFinished(fixture.close);
  return fixture;
}

function busThatGoesAway(part: Part): (bus: Bus) => Bus {
  return (bus) => ({
    ...bus,
    publish: (...messages) =>
      part.isAway ? Promise.reject(new BusFailure('the bus is away')) : bus.publish(...messages),
  });
}

function pricesThatGoAway(part: Part): PlatformOverrides['prices'] {
  return {
    closeAtOrBefore: async () => {
      if (part.isAway) throw new Error('the price source is away');
      return Price.of('120');
    },
  };
}

async function breakerOf({ done }: ServerFixture, name: string) {
  const health = (await done({ request: 'GET /health' })).json<{
    ready: boolean;
    breakers: Record<string, { state: string; lastFailure: string }>;
  }>();
  return { ready: health.ready, ...health.breakers[name] };
}

const dividend = (symbol: string) => ({
  event_type: 'DIVIDEND',
  symbol,
  ex_date: '2020-11-06',
  record_date: '2020-11-09',
  payment_date: '2020-11-12',
  amount: '0.205',
});

/** Makes halves of shares, which are paid for at a price that has to be looked up. */
const split = (symbol: string) => ({
  event_type: 'STOCK_SPLIT',
  symbol,
  ex_date: '2020-08-31',
  terms: { ratio: '3:2' },
});

const symbols = Array.from({ length: 12 }, (_, number) => `S${number}`);

describe('CA-05 while the bus is away', () => {
  test('announcements are taken and wait, its breaker opens, and all are posted when it is back', async () => {
    const bus = { isAway: false };
    const fixture = await program({ actionsBus: busThatGoesAway(bus) });
    await holding(fixture, symbols);
    const before = await announced(fixture, dividend('S0'));
    await until(async () => (await statusOf(fixture, before)) === 'COMPLETED');

    bus.isAway = true;
    const ids: string[] = [];
    for (const symbol of symbols.slice(1)) {
      const response = await fixture.call(announcing(dividend(symbol)));
      expect(response.statusCode).toBe(201);
      ids.push(response.json<{ id: string }>().id);
    }
    await until(async () => (await breakerOf(fixture, 'bus')).state === 'OPEN');
    expect(await breakerOf(fixture, 'bus')).toMatchObject({
      ready: true,
      state: 'OPEN',
      failures: 5,
      lastFailure: 'BusFailure',
    });
    const parts = (await fixture.done({ request: 'GET /api/v1/health' })).json();
    expect(parts).toMatchObject({ status: 'degraded', open_breakers: ['bus'] });
    for (const id of ids) expect(await statusOf(fixture, id)).toBe('PENDING');

    // It is tried again after 30 seconds, finds the bus still away, and is left alone once more.
    fixture.setTime('2026-11-20T15:00:31Z');
    await until(async () => (await breakerOf(fixture, 'bus')).state === 'OPEN');
    bus.isAway = false;
    expect(await statusOf(fixture, ids[0] ?? '')).toBe('PENDING');
    fixture.setTime('2026-11-20T15:01:02Z');

    for (const id of ids) {
      await until(async () => (await statusOf(fixture, id)) === 'COMPLETED');
      expect(await postedTimes(fixture, id)).toBe(1);
    }
    expect(await breakerOf(fixture, 'bus')).toMatchObject({ state: 'CLOSED', failures: 0 });
  });
});

describe('CA-03, CA-04, CA-05 while the prices are away', () => {
  test('three attempts fail an action, its breaker opens, and those behind it wait until they are back', async () => {
    const prices = { isAway: true };
    const fixture = await program({ prices: pricesThatGoAway(prices) });
    await holding(fixture, symbols.slice(0, 3));

    const failed = await announced(fixture, split('S0'));
    await until(async () => (await statusOf(fixture, failed)) === 'FAILED');
    const waiting = [await announced(fixture, split('S1')), await announced(fixture, split('S2'))];
    await until(async () => (await breakerOf(fixture, 'prices')).state === 'OPEN');

    expect(await breakerOf(fixture, 'prices')).toMatchObject({
      ready: true,
      lastFailure: 'Error',
    });
    const paid = await announced(fixture, dividend('S0'));
    await until(async () => (await statusOf(fixture, paid)) === 'COMPLETED');
    for (const id of waiting) expect(await statusOf(fixture, id)).toBe('PENDING');
    expect((await deadLetters(fixture)).map(({ id, failure }) => ({ id, ...failure }))).toEqual([
      expect.objectContaining({
        id: failed,
        attempt: 3,
        code: 'PROCESSING_FAILED',
        error: 'the price source is away',
        last: true,
      }),
    ]);

    prices.isAway = false;
    fixture.setTime('2026-11-20T15:00:31Z');
    for (const id of waiting) {
      await until(async () => (await statusOf(fixture, id)) === 'COMPLETED');
    }
    expect(await statusOf(fixture, failed)).toBe('FAILED');
    await retryAll(fixture);
    await until(async () => (await statusOf(fixture, failed)) === 'COMPLETED');
    for (const id of [failed, ...waiting]) expect(await postedTimes(fixture, id)).toBe(1);
    expect(await deadLetters(fixture)).toEqual([]);
  });

  test('all that failed are healed by one retry, and nothing is lost', async () => {
    const prices = { isAway: true };
    const settings = { breakers: { failures: 1_000 } };
    const fixture = await program({ prices: pricesThatGoAway(prices) }, settings);
    await holding(fixture, symbols);
    const ids: string[] = [];
    for (const symbol of symbols) ids.push(await announced(fixture, split(symbol)));
    await until(async () => (await deadLetters(fixture)).length === ids.length);

    prices.isAway = false;
    await retryAll(fixture);

    for (const id of ids) {
      await until(async () => (await statusOf(fixture, id)) === 'COMPLETED');
      expect(await postedTimes(fixture, id)).toBe(1);
    }
    const { account } = await fixture.platform.ledger.accountNow('A1' as never);
    // Of each symbol 11 shares have become 16 and a half, which was paid for at 80: 120 on the new basis.
    expect(account?.positions.map(({ quantity }) => quantity)).toEqual(
      symbols.map(() => 1_600_000_000n),
    );
    expect(await deadLetters(fixture)).toEqual([]);
  });
});

interface Dead {
  readonly id: string;
  readonly failure: object;
}

async function deadLetters({ done, head }: ServerFixture): Promise<readonly Dead[]> {
  const request = `GET /api/v1/events/dead-letters?minPosition=${await head()}`;
  return (await done({ request })).json<{ items: readonly Dead[] }>().items;
}

async function retryAll({ done }: ServerFixture): Promise<void> {
  const body = { reason: 'the prices are back' };
  await done({ request: 'POST /api/v1/events/retry', body });
}
