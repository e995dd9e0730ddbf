import { StorageFailure } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import type { ActionId } from '../domain/corporate-actions/events.ts';
import {
  before,
  beforeReversal,
  doneSplit,
  first,
  last,
  nineHolders,
  openProcessor,
  paidDividend,
  textsOf,
  withHoldings,
  type ProcessorFixture,
} from './processor.fixture.ts';

// A dividend that was paid on 12 November 2020, and that an amendment moves away from today.

const later = { payment_date: '2026-12-10' };
const theDay = '2026-12-10T15:00:00Z';
const dueAgain = { payment_date: '2020-11-13' };
const accounts = Object.keys(nineHolders);

async function nine(): Promise<ProcessorFixture> {
  const fixture = await openProcessor();
  await withHoldings(fixture, nineHolders);
  return fixture;
}

async function nineWithDividend(): Promise<{ fixture: ProcessorFixture; id: ActionId }> {
  const fixture = await nine();
  const id = await fixture.announce(paidDividend);
  await fixture.processor().process(id, first);
  return { fixture, id };
}

/** How the action stands, what cash each of the nine has, and which versions are posted to each. */
async function outcome(fixture: ProcessorFixture, id: ActionId) {
  const { status, posted, underWay, reversed } = await fixture.action(id);
  const postings = await fixture.postings(id);
  const standing = accounts.map((account) => {
    const own = postings.filter((one) => one.startsWith(account)).map((one) => one.split(' ')[1]);
    const count = (sign: string) => own.filter((one) => one === sign).length;
    return ['1', '2', '3', '4'].flatMap((version) =>
      Array.from({ length: count(`+${version}`) - count(`-${version}`) }, () => version),
    );
  });
  const balances = await Promise.all(accounts.map(fixture.balance));
  return {
    status,
    reversed,
    versions: [posted?.version, underWay?.version],
    cash: balances.map((balance) => balance.split(' ')[0]),
    standing: standing.map((versions) => versions.join(' and ')),
  };
}

const nothingPosted = {
  status: 'PENDING',
  reversed: false,
  versions: [undefined, undefined],
  cash: ['99000', '98000', '97000', '96000', '95000', '94000', '93000', '92000', '91000'],
  standing: accounts.map(() => ''),
};

/** As where nothing was ever put off: 2.05 less 0.31 for each ten shares, the tax rounded half up. */
const postedOnce = (version: number) => ({
  status: 'COMPLETED',
  reversed: false,
  versions: [version, undefined],
  cash: [
    '99001.74',
    '98003.48',
    '97005.23',
    '96006.97',
    '95008.71',
    '94010.45',
    '93012.2',
    '92013.94',
    '91015.68',
  ],
  standing: accounts.map(() => String(version)),
});

describe('CA-07 a posted action that is amended', () => {
  test.each<[string, object, (fixture: ProcessorFixture, id: ActionId) => Promise<void>]>([
    ['put off', later, async ({ setTime }) => setTime(theDay)],
    [
      'preliminary',
      { completeness: 'PRELIMINARY' },
      ({ amend }, id) => amend(id, { completeness: 'COMPLETE' }),
    ],
    [
      'unconfirmed',
      { confirmation: 'UNCONFIRMED' },
      ({ amend }, id) => amend(id, { confirmation: 'CONFIRMED' }),
    ],
  ])('to be %s is taken back at once, and posted anew on its day', async (_, changes, comes) => {
    const { fixture, id } = await nineWithDividend();
    await fixture.amend(id, changes);

    await fixture.processor().process(id, first);
    await fixture.processor().process(id, first);

    expect(await outcome(fixture, id)).toEqual(nothingPosted);
    const both = accounts.flatMap((account) => [`${account} +1`, `${account} -1`]);
    expect((await fixture.postings(id)).toSorted()).toEqual(both.toSorted());

    await comes(fixture, id);
    await fixture.processor().process(id, first);

    expect(await outcome(fixture, id)).toEqual(postedOnce((await fixture.action(id)).version));
    expect(textsOf((await fixture.action(id)).posted?.totals)).toMatchObject({
      accounts: 9,
      eligible: '450',
      cash: '78.4',
    });
    expect(await fixture.postings(id)).toHaveLength(27);
  });

  test('takes shares back as well, with their cost', async () => {
    const fixture = await openProcessor();
    await withHoldings(fixture, { A1: '10' });
    const id = await fixture.announce(doneSplit);
    await fixture.processor().process(id, first);
    expect(await fixture.balance('A1')).toBe('99000 and 40');

    await fixture.amend(id, { ex_date: '2026-12-07' });
    await fixture.processor().process(id, first);

    expect(await fixture.balance('A1')).toBe('99000 and 10');
    expect(fixture.platform.market.actions.postedOn('AAPL' as never)).toEqual([]);
  });

  test('is left alone where it is due: the difference is posted', async () => {
    const { fixture, id } = await nineWithDividend();
    await fixture.amend(id, dueAgain);
    await fixture.processor().process(id, first);
    expect(await outcome(fixture, id)).toEqual(postedOnce(2));
  });
});

