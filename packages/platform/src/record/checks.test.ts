import { randomBytes } from 'node:crypto';
import { instantFromMilliseconds, openEventStore, type EventStore } from '@counterfoil/event-store';
import type { CheckedRecord } from '@counterfoil/event-store/log';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { expect, onTestFinished, test } from 'vitest';
import { recordChecksStream, recordEventTypes } from '../domain/record/events.ts';
import { startRecordChecks, type RecordChecks, type RecordChecksParts } from './checks.ts';

const whole: CheckedRecord = { from: 1, to: 12, fault: undefined };
const hourMs = 3_600_000;

interface World {
  readonly store: EventStore;
  pass(hours: number): void;
  start(parts?: Partial<RecordChecksParts>): RecordChecks;
  outcomes(): Promise<readonly unknown[]>;
}

async function world(): Promise<World> {
  let nowMs = 1_790_000_000_000;
  const clock = () => instantFromMilliseconds(nowMs);
  const store = await openEventStore({
    storage: openMemoryStorage(),
    eventTypes: recordEventTypes,
    clock,
    randomBytes,
  });
  return {
    store,
    pass: (hours) => {
      nowMs += hours * hourMs;
    },
    start: (parts) => {
      const checks = startRecordChecks({
        store,
        clock,
        check: async () => whole,
        everyHours: 24,
        lookEveryMs: 2,
        onFailure: (failure) => expect.fail(String(failure)),
        ...parts,
      });
      onTestFinished(() => checks.close());
      return checks;
    },
    outcomes: async () =>
      (await store.readStream(recordChecksStream)).map(({ data, metadata }) => ({
        ...(data as object),
        by: metadata.userId,
      })),
  };
}

test('RC-01 what a check finds is an event', async () => {
  const { start, outcomes } = await world();
  const fault = { position: 7, reason: 'entry 7: it is not what was sealed' };
  const checks = start({ everyHours: 0, check: async () => ({ from: 1, to: 12, fault }) });
  await checks.begin('USR-1');

  expect(checks.last()).toEqual({ from: 1, to: 12, fault });
  expect(await outcomes()).toEqual([
    {
      occasion: 'ON_DEMAND',
      from: 1,
      to: 12,
      outcome: 'ALTERED',
      badPosition: 7,
      reason: fault.reason,
      by: 'USR-1',
    },
  ]);
});

test('RC-01 one is due a day after the start, and then a day after the last', async () => {
  const { start, pass, outcomes } = await world();
  start();
  await expect.poll(outcomes).toEqual([]);
  pass(23);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await outcomes()).toEqual([]);
  pass(1);
  await expect
    .poll(outcomes)
    .toEqual([expect.objectContaining({ occasion: 'SCHEDULED', by: 'counterfoil' })]);
  pass(25);
  await expect.poll(async () => (await outcomes()).length).toBe(2);
});

test('RC-01 it is due by what is in the log, however often the program was started', async () => {
  const { start, pass, outcomes } = await world();
  const first = start();
  await first.begin('USR-1');
  await first.close();
  pass(30);
  start();

  await expect.poll(async () => (await outcomes()).length).toBe(2);
});

test('RC-01 one at a time', async () => {
  const { start, outcomes } = await world();
  const checks = start({ everyHours: 0 });
  const one = checks.begin('USR-1');

  expect(checks.underWay()).toBe(true);
  expect(checks.begin('USR-2')).toBeUndefined();
  await one;
  expect(checks.underWay()).toBe(false);
  expect(await outcomes()).toHaveLength(1);
});

test('RC-01 one that is under way when the program ends is given up', async () => {
  const { start, outcomes } = await world();
  const checks = start({
    everyHours: 0,
    check: (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  });
  const begun = checks.begin('USR-1');
  const [ended] = await Promise.all([begun?.catch(String), checks.close()]);

  expect(ended).toContain('the program ends');
  expect(await outcomes()).toEqual([]);
});
