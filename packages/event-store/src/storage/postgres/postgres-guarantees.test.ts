import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { streamId } from '../../kernel/identifiers.ts';
import { instantFromMicroseconds } from '../../kernel/instant.ts';
import type { Commit, EventStorage, Verdict } from '../storage.ts';
import { openPostgresStorage } from './postgres-storage.ts';
import { startTestServer, type TestServer } from './test-server.ts';

// What the suite of all storages can't ask, because it is about the database itself.

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(async () => {
  await server.stop();
});

interface Log {
  readonly storage: EventStorage;
  readonly schema: number;
  /** A connection of somebody else, with all rights. */
  readonly client: Client;
  append(stream: string): Promise<Verdict | undefined>;
}

async function openLog(): Promise<Log> {
  const connectionString = await server.createDatabase();
  const storage = await openPostgresStorage({ connectionString, pollMs: 20, partitionSize: 10 });
  const [schema = 0] = await storage.registerSchemas([
    { type: 'Noted', version: 1, avro: 'bytes' },
  ]);
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(async () => {
    await client.end();
    await storage.close();
  });
  const append = async (stream: string): Promise<Verdict | undefined> => {
    const [verdict] = await storage.append([commit(schema, stream)], instantFromMicroseconds(1));
    return verdict;
  };
  return { storage, schema, client, append };
}

function commit(schema: number, stream: string): Commit {
  const records = [{ schema, body: Buffer.from(stream) }];
  return { appends: [{ stream: streamId(stream), expected: 'any', records }] };
}

/** Appends one event as another process would, inside whatever transaction the client has open. */
async function appendBeside({ client, schema }: Log, stream: string): Promise<void> {
  await client.query(
    `SELECT counterfoil_log.append_batch(false, ARRAY[$1], ARRAY[NULL]::bigint[], ARRAY[1],
       ARRAY[1], ARRAY[1], ARRAY[$2::integer], ARRAY['\\x01'::bytea], '{}', '{}', '{}', '{}', 5)`,
    [stream, schema],
  );
}

async function streamsInOrder(storage: EventStorage): Promise<readonly string[]> {
  const { records } = await storage.readAll({ after: 0, limit: 100 });
  return records.map(({ position, stream }) => `${position} ${stream}`);
}

describe('LG-01, LG-02 positions in PostgreSQL become visible in order and without a gap', () => {
  test('an append waits for one that is not committed, and comes behind it', async () => {
    const log = await openLog();
    await log.client.query('BEGIN');
    await appendBeside(log, 'first');
    const second = log.append('second');
    const whileOpen = await streamsInOrder(log.storage);

    await log.client.query('COMMIT');

    expect(await second).toMatchObject({ kind: 'appended', firstPosition: 2 });
    expect(whileOpen).toEqual([]);
    expect(await streamsInOrder(log.storage)).toEqual(['1 first', '2 second']);
  });

  test('an append that is rolled back leaves no gap', async () => {
    const log = await openLog();
    await log.append('first');
    await log.client.query('BEGIN');
    await appendBeside(log, 'undone');
    const second = log.append('second');

    await log.client.query('ROLLBACK');

    expect(await second).toMatchObject({ firstPosition: 2 });
    expect(await streamsInOrder(log.storage)).toEqual(['1 first', '2 second']);
  });

  test('a long transaction that writes something else keeps no reader from what is new', async () => {
    const log = await openLog();
    await log.client.query('CREATE TABLE public.other (x integer)');
    await log.client.query('BEGIN');
    await log.client.query('INSERT INTO public.other VALUES (1)');

    await log.append('new');

    expect(await streamsInOrder(log.storage)).toEqual(['1 new']);
    await log.client.query('ROLLBACK');
  });
});

describe('RC-01 the database itself refuses to change the log', () => {
  test.each([
    'UPDATE counterfoil_log.events SET version = 7',
    'DELETE FROM counterfoil_log.events',
    'TRUNCATE counterfoil_log.events',
    'UPDATE counterfoil_log.events_10 SET version = 7',
    'DELETE FROM counterfoil_log.events_10',
    'TRUNCATE counterfoil_log.events_10',
  ])('to the owner of the tables too: %s', async (statement) => {
    const log = await openLog();
    await log.append('kept');

    await expect(log.client.query(statement)).rejects.toThrow('append-only');
    expect(await streamsInOrder(log.storage)).toEqual(['1 kept']);
  });
});

describe('OP-11 a connection that breaks', () => {
  test('fails the appends that ran on it at most, and is made anew by itself', async () => {
    const log = await openLog();
    await log.append('before');

    await log.client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    let acknowledged = 1;
    for (let tries = 0; tries < 20 && acknowledged < 3; tries += 1) {
      const verdict = await log.append('after').catch((failure: unknown) => {
        expect(failure).toMatchObject({ name: 'StorageFailure', final: false });
        return undefined;
      });
      if (verdict?.kind === 'appended') acknowledged += 1;
    }

    expect(acknowledged).toBe(3);
    const streams = await streamsInOrder(log.storage);
    expect(streams.length).toBeGreaterThanOrEqual(3);
    expect(streams[0]).toBe('1 before');
  });

  test('a database that can not be reached is a failure that passes, not a crash', async () => {
    await expect(
      openPostgresStorage({ connectionString: 'postgres://nobody@127.0.0.1:1/nothing' }),
    ).rejects.toMatchObject({ name: 'StorageFailure', final: false });
  });
});

describe('OP-10 the schema', () => {
  test('is made once, however many programs start at the same time', async () => {
    const connectionString = await server.createDatabase();

    const storages = await Promise.all(
      Array.from({ length: 5 }, () => openPostgresStorage({ connectionString })),
    );

    const heads = await Promise.all(storages.map((storage) => storage.head()));
    expect(heads.map(({ position }) => position)).toEqual([0, 0, 0, 0, 0]);
    await Promise.all(storages.map((storage) => storage.close()));
  });
});
