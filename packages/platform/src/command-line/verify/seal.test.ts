import { rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { startPlatform } from '../../platform.ts';
import { writeHistory } from '../history.fixture.ts';
import { placeOn, storeKinds, useStores, type Place } from '../stores.fixture.ts';

const placeIn = useStores();

/** A log of a random history that a server has sealed. */
async function sealedPlace(kind: 'SQLite' | 'PostgreSQL'): Promise<Place> {
  const place = kind === 'SQLite' ? await placeOn() : await placeIn(kind);
  await writeHistory(place.config, 8, 80);
  const platform = await startPlatform(place.config);
  await platform.record.log.checkpoint((await platform.store.head()).position);
  await platform.close();
  return place;
}

function forge(place: Place, ...statements: readonly string[]): void {
  const database = new DatabaseSync(path.join(place.config.dataDirectory, 'log.sqlite'));
  const triggers = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
  for (const statement of statements) database.exec(statement);
  database.close();
}

describe.each(storeKinds)('RC-01 verify on %s', (kind) => {
  test('says how far the log is as it was signed, and the checkpoint can be carried away', async () => {
    const place = await sealedPlace(kind);
    const { code, output } = await place.run('verify');

    expect(output).toMatch(/^seal: the log is as it was signed, up to position \d+$/m);
    expect(code).toBe(0);
    const note = await place.run('checkpoint');
    expect(note.output).toMatch(
      /^counterfoil\.local\/\w+\n\d+\n\S+=\n\n— counterfoil\.local\S+ \S+\n$/,
    );
    expect((await place.run('checkpoint', '--keys')).output).toMatch(/^counterfoil\.local\S+\n$/);
  });
});

describe('RC-01 verify of a log that was changed', () => {
  test('finds a byte that leaves the event readable, and says where', async () => {
    const place = await sealedPlace('SQLite');
    // In the id of the event: nothing of the business shows it.
    forge(
      place,
      `UPDATE events SET body = CAST(substr(body, 1, 14) || x'5a' || substr(body, 16) AS BLOB) WHERE position = 40`,
    );
    const { code, output } = await place.run('verify');

    expect(output).toContain('seal: entry 40: it is not what was sealed');
    expect(code).toBe(1);
  });

  test('finds that its end was cut off', async () => {
    const place = await sealedPlace('SQLite');
    forge(place, 'DELETE FROM events WHERE position > 50');
    const { code, output } = await place.run('verify');

    expect(code).toBe(1);
    expect(output).toMatch(/^(seal: entry 51: it is missing|log: )/m);
  });

  test('finds that the keys are gone', async () => {
    const place = await sealedPlace('SQLite');
    await rm(path.join(place.config.dataDirectory, 'keys'), { recursive: true });
    const { code, output } = await place.run('verify');

    expect(output).toContain('seal: there are checkpoints, and the keys');
    expect(code).toBe(1);
  });

  test('after a new key was made, what the one before has signed is verified still', async () => {
    const place = await sealedPlace('SQLite');
    const { output } = await place.run('checkpoint', '--new-key');

    expect(output.trim().split('\n')).toHaveLength(2);
    expect(await place.run('verify')).toMatchObject({ code: 0 });
  });
});
