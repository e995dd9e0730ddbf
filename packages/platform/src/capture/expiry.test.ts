import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseInstant, type Clock, type Instant } from '@counterfoil/event-store';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../config.ts';
import { tradeRecordStream, type RecordId } from '../domain/trade-records/events.ts';
import { startPlatform, type Platform } from '../platform.ts';
import { until } from '../streams/contract/samples.ts';

/** A program that is stopped and started again on one data directory, at the times that the test says. */
async function site() {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-expiry-'));
  const config = loadConfig({ environment: { COUNTERFOIL_DATA_DIR: directory } });
  let now = parseInstant('2026-11-20T15:00:00Z') as Instant;
  const clock: Clock = () => now;
  const open: Platform[] = [];
  onTestFinished(async () => {
    for (const platform of open) await platform.close();
    await rm(directory, { recursive: true });
  });
  return {
    start: async (): Promise<Platform> => {
      const platform = await startPlatform(config, { clock });
      open.push(platform);
      return platform;
    },
    stop: async (platform: Platform): Promise<void> => {
      open.splice(open.indexOf(platform), 1);
      await platform.close();
    },
    setTime: (text: string): void => {
      now = parseInstant(text) as Instant;
    },
  };
}

async function captureAll({ trades }: Platform, maturities: readonly string[]): Promise<void> {
  const accepted = await trades.intake.accept(
    maturities.map((maturity_date, number) => ({
      trade: {
        trade_id: `T${number}`,
        version: 1,
        counterparty_id: 'CP-1',
        book_id: 'B1',
        maturity_date,
      } as never,
    })),
    { userId: 'test' },
  );
  for (const { id } of accepted) {
    expect((await trades.outcomes.wait(id, 20_000))?.outcome?.status).toBe('SUCCESS');
  }
}

/** The date on which a trade was marked as expired; undefined when it was not. */
async function expiredOn({ store }: Platform, number: number): Promise<string | undefined> {
  const events = await store.readStream(tradeRecordStream(`T${number}` as RecordId));
  const expiries = events.filter(({ type }) => type === 'TradeRecordExpired');
  expect(expiries.length).toBeLessThan(2);
  return (expiries[0]?.data as { readonly expiredOn: string } | undefined)?.expiredOn;
}

describe('TC-02 captured trades whose maturity passes', () => {
  test('while the program stands still are marked when it runs again, all of them and once', async () => {
    const { start, stop, setTime } = await site();
    const first = await start();
    const many = 1_200;
    await captureAll(
      first,
      Array.from({ length: many }, () => '2027-05-20'),
    );
    await stop(first);

    setTime('2027-06-30T12:00:00Z');
    const second = await start();
    await until(async () => (await expiredOn(second, many - 1)) !== undefined);
    await until(async () => (await second.store.head()).position === 2 * many);
    // Nothing is left to be done, and nothing is done again.
    await new Promise((resolve) => setTimeout(resolve, 1_500));

    expect((await second.store.head()).position).toBe(2 * many);
    expect(await expiredOn(second, 0)).toBe('2027-06-30');
  });

  test('expire on the next business day: not on a Saturday, nor on a holiday', async () => {
    const { start, setTime } = await site();
    const platform = await start();
    // A Friday, the day before Christmas, and a Thursday.
    await captureAll(platform, ['2026-11-27', '2026-12-24', '2027-01-07']);

    setTime('2026-11-28T17:00:00Z');
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect(await expiredOn(platform, 0)).toBeUndefined();

    setTime('2026-11-30T17:00:00Z');
    await until(async () => (await expiredOn(platform, 0)) === '2026-11-30');

    // Christmas.
    setTime('2026-12-25T17:00:00Z');
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect(await expiredOn(platform, 1)).toBeUndefined();

    setTime('2026-12-28T17:00:00Z');
    await until(async () => (await expiredOn(platform, 1)) === '2026-12-28');

    setTime('2027-01-08T17:00:00Z');
    await until(async () => (await expiredOn(platform, 2)) === '2027-01-08');
  });
});
