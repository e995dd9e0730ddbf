import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  startTestServer,
  type TestServer,
} from '../../../event-store/src/storage/postgres/test-server.ts';
import { announcing } from '../api/corporate-actions/events.fixture.ts';
import { openServer } from '../api/server.fixture.ts';
import { startKafka, type KafkaServer } from '../streams/kafka/test-server.ts';
import { holding, postedTimes, statusOf } from './outages.fixture.ts';

let database: TestServer;
let kafka: KafkaServer;

beforeAll(async () => {
  database = await startTestServer();
  kafka = await startKafka();
}, 240_000);
afterAll(async () => {
  await kafka.stop();
  await database.stop();
});

const symbols = ['S1', 'S2', 'S3', 'S4', 'S5', 'S6'];

test('CA-05, CA-12 announcements are taken while Kafka is killed, and all are posted once it is back', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-settings-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'settings.json');
  await writeFile(file, JSON.stringify({ topicPrefix: `${randomUUID()}.` }));
  const fixture = await openServer({
    environment: {
      COUNTERFOIL_STORE: await database.createDatabase(),
      COUNTERFOIL_BUS: `kafka://${kafka.broker}`,
    },
    file,
  });
  onTestFinished(fixture.close);
  await holding(fixture, symbols);
  const breaker = async () =>
    (await fixture.done({ request: 'GET /health' })).json<{
      breakers: { bus: { state: string } };
    }>().breakers.bus;

  await kafka.kill();
  const ids: string[] = [];
  for (const symbol of symbols) {
    const response = await fixture.call(
      announcing({
        event_type: 'DIVIDEND',
        symbol,
        ex_date: '2020-11-06',
        record_date: '2020-11-09',
        payment_date: '2020-11-12',
        amount: '0.205',
      }),
    );
    expect(response.statusCode).toBe(201);
    ids.push(response.json<{ id: string }>().id);
  }
  await expect.poll(async () => (await breaker()).state, { timeout: 60_000 }).toBe('OPEN');
  for (const id of ids) expect(await statusOf(fixture, id)).toBe('PENDING');

  await kafka.start();
  // The broker takes a while until it answers; the breaker tries it every thirty seconds, which pass here in one.
  let nowMs = Date.parse('2026-11-20T15:00:00Z');
  const completed = async (): Promise<number> => {
    nowMs += 31_000;
    fixture.setTime(new Date(nowMs).toISOString());
    const statuses = await Promise.all(ids.map((id) => statusOf(fixture, id)));
    return statuses.filter((status) => status === 'COMPLETED').length;
  };
  await expect.poll(completed, { interval: 1_000, timeout: 90_000 }).toBe(ids.length);

  for (const id of ids) expect(await postedTimes(fixture, id)).toBe(1);
  expect(await breaker()).toMatchObject({ state: 'CLOSED' });
});
