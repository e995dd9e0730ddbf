import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  startTestServer,
  type TestServer,
} from '../../../../event-store/src/storage/postgres/test-server.ts';
import type { Bus } from '../../streams/bus.ts';
import { until } from '../../streams/contract/samples.ts';
import { openBus } from '../../streams/embedded/embedded-bus.fixture.ts';
import { newId, onceRequest, request, succeeded, textsOn } from '../contract/samples.ts';
import type { StoreUnderTest } from '../contract/store-under-test.ts';
import { describeRequestStoreContract } from '../request-store.contract.ts';
import { RequestStoreFailure, type RequestStore } from '../request-store.ts';
import { openPostgresRequests } from './postgres-requests.ts';

let server: TestServer;
let nothing: string;

beforeAll(async () => {
  server = await startTestServer();
  nothing = server.connectionString;
});
afterAll(async () => server.stop());

const topic = 'requests';

describeRequestStoreContract('TC-07 the store in PostgreSQL', async () => {
  const connectionString = await server.createDatabase();
  const embedded = await openBus();
  await embedded.bus.ensureTopics([{ name: topic, partitions: 3 }]);
  let { bus } = embedded;
  const open = (): Promise<RequestStore> =>
    openPostgresRequests({ connectionString, bus, onFailure: () => undefined });
  let requests = await open();
  const current = (): StoreUnderTest => ({
    requests,
    bus,
    topic,
    reopen: async () => {
      await requests.close();
      bus = await embedded.reopen();
      requests = await open();
      return current();
    },
    destroy: async () => {
      await requests.close();
      await embedded.destroy();
    },
  });
  return current();
});

/** A database, and a bus on which there is no topic yet: until there is, it takes nothing. */
async function place(): Promise<{
  readonly bus: Bus;
  readonly connectionString: string;
  readonly failures: unknown[];
  makeTopic(name?: string): Promise<void>;
  openStore(): Promise<RequestStore>;
}> {
  const { bus, destroy } = await openBus();
  const connectionString = await server.createDatabase();
  const failures: unknown[] = [];
  const stores: RequestStore[] = [];
  onTestFinished(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await destroy();
  });
  return {
    bus,
    connectionString,
    failures,
    makeTopic: (name = topic) => bus.ensureTopics([{ name, partitions: 3 }]),
    openStore: async () => {
      const store = await openPostgresRequests({
        connectionString,
        bus,
        onFailure: (failure) => failures.push(failure),
      });
      stores.push(store);
      return store;
    },
  };
}

