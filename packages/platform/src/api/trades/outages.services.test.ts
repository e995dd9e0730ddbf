import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  startTestServer,
  type TestServer,
} from '../../../../event-store/src/storage/postgres/test-server.ts';
import { until } from '../../streams/contract/samples.ts';
import { startKafka, type KafkaServer } from '../../streams/kafka/test-server.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import { openAccount, posting, tradeOne } from './trades.fixture.ts';

let database: TestServer;
let kafka: KafkaServer;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-outages-'));
  database = await startTestServer();
  kafka = await startKafka();
}, 240_000);
afterAll(async () => {
  await kafka.stop();
  await database.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Load {
  /** Requests that were answered with 202, by trade. */
  readonly accepted: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

const clients = 16;

/** Sends trades of their own, each booked in the account, fifty a second from each client. */
function sendTrades({ call }: ServerFixture): Load {
  const accepted = new Map<string, string>();
  let number = 0;
  let sending = true;
  const client = async (): Promise<void> => {
    while (sending) {
      number += 1;
      const trade_id = `T${number}`;
      const response = await call(
        posting({
          ...tradeOne,
          trade_id,
          account: 'A1',
          symbol: 'AAPL',
          side: 'BUY',
          quantity: '1',
          price: '10',
        }),
      );
      if (response.statusCode === 202) {
        accepted.set(trade_id, response.json<{ request_id: string }>().request_id);
      }
      // An outage takes a while, and what it gathers has to be worked off.
      await sleep(20);
    }
  };
  const running = Promise.all(Array.from({ length: clients }, client));
  return {
    accepted,
    stop: async () => {
      sending = false;
      await running;
    },
  };
}

async function openProgram(): Promise<ServerFixture> {
  const topicPrefix = `${randomUUID()}.`;
  const file = path.join(directory, `${topicPrefix}json`);
  await writeFile(file, JSON.stringify({ topicPrefix }));
  const fixture = await openServer({
    environment: {
      COUNTERFOIL_STORE: await database.createDatabase(),
      COUNTERFOIL_BUS: `kafka://${kafka.broker}`,
    },
    file,
  });
  await openAccount(fixture, '100000000');
  return fixture;
}

async function health({ call }: ServerFixture): Promise<unknown> {
  return (await call({ request: 'GET /api/v1/health' })).json();
}

/** What became of requests, by status. */
async function outcomes(
  { platform }: ServerFixture,
  { accepted }: Load,
): Promise<Readonly<Record<string, number>>> {
  const found = await platform.requests.find([...accepted.values()] as never);
  const counts: Record<string, number> = {};
  for (const request of found) {
    const status = request === undefined ? 'LOST' : (request.outcome?.status ?? 'PENDING');
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

describe('TC-03, OP-11 what was accepted, on PostgreSQL with Kafka', () => {
  test.each([
    [
      'the broker is killed and comes back',
      {
        strike: () => kafka.kill(),
        end: () => kafka.start(),
        shows: { status: 'degraded', db: 'ok', kafka: 'down' },
        goesOn: true,
      },
    ],
    [
      'the database is killed and comes back',
      {
        strike: () => database.kill(),
        end: () => database.start(),
        shows: { status: 'degraded', db: 'down', kafka: 'ok' },
        goesOn: false,
      },
    ],
  ])('is settled, each request once, after %s', async (_, { strike, end, shows, goesOn }) => {
    const fixture = await openProgram();
    onTestFinished(fixture.close);
    const load = sendTrades(fixture);
    await until(() => load.accepted.size > 200);

    await strike();
    const before = load.accepted.size;
    await until(async () => JSON.stringify(await health(fixture)) === JSON.stringify(shows));
    await sleep(500);
    const during = load.accepted.size - before;
    await end();
    const after = load.accepted.size;
    await until(() => load.accepted.size > after + 200);
    await load.stop();

    await until(async () => (await outcomes(fixture, load))['PENDING'] === undefined);
    expect(await outcomes(fixture, load)).toEqual({ SUCCESS: load.accepted.size });
    await expectEachOnce(fixture, load);
    expect(during > clients).toBe(goesOn);
    await until(async () => JSON.stringify(await health(fixture)).includes('"status":"ok"'));
  });

  test('is settled, each request once, when the consumer stops and comes back again and again', async () => {
    const fixture = await openProgram();
    onTestFinished(fixture.close);
    const load = sendTrades(fixture);
    for (let round = 0; round < 5; round += 1) {
      const before = load.accepted.size;
      await fixture.platform.trades.pause();
      await until(() => load.accepted.size > before + 100);
      await fixture.platform.trades.resume();
    }
    await load.stop();

    await until(async () => (await outcomes(fixture, load))['PENDING'] === undefined);
    expect(await outcomes(fixture, load)).toEqual({ SUCCESS: load.accepted.size });
    await expectEachOnce(fixture, load);
  });
});

/** The log has each accepted trade once, booked once; what was not answered may be there, once too. */
async function expectEachOnce({ platform }: ServerFixture, load: Load): Promise<void> {
  const { store, ledger } = platform;
  const captured = new Map<string, number>();
  let booked = 0;
  for (let after = 0; ;) {
    const page = await store.readAll({ after, limit: 5_000 });
    for (const { type, data } of page.events) {
      if (type === 'TradeBooked') booked += 1;
      if (type !== 'TradeRecordCaptured') continue;
      const { requestId } = data as { readonly requestId: string };
      captured.set(requestId, (captured.get(requestId) ?? 0) + 1);
    }
    after = page.scannedTo;
    if (!page.more) break;
  }
  const wrong = [...load.accepted.values()].filter((id) => captured.get(id) !== 1);
  expect(wrong).toEqual([]);
  expect([...captured.values()].filter((count) => count !== 1)).toEqual([]);
  expect(booked).toBe(captured.size);
  const { account } = await ledger.accountNow('A1' as never);
  expect(account?.positions[0]?.quantity).toBe(BigInt(captured.size) * 100_000_000n);
}
