import { readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { projections } from '../../read-models/projections.ts';
import { writeHistory } from '../history.fixture.ts';
import { inReadModels, tamper } from '../read-models.fixture.ts';
import {
  eventsOf,
  placeOn,
  storeKinds,
  storedLog,
  useStores,
  type Place,
  type StoreKind,
} from '../stores.fixture.ts';

const placeIn = useStores();

/** A log of a random history with its read models. */
async function builtPlace(kind: StoreKind = 'SQLite'): Promise<Place> {
  const place = kind === 'SQLite' ? await placeOn() : await placeIn(kind);
  await writeHistory(place.config, 8, 80);
  expect(await place.run('rebuild')).toMatchObject({ code: 0, errors: '' });
  return place;
}

/** Changes the log itself, past the triggers that forbid it. */
async function forge(kind: StoreKind, place: Place, statement: string): Promise<void> {
  if (kind === 'PostgreSQL') {
    const statements = [
      'set local search_path to counterfoil_log',
      'alter table events disable trigger all',
      statement,
    ];
    await inReadModels(place, (kysely) =>
      kysely.transaction().execute(async (transaction) => {
        for (const text of statements) await sql.raw(text).execute(transaction);
      }),
    );
    return;
  }
  const database = new DatabaseSync(path.join(place.config.dataDirectory, 'log.sqlite'));
  const triggers = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
  database.exec(statement);
  database.close();
}

describe.each(storeKinds)('LG-13 verify on %s', (kind) => {
  test('finds a sound log and read models equal to it', async () => {
    const place = await builtPlace(kind);
    const { length } = await eventsOf(place);

    const { code, output } = await place.run('verify');

    expect(code).toBe(0);
    expect(output).toContain(`log: sound, ${length} events in 8 streams\n`);
    for (const { name } of projections) {
      const sentence = `^${name}: \\d+ rows? equal to the log up to position ${length}$`;
      expect(output).toMatch(new RegExp(sentence, 'm'));
    }
  });

  test.each([
    [
      'a cell that was changed',
      (table: string) =>
        `update ${table} set quantity = '7777' where account_id = 'A-1' and symbol = 'IBM'`,
      /^positions: row A-1, IBM, column quantity: the log says "\d+", the read model "7777"; the last event to change it is at position \d+/m,
    ],
    [
      'a row that was removed',
      (table: string) => `delete from ${table} where account_id = 'A-1' and symbol = 'IBM'`,
      /^positions: row A-1, IBM: the log says \{.*\}, the read model that there is none/m,
    ],
    [
      'a row that was added',
      (table: string) =>
        `update ${table} set symbol = 'ZZZ' where account_id = 'A-3' and symbol = 'IBM'`,
      /^positions: row A-3, (IBM: the log says \{.*\}, the read model that there is none|ZZZ: the log says that there is none)/m,
    ],
  ])(
    'names the row of a read model and %s, and rebuild corrects it',
    async (_, change, sentence) => {
      const place = await builtPlace(kind);
      await tamper(place, 'positions', change);

      const { code, output } = await place.run('verify');

      expect(code).toBe(1);
      expect(output).toMatch(sentence);
      expect(output).toContain('"counterfoil rebuild" corrects it');
      // The others are looked at all the same.
      expect(output).toMatch(/^last_prices: 2 rows equal/m);
      expect(await place.run('rebuild', 'positions')).toMatchObject({ code: 0 });
      expect(await place.run('verify')).toMatchObject({ code: 0 });
    },
  );

  test.each([
    [
      'an event that is gone',
      'delete from events where position = 40',
      /^log: Position 40 is missing$/m,
    ],
    [
      'the first event gone',
      'delete from events where position = 1',
      /^log: Position 1 is missing$/m,
    ],
    [
      'an event of another version',
      'update events set version = version + 1000 where position = 40',
      /^log: The event at position 40 \(.+, version 10\d\d\) should have version \d+$/m,
    ],
    [
      'a time that runs backwards',
      'update events set recorded_at = 1 where position = 40',
      /^log: The event at position 40 \(.+\) was recorded before the one before it$/m,
    ],
    [
      'bytes that are no event',
      kind === 'SQLite'
        ? `update events set body = x'0102' where position = 40`
        : `update events set body = '\\x0102' where position = 40`,
      /^log: The event at position 40 \(.+\) can't be decoded: ./m,
    ],
  ])('names %s', async (_, statement, sentence) => {
    const place = await builtPlace(kind);
    await forge(kind, place, statement);

    const { code, output } = await place.run('verify');

    expect(code).toBe(1);
    expect(output).toMatch(sentence);
  });

  test('changes nothing', async () => {
    const place = await builtPlace(kind);
    const before = await storedLog(place);

    await place.run('verify');

    expect(await storedLog(place)).toEqual(before);
    expect(await place.run('verify')).toMatchObject({ code: 0 });
  });
});

describe('LG-13 verify of the embedded store', () => {
  test.each(['log.sqlite', 'read-models.sqlite'])('finds %s damaged', async (name) => {
    const place = await builtPlace();
    const file = path.join(place.config.dataDirectory, name);
    const bytes = await readFile(file);
    // The first page says how the file is laid out; behind it come trees and rows.
    await writeFile(file, bytes.fill(0xa5, 3 * 4096, 6 * 4096));

    const { code, output, errors } = await place.run('verify');

    expect({ code, errors }).toEqual({ code: 1, errors: '' });
    expect(output).toMatch(new RegExp(`^${file} is damaged: .+\\. Stop the server.+\n$`));
    expect(await readFile(file)).toEqual(bytes);
  });

  test.each([
    ['cut off', (file: string) => truncate(file, 3 * 4096)],
    ['no database', (file: string) => writeFile(file, 'not at all')],
  ])('finds a log that is %s', async (_, damage) => {
    const place = await builtPlace();
    const file = path.join(place.config.dataDirectory, 'log.sqlite');
    await damage(file);

    const { code, output } = await place.run('verify');

    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^${file} is damaged: .`));
  });

  test('finds events that a search by type would miss', async () => {
    const place = await builtPlace();
    await forge(
      'SQLite',
      place,
      `delete from schema_ranges
      where schema = (select id from schemas where type = 'TradeRefused')`,
    );

    const { code, output } = await place.run('verify');

    expect(code).toBe(1);
    expect(output).toMatch(/^log: Looking for TradeRefused finds 0 events, and the log has \d+$/m);
  });

  test('says of read models that are not built how to build them', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 9, 10);

    const { code, output } = await place.run('verify');

    expect(code).toBe(0);
    expect(output).toMatch(
      /^positions: not built yet; "counterfoil rebuild" or the next "serve" builds it$/m,
    );
  });
});