async function query(connectionString: string, text: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const outboxSize = async (connectionString: string): Promise<unknown> =>
  (
    await query(
      connectionString,
      'SELECT count(*)::int AS size FROM counterfoil_requests.request_outbox',
    )
  )[0];

describe('messages in PostgreSQL', () => {
  test('TC-07 that the bus does not take wait, and go in order when it does', async () => {
    const { bus, connectionString, failures, makeTopic, openStore } = await place();
    const requests = await openStore();
    const texts = Array.from({ length: 2_345 }, (_, number) => `${number}`);
    for (const text of texts.slice(0, 20)) await requests.accept([request(topic, { text })]);
    await requests.accept(texts.slice(20).map((text) => request(topic, { text })));
    await until(() => failures.length > 1);

    await makeTopic();

    await until(async () => (await textsOn(bus, topic)).length === texts.length);
    expect(await textsOn(bus, topic)).toEqual(texts);
    await until(async () => (await outboxSize(connectionString)) !== undefined);
    await until(
      async () =>
        JSON.stringify(await outboxSize(connectionString)) === JSON.stringify({ size: 0 }),
    );
    expect(String(failures[0])).toContain(topic);
  });

  test('TC-07 that wait for their topic keep no other topic waiting', async () => {
    const { bus, failures, makeTopic, openStore } = await place();
    const requests = await openStore();
    await makeTopic('others');
    await requests.accept([
      request(topic, { text: '1' }),
      request('others', { text: 'a' }),
      request(topic, { text: '2' }),
      request('others', { text: 'b' }),
    ]);
    await until(() => failures.length > 2);

    const [one] = await bus.progress('others', 'nobody');
    expect(await textsOn(bus, 'others')).toEqual(['a', 'b']);
    // Sent once, however often the other topic was tried.
    const ends = (await bus.progress('others', 'nobody')).map(({ end }) => end);
    await makeTopic();
    await until(async () => (await textsOn(bus, topic)).length === 2);
    expect(await textsOn(bus, topic)).toEqual(['1', '2']);
    expect((await bus.progress('others', 'nobody')).map(({ end }) => end)).toEqual(ends);
    expect(one).toBeDefined();
  });

  test('TC-03, TC-07 that a process has left are sent by the next', async () => {
    const { bus, makeTopic, openStore } = await place();
    const first = await openStore();
    await first.accept(['1', '2', '3'].map((text) => request(topic, { text })));
    await first.close();

    const second = await openStore();
    await second.accept([request(topic, { text: '4' })]);
    await makeTopic();

    await until(async () => (await textsOn(bus, topic)).length === 4);
    expect(await textsOn(bus, topic)).toEqual(['1', '2', '3', '4']);
  });

  test('TC-03, TC-07 of two processes get lost no more than those of one, nor out of order', async () => {
    const { bus, makeTopic, openStore } = await place();
    await makeTopic();
    const stores = await Promise.all([openStore(), openStore()]);
    const texts = Array.from({ length: 300 }, (_, number) => `${number}`);
    // One call after another, by turns; all the while each brings the messages of both to the bus.
    for (const [number, text] of texts.entries()) {
      await stores[number % 2]?.accept([request(topic, { text })]);
    }

    await until(async () => (await textsOn(bus, topic)).length === 300);
    expect(await textsOn(bus, topic)).toEqual(texts);
    // One at a time takes them: each was sent once.
    const ends = (await bus.progress(topic, 'nobody')).map(({ end }) => end);
    expect(Math.max(...ends)).toBe(300);
  });
});

describe('processes that share a database', () => {
  test('TC-03 may open it at once, and a key goes to one of them', async () => {
    const { makeTopic, openStore } = await place();
    await makeTopic();
    const stores = await Promise.all(Array.from({ length: 6 }, openStore));
    const keys = Array.from({ length: 50 }, (_, number) => `key-${number}`);

    const answers = await Promise.all(
      stores.map((store, index) => {
        // Each asks for all keys, in an order of its own: none waits for another in a circle.
        const order = index % 2 === 0 ? keys : keys.toReversed();
        return Promise.all([
          store.accept(order.map((key) => onceRequest(topic, key))),
          store.accept(order.map((key) => onceRequest(topic, key))),
        ]);
      }),
    );

    const winners = answers.flat(2).filter(({ kind }) => kind === 'accepted');
    expect(winners).toHaveLength(50);
    expect(answers.flat(2)).toHaveLength(600);
  });

  test('TC-03 find a key free whose time was up before the next of the same call', async () => {
    const { makeTopic, openStore } = await place();
    await makeTopic();
    const requests = await openStore();
    const now = Date.now();
    const once = { key: 'key-1', fingerprint: 'f', expiresAtMs: now - 60_000 };
    const [old, fresh, late] = [
      request(topic, { acceptedAtMs: now - 120_000, once }),
      onceRequest(topic, 'key-1'),
      onceRequest(topic, 'key-1'),
    ];

    expect(await requests.accept([old, fresh, late])).toEqual([
      { kind: 'accepted' },
      { kind: 'accepted' },
      { kind: 'repeated', id: fresh.id, fingerprint: 'the same' },
    ]);
  });

  test('TC-03 learn what another has done', async () => {
    const { makeTopic, openStore } = await place();
    await makeTopic();
    const [one, other] = await Promise.all([openStore(), openStore()]);
    const id = newId();
    await one.accept([request(topic, { id })]);

    await other.settle([{ id, outcome: succeeded() }]);

    expect((await one.find([id]))[0]?.outcome).toEqual(succeeded());
  });
});

describe('a database', () => {
  test('TC-03, OP-11 that breaks all connections is used again when it can be', async () => {
    const { bus, connectionString, makeTopic, openStore } = await place();
    await makeTopic();
    const requests = await openStore();
    const kept: string[] = [];
    let working = true;
    let failures = 0;
    onTestFinished(() => {
      working = false;
    });
    const work = (async () => {
      for (let number = 0; working; number += 1) {
        const id = newId();
        try {
          await requests.accept([request(topic, { id })]);
          kept.push(id);
        } catch (failure) {
          expect(failure).toBeInstanceOf(RequestStoreFailure);
          failures += 1;
          await sleep(5);
        }
      }
    })();
    for (let round = 0; round < 8; round += 1) {
      const before = kept.length;
      await until(() => kept.length > before + 5);
      await query(
        connectionString,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
    }
    const before = kept.length;
    await until(() => kept.length > before + 5);
    working = false;
    await work;

    const found = await requests.find(kept.map((id) => id as ReturnType<typeof newId>));
    expect(found.map((one) => one?.id)).toEqual(kept);
    const isThere = async (): Promise<boolean> => {
      const there = new Set(await textsOn(bus, topic));
      return kept.every((id) => there.has(id));
    };
    await until(isThere);
    const expected = new Set(kept);
    expect((await textsOn(bus, topic)).filter((text) => expected.has(text))).toEqual(kept);
    expect(failures).toBeGreaterThan(0);
  });

  test('TC-03, OP-11 that crashes has what was accepted when it is back', async () => {
    const { bus, makeTopic, openStore } = await place();
    const requests = await openStore();
    const texts = Array.from({ length: 50 }, (_, number) => `${number}`);
    await requests.accept(texts.map((text) => request(topic, { text })));

    await server.crash();
    await makeTopic();

    await until(async () => (await textsOn(bus, topic)).length === 50);
    expect(await textsOn(bus, topic)).toEqual(texts);
    await expect(requests.check()).resolves.toBeUndefined();
  });

  test('TC-03 that can not be reached says so at the start, and nothing is left behind', async () => {
    const { bus } = await place();

    const opening = openPostgresRequests({
      connectionString: nothing.replace(/\/[^/]*$/, '/not_there'),
      bus,
      onFailure: () => undefined,
    });

    await expect(opening).rejects.toThrow(RequestStoreFailure);
    await expect(opening).rejects.toHaveProperty('cause');
  });

  test('TC-03 that takes no writes fails the check', async () => {
    const { connectionString, openStore } = await place();
    await query(
      connectionString,
      `ALTER DATABASE ${new URL(connectionString).pathname.slice(1)} SET default_transaction_read_only = off`,
    );
    const requests = await openStore();
    await requests.check();
    await query(
      connectionString,
      `ALTER DATABASE ${new URL(connectionString).pathname.slice(1)} SET default_transaction_read_only = on`,
    );
    await query(
      connectionString,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );

    await until(async () => {
      const failure: unknown = await requests.check().catch((cause: unknown) => cause);
      return String(failure).includes('takes no writes');
    });

    await expect(requests.check()).rejects.toThrow(RequestStoreFailure);
    await expect(requests.accept([request(topic)])).rejects.toThrow(RequestStoreFailure);
  });

  test('TC-03 keeps any text, also characters that its own texts can not hold', async () => {
    const { makeTopic, openStore } = await place();
    await makeTopic();
    const requests = await openStore();
    const [a, b] = [newId(), newId()];
    await requests.accept([
      request(topic, { id: a, key: 'k\u0000', headers: { cause: '\u0000' } }),
      request(topic, { id: b }),
    ]);
    const outcome = succeeded({ tradeIds: ['\u0000', '\ud800'] });
    await requests.settle([{ id: a, outcome }]);
    await requests.hold([{ id: b, because: 'a\u0000b' }]);

    expect(await requests.find([a, b])).toMatchObject([{ outcome }, { heldBecause: 'a\u0000b' }]);
  });
});
