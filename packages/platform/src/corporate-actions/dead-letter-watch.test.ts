import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { actionLettersAlarmStream } from '../domain/dead-letters/events.ts';
import { openLedger, type LedgerFixture } from '../ledger/ledger.fixture.ts';
import { startDeadLetterWatch } from './dead-letter-watch.ts';

let fixture: LedgerFixture;
let open = 0;

beforeEach(async () => {
  fixture = await openLedger();
});
afterEach(() => fixture.close());

/** As one process looks, when the test tells it to. */
function watching(countOpen: () => Promise<number> = async () => open) {
  const failures: unknown[] = [];
  const watch = startDeadLetterWatch({
    store: fixture.store,
    countOpen,
    onFailure: (failure) => failures.push(failure),
    everyMs: 1_000_000,
  });
  return { ...watch, failures };
}

async function alarms(): Promise<readonly string[]> {
  const events = await fixture.store.readStream(actionLettersAlarmStream);
  return events.map(({ type, data }) => `${type} ${(data as { open: number }).open}`);
}

describe('CA-04 who watches the dead letters', () => {
  test('records that there are too many once, also after a restart and beside another', async () => {
    open = 11;
    const [one, other] = [watching(), watching()];
    await one.look();
    await other.look();
    open = 14;
    await one.look();
    await one.stop();
    const again = watching();
    await again.look();
    expect(await alarms()).toEqual(['DeadLettersPiledUp 11']);
    await other.stop();
    await again.stop();
  });

  test('sees after a restart that they were worked off meanwhile', async () => {
    open = 11;
    const one = watching();
    await one.look();
    await one.stop();
    open = 3;
    const again = watching();
    await again.look();
    for (open of [12, 2, 15]) await again.look();
    expect(await alarms()).toEqual([
      'DeadLettersPiledUp 11',
      'DeadLettersWorkedOff 3',
      'DeadLettersPiledUp 12',
      'DeadLettersWorkedOff 2',
      'DeadLettersPiledUp 15',
    ]);
    await again.stop();
  });

  test('looks again after a failure', async () => {
    let works = false;
    const watch = watching(() => (works ? Promise.resolve(11) : Promise.reject(new Error('down'))));
    await expect(watch.look()).rejects.toThrow('down');
    expect(watch.failures).toHaveLength(1);
    works = true;
    await watch.look();
    expect(await alarms()).toEqual(['DeadLettersPiledUp 11']);
    await watch.stop();
  });
});
