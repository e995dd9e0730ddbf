import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { actionLettersAlarmStream } from '../../domain/dead-letters/events.ts';
import { until } from '../../streams/contract/samples.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import { listed } from './entitlements.fixture.ts';
import { announced, dividend, prepare, process, processing, split } from './events.fixture.ts';

let fixture: ServerFixture;

beforeEach(async () => {
  fixture = await openServer();
  await prepare(fixture);
});
afterEach(() => fixture.close());

type Counts = Readonly<Record<string, number>>;

interface Metrics {
  readonly totals: Counts;
  readonly by_type: Counts;
  readonly by_status: Counts;
  readonly by_stage: Counts;
  readonly last_hour: Counts;
  readonly last_day: Counts;
  readonly average_processing_ms: number | null;
  readonly p95_processing_ms: number | null;
  readonly open_dead_letters: number;
  readonly breakers: Readonly<Record<string, string>>;
  readonly queue_lag: number | null;
  readonly under_way: readonly object[];
  readonly warnings: readonly { readonly code: string }[];
}

const metrics = () => listed<Metrics>(fixture, '/metrics');
const known = (counts: Counts) =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));

const isDown = () => Promise.reject(new Error('down'));
const past = { ex_date: '2026-11-02', record_date: '2026-11-02', payment_date: '2026-11-09' };
const { start, complete, fail } = processing;

describe('CA-11 the metrics of corporate actions', () => {
  test('are zeros before there are any', async () => {
    const { totals, average_processing_ms, by_status, breakers, ...rest } = await metrics();
    expect({ totals, average_processing_ms }).toEqual({
      totals: { events: 0 },
      average_processing_ms: null,
    });
    expect(known(by_status)).toEqual({});
    expect(breakers).toEqual({
      bus: 'CLOSED',
      prices: 'CLOSED',
      notifications: 'CLOSED',
      keys: 'CLOSED',
    });
    expect(rest).toMatchObject({ open_dead_letters: 0, under_way: [], warnings: [] });
  });

  test('count by type, status and stage', async () => {
    await announced(fixture, dividend);
    await process(fixture, await announced(fixture, { ...dividend, ...past }), start, complete);
    await process(fixture, await announced(fixture, { ...dividend, ...past }), start, fail);
    const begun = await announced(fixture, { ...split, ex_date: '2026-11-19' });
    await process(fixture, begun, start);
    const gone = await announced(fixture, split);
    await fixture.done({ request: `POST /api/v1/events/${gone}/cancel`, body: { reason: 'x' } });

    const found = await metrics();
    expect(found.totals).toEqual({ events: 5 });
    expect(known(found.by_type)).toEqual({ DIVIDEND: 3, STOCK_SPLIT: 2 });
    expect(known(found.by_status)).toEqual({
      PENDING: 1,
      COMPLETED: 1,
      FAILED: 1,
      PROCESSING: 1,
      CANCELLED: 1,
    });
    expect(known(found.by_stage)).toEqual({
      ANNOUNCED: 1,
      PAID: 1,
      RECORD: 1,
      EX: 1,
      CANCELLED: 1,
    });
    expect(found.open_dead_letters).toBe(1);
    expect(found.under_way).toEqual([
      {
        id: begun,
        symbol: 'AAPL',
        event_type: 'STOCK_SPLIT',
        version: 1,
        attempt: 1,
        started_at: '2026-11-20T15:00:00.000000Z',
        accounts_passed: null,
        through_account: null,
      },
    ]);
  });

  test('tell the last hour from the last day', async () => {
    const at = async (time: string) => {
      fixture.setTime(time);
      await process(fixture, await announced(fixture, { ...dividend, ...past }), start, complete);
    };
    await at('2026-11-20T15:00:00Z');
    await at('2026-11-21T09:00:00Z');
    await at('2026-11-21T15:30:00Z');
    fixture.setTime('2026-11-21T16:00:00Z');
    const { last_hour, last_day } = await metrics();
    expect({ last_hour, last_day }).toEqual({
      last_hour: { announced: 1, completed: 1 },
      last_day: { announced: 2, completed: 2 },
    });
  });

  test('say how long processing took, from the start of the attempt that ended it', async () => {
    // 1 to 20 seconds: 10.5 on average, and 19 of 20 took 19 or less.
    for (let seconds = 1; seconds <= 20; seconds += 1) {
      const at = (time: string) =>
        fixture.setTime(`2026-11-21T${String(seconds).padStart(2, '0')}:${time}Z`);
      at('00:00');
      const id = await announced(fixture, { ...dividend, ...past });
      at('10:00');
      await process(fixture, id, start);
      at(`10:${String(seconds).padStart(2, '0')}`);
      await process(fixture, id, complete);
    }
    expect(await metrics()).toMatchObject({
      average_processing_ms: 10_500,
      p95_processing_ms: 19_000,
    });
  });

  test('show what waits in the queue, and nothing of a queue that is down', async () => {
    const before = (await metrics()).queue_lag ?? 0;
    // Nobody works on it: see `prepare`.
    await announced(fixture, dividend);
    await until(async () => (await metrics()).queue_lag === before + 1);

    const { corporateActions } = fixture.platform;
    const queue = { ...corporateActions.queue, progress: isDown };
    const server = await fixture.withParts({ corporateActions: { ...corporateActions, queue } });
    const answer = await server.inject({ url: '/api/v1/metrics' });
    expect(answer.json()).toMatchObject({ queue_lag: null, totals: { events: 1 } });
  });
});

async function failing(): Promise<string> {
  const id = await announced(fixture, { ...dividend, ...past });
  await process(fixture, id, start, fail);
  return id;
}

async function alarms(): Promise<readonly string[]> {
  const events = await fixture.platform.store.readStream(actionLettersAlarmStream);
  return events.map(({ type, data }) => `${type} ${(data as { open: number }).open}`);
}

describe('CA-04 more than ten dead letters', () => {
  test('are warned of, and recorded once until they were few again', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 10; n += 1) ids.push(await failing());
    expect(await metrics()).toMatchObject({ open_dead_letters: 10, warnings: [] });

    ids.push(await failing());
    expect(await metrics()).toMatchObject({
      open_dead_letters: 11,
      warnings: [{ code: 'DEAD_LETTERS_PILED_UP' }],
    });
    await until(async () => (await alarms()).length === 1);
    expect(await alarms()).toEqual(['DeadLettersPiledUp 11']);

    const body = { reason: 'posted by hand' };
    await fixture.done({ request: `POST /api/v1/events/${ids[0]}/resolve`, body });
    expect((await metrics()).warnings).toEqual([]);
    await until(async () => (await alarms()).length === 2);
    await failing();
    await until(async () => (await alarms()).length === 3);
    expect(await alarms()).toEqual([
      'DeadLettersPiledUp 11',
      'DeadLettersWorkedOff 10',
      'DeadLettersPiledUp 11',
    ]);
  });
});
