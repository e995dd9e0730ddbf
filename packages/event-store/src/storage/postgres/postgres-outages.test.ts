import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { instantFromMicroseconds } from '../../kernel/instant.ts';
import { openPostgresStorage } from './postgres-storage.ts';
import { listeners, noted, openTestLog, type TestLog } from './test-log.ts';
import { startTestProxy, type TestProxy } from './test-proxy.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
}, 60_000);

afterAll(async () => {
  await server.stop();
}, 60_000);

const passing = { name: 'StorageFailure', final: false };

/** Appends until that many were acknowledged, from failure to failure. */
async function appendThrough(
  log: TestLog,
  name: string,
  count: number,
): Promise<{ readonly acknowledged: readonly string[]; readonly failures: readonly unknown[] }> {
  const acknowledged: string[] = [];
  const failures: unknown[] = [];
  for (let number = 1; acknowledged.length < count; number += 1) {
    const text = `${name}-${number}`;
    const outcome = await log.append(text).catch((failure: unknown) => failure);
    if (outcome instanceof Error) failures.push(outcome);
    else acknowledged.push(text);
  }
  return { acknowledged, failures };
}

/** What was acknowledged and is not there, or is there twice, and positions that are not the next. */
async function flawsOf(log: TestLog, acknowledged: readonly string[]): Promise<string[]> {
  const contents = await log.contents();
  const texts = contents.map((entry) => entry.split(' ')[1] ?? '');
  return [
    ...acknowledged.filter((text) => !texts.includes(text)),
    ...texts.filter((text, index) => texts.indexOf(text) !== index),
    ...contents.filter((entry, index) => Number(entry.split(' ')[0]) !== index + 1),
  ];
}

async function openThroughProxy(lockTimeoutMs?: number): Promise<TestLog & { proxy: TestProxy }> {
  const connectionString = await server.createDatabase();
  const proxy = await startTestProxy(connectionString);
  onTestFinished(() => proxy.close());
  const options = { connectionString: proxy.connectionString, lockTimeoutMs };
  return { ...(await openTestLog(options, connectionString)), proxy };
}

describe('OP-11 a connection that breaks', () => {
  test('fails the appends that ran on it at most, and is made anew by itself', async () => {
    const log = await openTestLog({ connectionString: await server.createDatabase() });
    await log.append('before');

    await log.client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );

    const { acknowledged, failures } = await appendThrough(log, 'after', 3);
    expect(failures).toEqual(failures.map(() => expect.objectContaining(passing)));
    expect(await flawsOf(log, ['before', ...acknowledged])).toEqual([]);
  });

  test('while the server works on leaves no batch to appear behind a later one', async () => {
    const log = await openThroughProxy();
    await log.append('before');
    await log.client.query('BEGIN');
    await log.client.query('SELECT FROM counterfoil_log.head FOR UPDATE');
    const lost = log.append('lost').catch((failure: unknown) => failure);
    const sessions = await log.waiting(1);
    log.proxy.cut();
    expect(await lost).toMatchObject(passing);

    const next = log.append('next');
    await log.waiting(1, sessions);
    await log.client.query('COMMIT');

    expect(await next).toMatchObject({ firstPosition: 2 });
    expect(await log.contents()).toEqual(['1 before', '2 next']);
  });

  test('and says nothing is given up after a while', async () => {
    const log = await openThroughProxy(1_000);
    await log.append('before');
    log.proxy.silence();

    await expect(log.append('unheard')).rejects.toMatchObject(passing);

    expect(await log.append('after')).toMatchObject({ firstPosition: 2 });
    // Connections for reading find out in their turn.
    await expect
      .poll(() => log.contents().catch(() => undefined), { timeout: 40_000 })
      .toEqual(['1 before', '2 after']);
  });

  test('takes the notifications along, and the watch goes on', async () => {
    const log = await openThroughProxy();
    let rings = 0;
    log.storage.watch(() => {
      rings += 1;
    });
    await expect.poll(() => listeners(log), { timeout: 20_000 }).toHaveLength(1);
    const before = await listeners(log);
    log.proxy.cut();

    await log.appendBeside('unnoticed');
    const heard = rings;

    await expect.poll(() => rings, { timeout: 20_000 }).toBeGreaterThan(heard);
    // The old session is still there: for the server, its connection has never broken.
    await expect
      .poll(() => listeners(log), { timeout: 20_000 })
      .toEqual([...before, expect.any(Number)]);
  });

  test('a database that can not be reached is a failure that passes, not a crash', async () => {
    await expect(
      openPostgresStorage({ connectionString: 'postgres://nobody@127.0.0.1:1/nothing' }),
    ).rejects.toMatchObject(passing);
  });
});

describe('OP-11 a server that is killed', () => {
  test('has all that it acknowledged when it is back, and the storage goes on by itself', async () => {
    const log = await openTestLog({ connectionString: await server.createDatabase() });
    const { acknowledged } = await appendThrough(log, 'before', 20);
    const writing = [1, 2, 3].map((writer) => appendThrough(log, `writer-${writer}`, 200));

    await server.crash();

    const through = await Promise.all(writing);
    const failures = through.flatMap((writer) => writer.failures);
    expect(failures.length).toBeGreaterThan(0);
    expect(failures).toEqual(failures.map(() => expect.objectContaining(passing)));
    const all = [...acknowledged, ...through.flatMap((writer) => writer.acknowledged)];
    expect(all).toHaveLength(620);
    expect(await flawsOf(log, all)).toEqual([]);
  });
});

describe('OP-11 a write that fails', () => {
  // What the server does when its disk is full is its own matter, and tested there; this shows that the
  // refusal reaches the caller and leaves nothing behind.
  test('for a full disk is written in no part, and works again when there is room', async () => {
    const log = await openTestLog({ connectionString: await server.createDatabase() });
    await log.append('before');
    await log.client.query(`CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'could not extend file: No space left' USING ERRCODE = 'disk_full'; END $$;
      CREATE TRIGGER full_disk BEFORE INSERT ON counterfoil_log.schema_blocks
        FOR EACH STATEMENT EXECUTE FUNCTION public.full()`);
    const claim = { key: 'k', note: Buffer.alloc(0), expiresAt: undefined };
    const at = instantFromMicroseconds(1);

    await expect(
      log.storage.append([{ ...noted(log.schema, 'full'), claims: [claim] }], at),
    ).rejects.toMatchObject({ ...passing, message: expect.stringContaining('disk is full') });
    const left = [await log.contents(), await log.storage.findClaim('k', at)];
    await log.client.query('DROP TRIGGER full_disk ON counterfoil_log.schema_blocks');

    expect(left).toEqual([['1 before'], undefined]);
    expect(await log.append('after')).toMatchObject({ firstPosition: 2 });
  });

  test('because another process holds the log is given up after a while, written in no part', async () => {
    const log = await openTestLog({
      connectionString: await server.createDatabase(),
      lockTimeoutMs: 300,
    });
    await log.client.query('BEGIN');
    await log.client.query('SELECT FROM counterfoil_log.head FOR UPDATE');

    await expect(log.append('waited')).rejects.toMatchObject(passing);
    await log.client.query('COMMIT');

    expect(await log.append('after')).toMatchObject({ firstPosition: 1 });
    expect(await log.contents()).toEqual(['1 after']);
  });
});
