import { setImmediate as turn } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { streamId } from '../../kernel/identifiers.ts';
import { instantFromMicroseconds } from '../../kernel/instant.ts';
import type { Commit } from '../storage.ts';
import { openPostgresStorage } from './postgres-storage.ts';
import { listeners, noted, openTestLog, type TestLog } from './test-log.ts';
import { startTestServer, type TestServer } from './test-server.ts';

// What the suite of all storages can't ask, because it is about the database itself.

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
}, 60_000);

afterAll(async () => {
  await server.stop();
}, 60_000);

async function openLog(): Promise<TestLog> {
  return openTestLog({ connectionString: await server.createDatabase() });
}

/** Reads on behind what it has seen, without a pause, as a projection would. */
function follow({ storage }: TestLog): { stop(): Promise<readonly string[]> } {
  const seen: string[] = [];
  let stopped = false;
  const reading = (async () => {
    for (let after = 0, last = false; !last;) {
      last = stopped;
      const { records, scannedTo } = await storage.readAll({ after, limit: 10 });
      seen.push(...records.map(({ position, stream }) => `${position} ${stream}`));
      after = scannedTo;
      await turn();
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await reading;
      return seen;
    },
  };
}

describe('LG-01, LG-02 positions in PostgreSQL become visible in order and without a gap', () => {
  test('while one append is not committed, others wait for it, and no reader sees them first', async () => {
    const log = await openLog();
    const third = await openPostgresStorage({ connectionString: log.connectionString });
    const reader = follow(log);
    await log.client.query('BEGIN');
    await log.appendBeside('first');
    const appends = [
      log.append('second'),
      third.append([noted(log.schema, 'third')], instantFromMicroseconds(1)),
    ];
    // Either they wait, or they are through at once: then the reader has seen what it must not see.
    await Promise.race([log.waiting(2), Promise.all(appends)]);
    const whileOpen = await log.contents();

    await log.client.query('COMMIT');
    await Promise.all(appends);

    expect(whileOpen).toEqual([]);
    const seen = await reader.stop();
    expect(seen[0]).toBe('1 first');
    expect(seen.map((entry) => entry.split(' ')[0])).toEqual(['1', '2', '3']);
    expect(seen).toEqual(await log.contents());
    await third.close();
  });

  test('an append that is rolled back leaves no gap', async () => {
    const log = await openLog();
    await log.append('first');
    await log.client.query('BEGIN');
    await log.appendBeside('undone');
    const second = log.append('second');

    await log.client.query('ROLLBACK');

    expect(await second).toMatchObject({ firstPosition: 2 });
    expect(await log.contents()).toEqual(['1 first', '2 second']);
  });

  test('a long transaction that writes something else keeps no reader from what is new', async () => {
    const log = await openLog();
    await log.client.query('CREATE TABLE public.other (x integer)');
    await log.client.query('BEGIN');
    await log.client.query('INSERT INTO public.other VALUES (1)');

    await log.append('new');

    expect(await log.contents()).toEqual(['1 new']);
    await log.client.query('ROLLBACK');
  });

  test('of two processes, each batch with a refused commit still gets its others written', async () => {
    const log = await openLog();
    const other = await openPostgresStorage({ connectionString: log.connectionString });
    const refused = { appends: [{ stream: streamId('never'), expected: 7, records: [] }] };
    const onOne = (text: string): Commit => {
      const records = [{ schema: log.schema, body: Buffer.from(text) }];
      return { appends: [{ stream: streamId('one'), expected: 'any', records }] };
    };

    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        (index % 2 === 0 ? log.storage : other).append(
          [refused, onOne(`batch-${index}`)],
          instantFromMicroseconds(1),
        ),
      ),
    );

    expect(answers.map((verdicts) => verdicts.map(({ kind }) => kind))).toEqual(
      answers.map(() => ['conflict', 'appended']),
    );
    expect(await log.contents()).toHaveLength(60);
    await other.close();
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
    'TRUNCATE counterfoil_log.events_20',
    'SET session_replication_role = replica; DELETE FROM counterfoil_log.events',
    'SET session_replication_role = replica; UPDATE counterfoil_log.events_10 SET version = 7',
    `MERGE INTO counterfoil_log.events e USING (SELECT 1) one ON e.position = 1
       WHEN MATCHED THEN DELETE`,
    `INSERT INTO counterfoil_log.events_10 SELECT * FROM counterfoil_log.events
       ON CONFLICT (position) DO UPDATE SET body = ''`,
  ])('to the owner of the tables too: %s', async (statement) => {
    const log = await openLog();
    // Over into the second partition, which was made while the log was in use.
    for (let count = 0; count < 12; count += 1) await log.append('kept');
    const before = await log.contents();

    await expect(log.client.query(statement)).rejects.toThrow('append-only');

    expect(await log.contents()).toEqual(before);
    expect(before).toHaveLength(12);
  });
});

describe('LG-02 a watch', () => {
  test('hears of what another process has appended without looking', async () => {
    const never = 2 ** 31 - 1;
    const connectionString = await server.createDatabase();
    const log = await openTestLog({ connectionString, pollMs: never });
    const rang = Promise.withResolvers<string>();
    log.storage.watch(() => rang.resolve('rang'));
    await expect.poll(() => listeners(log), { timeout: 20_000 }).toHaveLength(1);

    await log.appendBeside('news');

    await expect(rang.promise).resolves.toBe('rang');
  });
});