describe('CA-07 an action that is put off while it is posted', () => {
  test.each(['A1', 'A2', 'A5', 'A9'])('before %s, has nothing posted in the end', async (at) => {
    const fixture = await nine();
    const id = await fixture.announce(paidDividend);
    const { entitlements } = fixture.platform.ledger;
    const overtaken = before(at, entitlements, () => fixture.amend(id, later));

    await fixture.processor({ entitlements: overtaken }).process(id, first);
    expect(await outcome(fixture, id)).toEqual(nothingPosted);

    fixture.setTime(theDay);
    await fixture.processor().process(id, first);
    expect(await outcome(fixture, id)).toEqual(postedOnce(2));
  });

  test('has nothing posted, though a worker that was thought dead goes on', async () => {
    const fixture = await nine();
    const id = await fixture.announce(paidDividend);
    const { entitlements } = fixture.platform.ledger;
    const thoughtDead = before('A1', entitlements, async () => {
      await fixture.amend(id, later);
      await fixture.processor().process(id, first);
    });

    await fixture.processor({ entitlements: thoughtDead }).process(id, first);

    expect(await outcome(fixture, id)).toEqual(nothingPosted);
  });
});

test('CA-07 an account that is posted to behind a reversal that still goes on is taken back from', async () => {
  const fixture = await nine();
  const id = await fixture.announce(paidDividend);
  const { entitlements, corporateActions } = fixture.platform.ledger;
  const [atTheLast, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const other = fixture.processor({
    entitlements: beforeReversal('A9', entitlements, () => {
      atTheLast.resolve();
      return goOn.promise;
    }),
  });
  let reversal: Promise<void> | undefined;
  let looks = 0;
  const thoughtDead = fixture.processor({
    entitlements: before('A1', entitlements, async () => {
      await fixture.amend(id, later);
      reversal = other.process(id, first);
      await atTheLast.promise;
    }),
    actions: {
      ...corporateActions,
      now: async (one) => {
        looks += 1;
        // When it begins, when it is overtaken, and when it puts that right; then the other comes to its end.
        if (looks === 4) {
          goOn.resolve();
          await reversal;
        }
        return corporateActions.now(one);
      },
    },
  });

  await thoughtDead.process(id, first);

  expect(looks).toBeGreaterThanOrEqual(4);
  expect(await outcome(fixture, id)).toEqual(nothingPosted);
});

describe('CA-07 an action that changes while it is taken back', () => {
  test.each([
    ['amended to be due again', 'A1'],
    ['amended to be due again', 'A5'],
    ['amended to be due again', 'A9'],
    ['overtaken by its day', 'A5'],
  ])('is posted anew when it is %s before %s', async (change, at) => {
    const { fixture, id } = await nineWithDividend();
    await fixture.amend(id, later);
    const { entitlements } = fixture.platform.ledger;
    const overtaken = beforeReversal(at, entitlements, async () => {
      if (change === 'overtaken by its day') fixture.setTime(theDay);
      else await fixture.amend(id, dueAgain);
    });

    await fixture.processor({ entitlements: overtaken }).process(id, first);

    expect(await outcome(fixture, id)).toEqual(postedOnce((await fixture.action(id)).version));
  });

  test('keeps to the new version, though a worker that was thought dead still takes the old one back', async () => {
    const { fixture, id } = await nineWithDividend();
    await fixture.amend(id, later);
    const { entitlements } = fixture.platform.ledger;
    const thoughtDead = beforeReversal('A1', entitlements, async () => {
      await fixture.amend(id, dueAgain);
      await fixture.processor().process(id, first);
    });

    await fixture.processor({ entitlements: thoughtDead }).process(id, first);

    expect(await outcome(fixture, id)).toEqual(postedOnce(3));
  });

  test('is reversed when it is cancelled meanwhile', async () => {
    const { fixture, id } = await nineWithDividend();
    await fixture.amend(id, later);
    const { entitlements } = fixture.platform.ledger;
    const overtaken = beforeReversal('A5', entitlements, () => fixture.cancel(id));

    await fixture.processor({ entitlements: overtaken }).process(id, first);

    expect(await fixture.action(id)).toMatchObject({ status: 'CANCELLED', reversed: true });
    expect(await fixture.balance('A9')).toBe('91000 and 90');
  });
});

/** Takes back from the accounts before A6 and fails then. */
function torn({ platform: { ledger } }: ProcessorFixture, failure: Error) {
  const { entitlements } = ledger;
  const reverse: typeof entitlements.reverse = async (account, action, cause) => {
    if (account >= 'A6') throw failure;
    return entitlements.reverse(account, action, cause);
  };
  return { entitlements: { ...entitlements, reverse } };
}

describe('CA-03 taking an amended action back', () => {
  test('goes on after a crash, and takes back once', async () => {
    const { fixture, id } = await nineWithDividend();
    await fixture.amend(id, later);
    const gone = new StorageFailure('the process is gone', { final: true });
    const crashing = fixture.processor(torn(fixture, gone));
    await expect(crashing.process(id, last)).rejects.toBe(gone);
    expect(await fixture.action(id)).toMatchObject({ failure: undefined, posted: { version: 1 } });

    await fixture.processor().process(id, first);

    expect(await outcome(fixture, id)).toEqual(nothingPosted);
    const taken = (await fixture.postings(id)).filter((one) => one.includes('-'));
    expect(taken.toSorted()).toEqual(accounts.map((account) => `${account} -1`));
  });

  test('fails after the last attempt, and a retry heals it', async () => {
    const { fixture, id } = await nineWithDividend();
    await fixture.amend(id, later);
    const failing = fixture.processor(torn(fixture, new Error('the list is torn')));
    await expect(failing.process(id, first)).rejects.toThrow('the list is torn');
    await failing.process(id, last);

    const { status, failure, posted } = await fixture.action(id);
    expect([status, posted?.version]).toEqual(['FAILED', 1]);
    expect(failure).toMatchObject({ version: 1, attempt: 2, last: true });

    const body = { reason: 'the list is mended' };
    await fixture.done({ request: `POST /api/v1/events/${id}/retry`, body });
    await fixture.processor().process(id, first);
    expect(await outcome(fixture, id)).toEqual(nothingPosted);
  });

  test('that fails is not held against a version that is due meanwhile', async () => {
    const { fixture, id } = await nineWithDividend();
    await fixture.amend(id, later);
    const { entitlements } = fixture.platform.ledger;
    let isTorn = true;
    const reverse: typeof entitlements.reverse = async (account, action, cause) => {
      if (account !== 'A1' || !isTorn) return entitlements.reverse(account, action, cause);
      isTorn = false;
      await fixture.amend(id, dueAgain);
      throw new Error('the list is torn');
    };

    await fixture.processor({ entitlements: { ...entitlements, reverse } }).process(id, last);

    expect(await outcome(fixture, id)).toEqual(postedOnce(3));
  });
});
