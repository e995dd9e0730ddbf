import { sql } from 'kysely';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startTestServer, type TestServer } from '../../storage/postgres/test-server.ts';
import { arrayLog } from '../contract/array-log.ts';
import { clock, count, patienceMs, rowsOf } from '../contract/read-models-under-test.ts';
import { totals } from '../contract/samples.ts';
import { openReadModels } from '../database.ts';
import { FoldDefect } from '../fold.ts';
import { createProjector } from '../projector.ts';
import { describeReadModels } from '../read-models.contract.ts';
import type { ReadModelDatabase } from '../read-models.ts';
import { rebuild } from '../rebuild.ts';

let server: TestServer;
let connectionString: string;
let schemas = 0;

beforeAll(async () => {
  server = await startTestServer();
  connectionString = await server.createDatabase();
});

afterAll(async () => {
  await server.stop();
});

/** A schema takes a hundredth of the time that a database does, and is as empty. */
function newSchema(): () => Promise<ReadModelDatabase> {
  schemas += 1;
  const schema = `read models ${schemas}`;
  return () => openReadModels({ kind: 'postgres', connectionString, schema });
}

describeReadModels('PostgreSQL', async () => ({ open: newSchema(), destroy: async () => {} }));

test('LG-10 a key too long for an index stops its read model at its event', async () => {
  const database = await newSchema()();
  const log = arrayLog();
  const projector = createProjector({ log, database, projections: [totals], clock });
  count(log, 'a', 1, 2);
  // Not to be compressed below the 2,704 bytes that an entry of an index may have.
  const long = Array.from({ length: 5_000 }, (_, n) => ((n * 7919) % 9973).toString(36)).join('');
  const bad = count(log, long, 1);
  const last = count(log, 'a', 3);

  await projector.start();
  const refusal = await projector.waitFor(last, patienceMs).catch((error: unknown) => error);

  expect(refusal).toBeInstanceOf(FoldDefect);
  expect(refusal).toMatchObject({ position: bad });
  expect(await rowsOf(database)).toEqual([{ name: 'a', total: 3, changes: 2, note: null }]);
  await projector.stop();
  await database.close();
});

test('LG-10 a long query of the old table delays the switch, and neither fails', async () => {
  const database = await newSchema()();
  const log = arrayLog();
  const projector = createProjector({ log, database, projections: [totals], clock });
  await projector.start();
  await projector.waitFor(count(log, 'a', 1, 2), patienceMs);
  let rebuilding: Promise<boolean> | undefined;

  await database.session(({ snapshot }) =>
    snapshot(async (long) => {
      await rowsOf(long);
      rebuilding = rebuild({ log, database, projection: totals, clock });
      // Other queries are let past the switch that waits.
      await sql`select pg_sleep(0.2)`.execute(database.kysely);
      expect(await rowsOf(database)).toHaveLength(1);
      expect(await rowsOf(long)).toHaveLength(1);
    }),
  );

  expect(await rebuilding).toBe(true);
  expect(await rowsOf(database)).toEqual([{ name: 'a', total: 3, changes: 2, note: null }]);
  await projector.stop();
  await database.close();
});

test('OP-11 opening does not fail when others drop tables at that moment', async () => {
  const open = newSchema();
  const other = await open();
  onTestFinished(other.close);
  let opening = true;
  const dropping = (async () => {
    for (let n = 0; opening; n += 1) {
      const table = sql.id(`dropped_${n % 20}`);
      await sql`create table ${table} (id integer)`.execute(other.kysely);
      await sql`drop table ${table}`.execute(other.kysely);
    }
  })();

  try {
    for (let times = 0; times < 60; times += 1) {
      const database = await open();
      expect(await database.kysely.selectFrom('projections').select('name').execute()).toEqual([]);
      await database.close();
    }
  } finally {
    opening = false;
    await dropping;
  }
});

test('OP-11 a server that dies in the middle of a transaction fails that, and nothing else', async () => {
  const own = await startTestServer();
  onTestFinished(own.stop);
  const database = await openReadModels({
    kind: 'postgres',
    connectionString: await own.createDatabase(),
  });
  onTestFinished(database.close);
  const log = arrayLog();
  const projector = createProjector({ log, database, projections: [totals], clock });
  await projector.start();
  await projector.waitFor(count(log, 'a', 1, 2), patienceMs);

  const broken = database.transaction(async ({ kysely }) => {
    await sql`select 1`.execute(kysely);
    await own.crash();
    // The connection has said by now that it is broken, to nobody who waits for an answer.
    await sql`select 1`.execute(kysely);
  });

  await expect(broken).rejects.toThrow(/terminat|connection/i);
  expect(await projector.waitFor(count(log, 'a', 3), patienceMs)).toBe(true);
  expect(await rowsOf(database)).toEqual([{ name: 'a', total: 6, changes: 3, note: null }]);
  await projector.stop();
});