describe('LG-06 partitions of the log', () => {
  test('that others have filled unseen are added to, and batches keep their order', async () => {
    const log = await openLog();
    for (let count = 1; count <= 8; count += 1) await log.appendBeside(`beside-${count}`);
    const conflict = { appends: [{ stream: streamId('never'), expected: 7, records: [] }] };
    const three = [1, 2, 3].map((count) => noted(log.schema, `three-${count}`));

    const answers = await Promise.all([
      log.storage.append([conflict, ...three], instantFromMicroseconds(6)),
      log.append('one'),
    ]);

    expect(answers[0].map(({ kind }) => kind)).toEqual([
      'conflict',
      'appended',
      'appended',
      'appended',
    ]);
    expect(answers[1]).toMatchObject({ firstPosition: 12 });
    expect((await log.contents()).slice(8)).toEqual([
      '9 three-1',
      '10 three-2',
      '11 three-3',
      '12 one',
    ]);
  });

  test('are made before the last is full', async () => {
    const log = await openLog();

    for (let count = 1; count <= 6; count += 1) await log.append('kept');
    await log.storage.close();

    const { rows } = await log.client.query(
      "SELECT FROM pg_tables WHERE schemaname = 'counterfoil_log' AND tablename = 'events_20'",
    );
    expect(rows).toHaveLength(1);
  });

  test('hold a batch larger than any of them', async () => {
    const log = await openLog();
    const batch = Array.from({ length: 55 }, (_, index) => noted(log.schema, `${index + 1}`));

    const verdicts = await log.storage.append(batch, instantFromMicroseconds(1));

    expect(verdicts.at(-1)).toMatchObject({ kind: 'appended', firstPosition: 55 });
    expect(await log.contents()).toEqual(batch.map((_, index) => `${index + 1} ${index + 1}`));
  });
});

describe('OP-11 what the database is set to does not weaken the log', () => {
  test('commits are durable and see each other, whatever its defaults', async () => {
    const connectionString = await server.createDatabase();
    const admin = new Client({ connectionString });
    await admin.connect();
    const { database } = admin;
    await admin.query(`ALTER DATABASE ${database} SET synchronous_commit = off`);
    await admin.query(
      `ALTER DATABASE ${database} SET default_transaction_isolation = serializable`,
    );
    await admin.end();
    const log = await openTestLog({ connectionString });
    await log.client.query(`CREATE TABLE public.seen (setting text);
      CREATE FUNCTION public.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO public.seen VALUES
          (current_setting('synchronous_commit') || ', ' || current_setting('transaction_isolation'));
        RETURN NULL;
      END $$;
      CREATE TRIGGER look AFTER UPDATE ON counterfoil_log.head
        FOR EACH STATEMENT EXECUTE FUNCTION public.look()`);

    await log.append('one');

    const { rows } = await log.client.query('SELECT setting FROM public.seen');
    expect(rows).toEqual([{ setting: 'on, read committed' }]);
  });
});

function claiming(key: string, expiresAtMicroseconds: number | undefined): Commit {
  const expiresAt =
    expiresAtMicroseconds === undefined
      ? undefined
      : instantFromMicroseconds(expiresAtMicroseconds);
  return { appends: [], claims: [{ key, note: Buffer.alloc(0), expiresAt }] };
}

describe('CA-02 claims in PostgreSQL', () => {
  test('are removed when they expired more than an hour ago', async () => {
    const log = await openLog();
    const second = 1_000_000;
    await log.storage.append(
      [claiming('old', 5), claiming('lately', 3_600 * second), claiming('for ever', undefined)],
      instantFromMicroseconds(1),
    );

    await log.storage.append([noted(log.schema, 'later')], instantFromMicroseconds(3_601 * second));
    await log.storage.close();

    const { rows } = await log.client.query<{ key: string }>(
      'SELECT key FROM counterfoil_log.claims ORDER BY key',
    );
    expect(rows.map(({ key }) => key)).toEqual(['for ever', 'lately']);
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

  test('of a newer program is refused, and left as it is', async () => {
    const log = await openLog();
    await log.client.query('INSERT INTO counterfoil_log.layout VALUES (99, now())');

    await expect(openPostgresStorage({ connectionString: log.connectionString })).rejects.toThrow(
      'start the newer one',
    );
  });

  test('once made needs no right to make anything', async () => {
    const log = await openLog();
    await log.client.query(`CREATE ROLE clerk LOGIN PASSWORD 'clerk';
      GRANT USAGE ON SCHEMA counterfoil_log TO clerk;
      GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA counterfoil_log TO clerk`);
    const url = new URL(log.connectionString);
    url.username = 'clerk';
    url.password = 'clerk';
    const storage = await openPostgresStorage({ connectionString: url.href });

    await storage.append([noted(log.schema, 'by-the-clerk')], instantFromMicroseconds(1));
    await storage.close();

    expect(await log.contents()).toEqual(['1 by-the-clerk']);
  });
});
