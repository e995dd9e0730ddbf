import { calendarDate, StorageFailure } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import type { AccountId } from '../domain/accounts/events.ts';
import type { ActionId } from '../domain/corporate-actions/events.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { Quantity } from '../domain/money/money.ts';
import { ReadModelsUnavailable } from '../queries/failure.ts';
import {
  before,
  buy,
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
import type { Processor, ProcessorParts } from './processor.ts';

async function nine(): Promise<ProcessorFixture> {
  const fixture = await openProcessor();
  await withHoldings(fixture, nineHolders);
  return fixture;
}

const everyone = (sign: string) =>
  Array.from({ length: 9 }, (_, number) => `A${number + 1} ${sign}`);

// 450 shares at 0.205. The tax is rounded half up for each account: 0.31 of 2.05, 0.62 of 4.10, and so on.
const wholeDividend = {
  accounts: 9,
  eligible: '450',
  gross: '92.25',
  tax: '13.85',
  cash: '78.4',
  shares: '0',
};

describe('CA-03, CA-06 an action that is due', () => {
  test('is posted to each holder once, however often it is asked for', async () => {
    const fixture = await nine();
    const id = await fixture.announce(paidDividend);
    const [one, another] = [fixture.processor(), fixture.processor()];

    await Promise.all([one.process(id, first), another.process(id, first)]);
    await one.process(id, first);

    expect(await fixture.postings(id)).toEqual(everyone('+1'));
    const { status, posted } = await fixture.action(id);
    expect(status).toBe('COMPLETED');
    expect(textsOf(posted?.totals)).toEqual(wholeDividend);
    expect(await fixture.balance('A1')).toBe('99001.74 and 10');
  });

  test('says what it came to over all accounts, and how far it is on the way', async () => {
    const fixture = await nine();
    const id = await fixture.announce(paidDividend);
    const passed: (number | undefined)[] = [];
    const processor: Processor = fixture.processor({
      entitlements: before('A9', fixture.platform.ledger.entitlements, () => {
        passed.push(processor.passed(id));
      }),
    });

    await processor.process(id, first);

    expect(textsOf((await fixture.action(id)).posted?.totals)).toEqual(wholeDividend);
    expect(passed).toEqual([2]);
    expect(processor.passed(id)).toBeUndefined();
  });

  test.each([
    ['before its day', { payment_date: '2026-11-23' }],
    ['preliminary', { completeness: 'PRELIMINARY' }],
    ['unconfirmed', { confirmation: 'UNCONFIRMED' }],
  ])('is left alone while it is %s', async (_, said) => {
    const fixture = await openProcessor();
    await withHoldings(fixture, { A1: '10' });
    const id = await fixture.announce({ ...paidDividend, ...said });

    await fixture.processor().process(id, first);

    expect(await fixture.postings(id)).toEqual([]);
    expect((await fixture.action(id)).status).toBe('PENDING');
  });

  test('nothing is said of an action that nobody announced', async () => {
    const fixture = await openProcessor();
    const unknown = 'CA-000000000000000000' as ActionId;
    await expect(fixture.processor().process(unknown, last)).rejects.toThrow(unknown);
  });
});

/** Cash dividends don't fail; a list of holders may, after the first page. */
function failingHolders({ holders }: ProcessorFixture, failure: Error): ProcessorParts['holders'] {
  return {
    ...holders,
    list: async (symbol, after, limit) => {
      if (after !== undefined) throw failure;
      return holders.list(symbol, after, limit);
    },
  };
}

describe('CA-03 a failing attempt', () => {
  test('is noted and tried again, and after the third the action is failed with the error', async () => {
    const fixture = await nine();
    const id = await fixture.announce(paidDividend);
    const holders = failingHolders(fixture, new Error('the list is torn'));
    const processor = fixture.processor({ holders });

    await expect(processor.process(id, first)).rejects.toThrow('the list is torn');
    expect(await fixture.action(id)).toMatchObject({ status: 'PENDING', failure: { attempt: 1 } });
    await expect(processor.process(id, first)).rejects.toThrow('the list is torn');
    await processor.process(id, last);

    const { status, failure } = await fixture.action(id);
    expect(status).toBe('FAILED');
    expect(failure).toEqual({
      version: 1,
      attempt: 3,
      code: 'PROCESSING_FAILED',
      error: 'the list is torn',
      last: true,
    });
    expect(await fixture.postings(id)).toEqual(everyone('+1').slice(0, 2));
  });

  test('is not tried again by itself once it is failed, and a retry heals it', async () => {
    const fixture = await nine();
    const id = await fixture.announce(paidDividend);
    const holders = failingHolders(fixture, new Error('the list is torn'));
    await fixture.processor({ holders }).process(id, last);

    await fixture.processor().process(id, first);
    expect((await fixture.action(id)).status).toBe('FAILED');

    const body = { reason: 'the list is mended' };
    await fixture.done({ request: `POST /api/v1/events/${id}/retry`, body });
    await fixture.processor().process(id, first);

    expect(await fixture.postings(id)).toEqual(everyone('+1'));
    expect(textsOf((await fixture.action(id)).posted?.totals)).toEqual(wholeDividend);
  });

  test.each([
    ['the log', new StorageFailure('the log is away', { final: false })],
    ['the read models', new ReadModelsUnavailable('they are away')],
  ])('is not held against the action when it is an outage of %s', async (_, outage) => {
    const fixture = await nine();
    const id = await fixture.announce(paidDividend);
    const processor = fixture.processor({ holders: failingHolders(fixture, outage) });

    await expect(processor.process(id, last)).rejects.toBe(outage);

    expect(await fixture.action(id)).toMatchObject({ status: 'PROCESSING', failure: undefined });
    await fixture.processor().process(id, first);
    expect((await fixture.action(id)).status).toBe('COMPLETED');
  });

  test('of a version that was amended meanwhile is not held against the next one', async () => {
    const fixture = await nine();
    const id = await fixture.announce(paidDividend);
    let isTorn = true;
    const { list } = fixture.holders;
    const holders: ProcessorParts['holders'] = {
      ...fixture.holders,
      list: async (symbol, after, limit) => {
        if (!isTorn || after === undefined) return list(symbol, after, limit);
        isTorn = false;
        await fixture.amend(id, { amount: '0.3' });
        throw new Error('the list is torn');
      },
    };

    await fixture.processor({ holders }).process(id, last);

    const { status, posted } = await fixture.action(id);
    expect([status, posted?.version]).toEqual(['COMPLETED', 2]);
  });
});

/** Posts to some accounts, then the log is gone in the middle of a page. */
async function crashed(fixture: ProcessorFixture, id: ActionId, at: string): Promise<void> {
  const gone = new StorageFailure('the process is gone', { final: true });
  let isGone = false;
  const { entitlements, corporateActions } = fixture.platform.ledger;
  const { post, reverse } = entitlements;
  const processor = fixture.processor({
    noteEvery: 2,
    entitlements: {
      reverse,
      post: async (account, action, cause) => {
        if (account === at) isGone = true;
        if (isGone) throw gone;
        return post(account, action, cause);
      },
    },
    actions: {
      ...corporateActions,
      handle: (async (...command: Parameters<typeof corporateActions.handle>) => {
        if (isGone) throw gone;
        return corporateActions.handle(...command);
      }) as typeof corporateActions.handle,
    },
  });
  await expect(processor.process(id, first)).rejects.toBe(gone);
}

describe('CA-03 after a crash between two accounts', () => {
  test.each(['A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8', 'A9'])(
    'before %s, the others are posted to, and the totals are those of one run',
    async (at) => {
      const fixture = await nine();
      const id = await fixture.announce(paidDividend);

      await crashed(fixture, id, at);
      expect((await fixture.action(id)).status).toBe('PROCESSING');
      await fixture.processor().process(id, first);

      expect((await fixture.postings(id)).toSorted()).toEqual(everyone('+1'));
      expect(textsOf((await fixture.action(id)).posted?.totals)).toEqual(wholeDividend);
    },
  );

  test('it goes on behind the last account that it has noted, by the same terms', async () => {
    const fixture = await nine();
    const id = await fixture.announce({
      ...doneSplit,
      terms: { ratio: '3:2', price_in_lieu: '90' },
    });
    await crashed(fixture, id, 'A9');
    const { progress } = (await fixture.action(id)).underWay ?? {};
    expect(progress).toMatchObject({ throughAccount: 'A2', totals: { accounts: 2 } });

    const asked: string[] = [];
    const { entitlements } = fixture.platform.ledger;
    await fixture
      .processor({
        entitlements: {
          ...entitlements,
          post: (account, action, cause) => {
            asked.push(account);
            return entitlements.post(account, action, cause);
          },
        },
      })
      .process(id, first);

    expect(asked).toEqual(['A3', 'A4', 'A5', 'A6', 'A7', 'A8', 'A9']);
    expect(textsOf((await fixture.action(id)).posted?.totals)).toMatchObject({
      accounts: 9,
      shares: '225',
    });
  });

  test('what is to be taken back is taken back once', async () => {
    const fixture = await nine();
    const id = await fixture.announce(paidDividend);
    await fixture.processor().process(id, first);
    await fixture.cancel(id);
    const { entitlements } = fixture.platform.ledger;
    const gone = new StorageFailure('the process is gone', { final: true });
    const crashing = fixture.processor({
      entitlements: {
        ...entitlements,
        reverse: async (account, action, cause) => {
          if (account >= 'A6') throw gone;
          return entitlements.reverse(account, action, cause);
        },
      },
    });
    await expect(crashing.process(id, first)).rejects.toBe(gone);

    await fixture.processor().process(id, first);

    const postings = await fixture.postings(id);
    expect(postings.filter((one) => one.endsWith('-1')).toSorted()).toEqual(everyone('-1'));
    expect(await fixture.action(id)).toMatchObject({ reversed: true, posted: undefined });
    expect(await fixture.balance('A9')).toBe('91000 and 90');
  });
});

describe('CA-07 an action that changes while it is posted', () => {
  test.each(['A1', 'A2', 'A5', 'A9'])(
    'ends as it was amended last, when that was before %s',
    async (at) => {
      const fixture = await nine();
      const id = await fixture.announce(paidDividend);
      const entitlements = before(at, fixture.platform.ledger.entitlements, () =>
        fixture.amend(id, { amount: '0.3' }),
      );

      await fixture.processor({ entitlements }).process(id, first);

      const { status, posted } = await fixture.action(id);
      expect(status).toBe('COMPLETED');
      expect(posted?.version).toBe(2);
      expect(textsOf(posted?.totals)).toMatchObject({ accounts: 9, gross: '135' });
      for (const account of Object.keys(nineHolders)) {
        const own = (await fixture.postings(id)).filter((one) => one.startsWith(account));
        expect(own.at(-1)).toBe(`${account} +2`);
      }
      expect(await fixture.balance('A1')).toBe('99002.55 and 10');
    },
  );

  test.each(['A1', 'A2', 'A5', 'A9'])(
    'is taken back, when it was cancelled before %s',
    async (at) => {
      const fixture = await nine();
      const id = await fixture.announce(paidDividend);
      const entitlements = before(at, fixture.platform.ledger.entitlements, () =>
        fixture.cancel(id),
      );

      await fixture.processor({ entitlements }).process(id, first);

      expect(await fixture.action(id)).toMatchObject({ status: 'CANCELLED', reversed: true });
      for (const [account, quantity] of Object.entries(nineHolders)) {
        const cash = 100_000 - 100 * Number(quantity);
        expect(await fixture.balance(account)).toBe(`${cash} and ${quantity}`);
      }
    },
  );

  test.each([
    ['the next version', 'amend', '99002.55 and 10'],
    ['the reversal', 'cancel', '99000 and 10'],
  ] as const)(
    'keeps to %s, though a worker that was thought dead still posts the version before',
    async (_, change, balance) => {
      const fixture = await nine();
      const id = await fixture.announce(paidDividend);
      const entitlements = before('A1', fixture.platform.ledger.entitlements, async () => {
        await (change === 'amend' ? fixture.amend(id, { amount: '0.3' }) : fixture.cancel(id));
        await fixture.processor().process(id, first);
      });

      await fixture.processor({ entitlements }).process(id, first);

      expect(await fixture.balance('A1')).toBe(balance);
      for (const account of Object.keys(nineHolders)) {
        const own = (await fixture.postings(id)).filter((one) => one.startsWith(account));
        expect(['+2', '-1', undefined]).toContain(own.at(-1)?.slice(account.length + 1));
      }
    },
  );

  test('again and again is given up on, for a while', async () => {
    const fixture = await openProcessor();
    await withHoldings(fixture, { A1: '10' });
    const id = await fixture.announce(paidDividend);
    const { corporateActions } = fixture.platform.ledger;
    const rejection = { code: 'ACTION_NOT_HEAD', version: 1, head: 2 };
    const handle = async () => ({ kind: 'rejected', rejection, version: 1 });
    const actions = { ...corporateActions, handle: handle as never };

    const given = fixture.processor({ actions }).process(id, first);

    await expect(given).rejects.toThrow('was changed by others 50 times in a row');
  });

  test('is amended after it was posted: the difference is booked', async () => {
    const fixture = await nine();
    const id = await fixture.announce(paidDividend);
    await fixture.processor().process(id, first);
    await fixture.amend(id, { terms: { amount: '0.205', withholding_percent: '30' } });

    await fixture.processor().process(id, first);

    expect(textsOf((await fixture.action(id)).posted?.totals)).toMatchObject({ gross: '92.25' });
    expect(await fixture.balance('A1')).toBe('99001.43 and 10');
  });
});

describe('CA-06 a price that is needed', () => {
  const odd = { ...doneSplit, terms: { ratio: '3:2' } };

  test('and missing fails the action at once; once it is recorded, a retry heals it', async () => {
    const fixture = await openProcessor();
    await withHoldings(fixture, { A1: '11' });
    const id = await fixture.announce(odd);

    await fixture.processor().process(id, first);

    const { status, failure } = await fixture.action(id);
    expect(status).toBe('FAILED');
    expect(failure).toMatchObject({ code: 'PRICE_UNAVAILABLE', attempt: 1, last: true });
    expect(failure?.error).toContain('record a price and retry');
    const bar = { close: '120', volume: '1' };
    await fixture.done({ request: 'PUT /api/v1/prices/AAPL/closes/2020-08-28', body: bar });
    const body = { reason: 'priced now' };
    await fixture.done({ request: `POST /api/v1/events/${id}/retry`, body });
    await fixture.processor().process(id, first);

    expect((await fixture.action(id)).status).toBe('COMPLETED');
    // 16.5 new shares: half of one at 80, which is 120 on the new basis.
    expect(await fixture.balance('A1')).toBe('98940 and 16');
  });
});

async function electing(fixture: ProcessorFixture, id: ActionId, account: string, option: string) {
  const { head } = await fixture.action(id);
  const { ledger } = fixture.platform;
  const result = await ledger.account(
    account as AccountId,
    {
      type: 'MakeElection',
      actionId: id,
      symbol: 'AAPL' as InstrumentSymbol,
      option: option as 'TENDER',
      quantity: Quantity.of(option === 'TENDER' ? '100' : '0'),
      terms: head.terms,
      deadline: calendarDate('2026-11-20'),
    },
    { cause: { userId: 'test' } },
  );
  expect(result.kind).toBe('accepted');
}

describe('CA-08 a tender of more shares than are accepted', () => {
  const tender = {
    event_type: 'TENDER_OFFER',
    symbol: 'AAPL',
    ex_date: '2026-11-20',
    election_deadline: '2026-11-20',
    payment_date: '2026-11-24',
    terms: { price: '130', quantity_max: '100' },
  };

  test.each([
    [
      'who chose it',
      'NO_ACTION',
      [
        ['A1', 'TENDER'],
        ['A2', 'TENDER'],
      ],
      ['50', '50', '100'],
    ],
    [
      'who did not refuse it, where it is the default',
      'TENDER',
      [['A3', 'NO_ACTION']],
      ['50', '50', '100'],
    ],
  ] as const)('takes a part of each %s', async (_, option, choices, left) => {
    const fixture = await openProcessor();
    await withHoldings(fixture, { A1: '100', A2: '100', A3: '100' });
    const id = await fixture.announce({ ...tender, default_option: option });
    for (const [account, choice] of choices) await electing(fixture, id, account, choice);
    fixture.setTime('2026-11-24T15:00:00Z');

    await fixture.processor().process(id, first);

    const { posted } = await fixture.action(id);
    expect(textsOf(posted?.totals)).toMatchObject({ accounts: 3, cash: '13000', shares: '-100' });
    const balances = await Promise.all(['A1', 'A2', 'A3'].map(fixture.balance));
    expect(balances.map((text) => text.split(' ').at(-1))).toEqual(left);
  });
});

describe('CA-06 holders', () => {
  test('that bought while it was announced are waited for', async () => {
    const fixture = await openProcessor();
    await withHoldings(fixture, { A1: '10' });
    const id = await fixture.announce(doneSplit);
    await buy(fixture, 'A1', '5', '2020-01-06');
    await withHoldings(fixture, { A2: '7' });
    let reached = 0;
    const holders = {
      ...fixture.holders,
      reach: async (position: number) => {
        reached = position;
        return fixture.holders.reach(position);
      },
    };

    await fixture.processor({ holders }).process(id, first);

    expect(reached).toBeGreaterThan((await fixture.head()) - 10);
    expect(await fixture.balance('A1')).toBe('98500 and 60');
    expect(await fixture.balance('A2')).toBe('99300 and 28');
  });

  test('that are not listed yet hold it up, and are not left out', async () => {
    const fixture = await openProcessor();
    await withHoldings(fixture, { A1: '10' });
    const id = await fixture.announce(doneSplit);
    const behind = new ReadModelsUnavailable('the read models have not come so far');
    const holders = { ...fixture.holders, reach: () => Promise.reject(behind) };

    await expect(fixture.processor({ holders }).process(id, last)).rejects.toBe(behind);

    expect((await fixture.action(id)).status).toBe('PROCESSING');
  });
});
