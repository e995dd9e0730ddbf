import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startPlatform, type Platform } from '../platform.ts';
import { projections } from '../read-models/projections.ts';
import { startProcess } from './command-line.fixture.ts';
import { openHistory, writeHistory } from './history.fixture.ts';
import { tamper } from './read-models.fixture.ts';
import { eventsOf, placeOn, storeKinds, useStores } from './stores.fixture.ts';

const placeIn = useStores();

function positionsShown({ readModels }: Platform): Promise<readonly unknown[]> {
  const views = readModels.kysely.withTables<{ positions: { symbol: string } }>();
  return views.selectFrom('positions').select('symbol').execute();
}

describe.each(storeKinds)('LG-13 rebuild on %s', (kind) => {
  test('builds every read model, up to the head of the log', async () => {
    const place = await placeIn(kind);
    await writeHistory(place.config, 20, 60);
    const { length } = await eventsOf(place);

    const { code, output } = await place.run('rebuild');

    expect(code).toBe(0);
    for (const { name } of projections) expect(output).toContain(`${name} is rebuilt\n`);
    expect(output).toContain(`The read models reflect position ${length}\n`);
    const verified = await place.run('verify');
    expect(verified.output.match(/equal to the log up to position/g)).toHaveLength(
      projections.length,
    );
    expect(verified.code).toBe(0);
  });

  test('builds those that are named and leaves the others alone', async () => {
    const place = await placeIn(kind);
    await writeHistory(place.config, 21, 60);
    await place.run('rebuild');
    await tamper(place, 'positions', (table) => `update ${table} set quantity = '7'`);
    await tamper(place, 'accounts', (table) => `update ${table} set owner_name = 'somebody else'`);

    expect(await place.run('rebuild', 'positions', 'last_prices')).toMatchObject({ code: 0 });

    const { output } = await place.run('verify');
    expect(output).toMatch(/^positions: \d+ rows equal/m);
    expect(output).toMatch(/^accounts: row A-0, column owner_name: .* "somebody else"/m);
  });

  test('LG-10 lets queries see no less than before while a server writes', async () => {
    const place = await placeIn(kind);
    await writeHistory(place.config, 22, 200);
    const platform = await startPlatform(place.config);
    await platform.projector.waitFor((await platform.store.head()).position, 60_000);
    const { length: before } = await positionsShown(platform);
    const history = await openHistory(place.config, 23);
    let isOver = false;
    const shown: number[] = [];
    const watch = async () => {
      while (!isOver) {
        shown.push((await positionsShown(platform)).length);
        await setImmediate();
      }
    };
    const write = async () => {
      while (!isOver) await history.act(5);
    };

    const [rebuilt] = await Promise.all([
      place.run('rebuild').finally(() => {
        isOver = true;
      }),
      watch(),
      write(),
    ]);

    await history.close();
    await platform.close();
    expect(rebuilt).toMatchObject({ code: 0, errors: '' });
    expect(before).toBeGreaterThan(0);
    expect(Math.min(...shown)).toBeGreaterThanOrEqual(before);
    expect(await place.run('verify')).toMatchObject({ code: 0 });
  });
});

describe('LG-13 rebuild', () => {
  test('makes a damaged file anew once it is removed, and until then says what to do', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 25, 40);
    await place.run('rebuild');
    const file = path.join(place.config.dataDirectory, 'read-models.sqlite');
    await writeFile(file, Buffer.alloc(20_000, 7));

    expect(await place.run('rebuild')).toMatchObject({
      code: 1,
      errors:
        'A file of the embedded store is damaged: "counterfoil verify" says which, and what to do\n',
    });
    await rm(file);
    expect(await place.run('rebuild')).toMatchObject({ code: 0 });
    expect(await place.run('verify')).toMatchObject({ code: 0 });
  });

  test('knows its read models by name', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 26, 10);

    expect(await place.run('rebuild', 'positions', 'holdings')).toMatchObject({
      code: 1,
      output: '',
      errors: expect.stringMatching(
        /^There is no read model "holdings". There are accounts, /,
      ) as string,
    });
  });

  test('stopped with Ctrl-C leaves what there was, and goes on when it is started again', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 24, 2_000);
    await place.run('rebuild');
    const running = startProcess(['rebuild'], place.environment);
    running.process.stdout?.once('data', () => running.process.kill('SIGINT'));

    const stopped = await running.ended;

    expect(stopped).toMatchObject({
      code: 130,
      errors: expect.stringContaining(
        'Stopped: start the same command again to continue',
      ) as string,
    });
    expect(await place.run('verify')).toMatchObject({ code: 0 });
    expect(await place.run('rebuild')).toMatchObject({ code: 0 });
    expect(await place.run('verify')).toMatchObject({ code: 0 });
  });
});
