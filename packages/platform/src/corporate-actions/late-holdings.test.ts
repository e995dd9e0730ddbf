import { calendarDate } from '@counterfoil/event-store';
import { describe, expect, onTestFinished, test } from 'vitest';
import { announcementOf, dividend } from '../domain/corporate-actions/corporate-action.fixture.ts';
import {
  corporateActionStream,
  type ActionId,
  type CorporateActionEvent,
} from '../domain/corporate-actions/events.ts';
import { Money, Price } from '../domain/money/money.ts';
import { openActionsBook, type ActionsBook } from '../ledger/actions-book.ts';
import type { EntitlementLedger } from '../ledger/entitlements.ts';
import {
  aapl,
  alice,
  cause,
  listApple,
  openAccount,
  openLedger,
  trade,
  type LedgerFixture,
} from '../ledger/ledger.fixture.ts';
import { happened, lifeOf } from '../ledger/posted-actions.fixture.ts';
import type { LateHolding } from '../queries/entitlements.ts';
import { startLateHoldings, type LateHoldings } from './late-holdings.ts';
import {
  buy,
  doneSplit,
  first,
  openProcessor,
  paidDividend,
  withHoldings,
  type ProcessorFixture,
} from './processor.fixture.ts';

/** Has the program look at all that it was told. */
async function looked({ platform, head }: ProcessorFixture): Promise<void> {
  await platform.projector.waitFor(await head(), 10_000);
  await platform.corporateActions.lateHoldings.look();
}

async function posted(event: object): Promise<{ fixture: ProcessorFixture; id: ActionId }> {
  const fixture = await openProcessor();
  await withHoldings(fixture, { A1: '10', A2: '0' });
  const id = await fixture.announce(event);
  await fixture.processor().process(id, first);
  return { fixture, id };
}

describe('CA-06, LG-17 a trade that becomes known after the action was posted', () => {
  test.each([
    [
      'of the day before the ex-date is entitled',
      '2020-11-05',
      ['A1 +1', 'A2 +1'],
      '98017.42 and 20',
    ],
    ['of the ex-date is not', '2020-11-06', ['A1 +1'], '98000 and 20'],
    ['of a later day is not', '2020-11-09', ['A1 +1'], '98000 and 20'],
  ])('%s', async (_, date, postings, balance) => {
    const { fixture, id } = await posted({
      ...paidDividend,
      terms: { amount: '1.025', withholding_percent: '15' },
    });
    await buy(fixture, 'A2', '20', date);

    await looked(fixture);
    await looked(fixture);

    expect(await fixture.postings(id)).toEqual(postings);
    expect(await fixture.balance('A2')).toBe(balance);
  });

  test('gets what all actions since have given, in their order', async () => {
    const { fixture, id: split } = await posted(doneSplit);
    const paid = await fixture.announce(paidDividend);
    await fixture.processor().process(paid, first);
    await buy(fixture, 'A2', '20', '2020-08-28');

    await looked(fixture);

    // 80 shares are paid 16.40, less 2.46.
    expect(await fixture.balance('A2')).toBe('98013.94 and 80');
    expect(await fixture.postings(split)).toEqual(['A1 +1', 'A2 +1']);
  });

  test('gets nothing of an action that is cancelled', async () => {
    const { fixture, id } = await posted(paidDividend);
    await fixture.cancel(id);
    await fixture.processor().process(id, first);
    await buy(fixture, 'A2', '20', '2020-11-05');

    await looked(fixture);

    expect(await fixture.balance('A2')).toBe('98000 and 20');
  });

  test('CA-07 gets nothing of an action that is put off, before it is taken back or after', async () => {
    const { fixture, id } = await posted(paidDividend);
    await fixture.amend(id, { payment_date: '2026-12-10' });
    await buy(fixture, 'A2', '20', '2020-11-05');
    await looked(fixture);
    await fixture.processor().process(id, first);
    await buy(fixture, 'A2', '20', '2020-11-05');
    await looked(fixture);
    expect(await fixture.postings(id)).toEqual(['A1 +1', 'A1 -1']);

    fixture.setTime('2026-12-10T15:00:00Z');
    await fixture.processor().process(id, first);

    // 40 shares are paid 8.20, less 1.23.
    expect(await fixture.balance('A2')).toBe('96006.97 and 40');
  });

  test('adjusts by itself where the account has the action already', async () => {
    const { fixture, id } = await posted(paidDividend);
    await buy(fixture, 'A1', '10', '2020-11-05');
    await looked(fixture);
    expect(await fixture.balance('A1')).toBe('98003.48 and 20');
    expect(await fixture.postings(id)).toEqual(['A1 +1']);
  });
});

const id = 'CA-000000000000000001' as ActionId;
const paid = announcementOf(dividend, {
  exDate: calendarDate('2020-11-06'),
  recordDate: calendarDate('2020-11-09'),
  paymentDate: calendarDate('2020-11-12'),
});
const dearer = { ...paid, terms: { ...paid.terms, amountPerShare: Price.of('0.5') } };

const toVersion2: readonly CorporateActionEvent[] = [
  { type: 'ActionAmended', data: { version: 2, announcement: dearer, reason: 'corrected' } },
  { type: 'ActionProcessingStarted', data: { version: 2, attempt: 1, terms: dearer.terms } },
];
const later = { ...paid, paymentDate: calendarDate('2026-12-10') };
const putOff: readonly CorporateActionEvent[] = [
  { type: 'ActionAmended', data: { version: 2, announcement: later, reason: 'the bank was late' } },
];
const toVersion3: readonly CorporateActionEvent[] = [
  { type: 'ActionAmended', data: { version: 3, announcement: dearer, reason: 'corrected' } },
  { type: 'ActionProcessingStarted', data: { version: 3, attempt: 1, terms: dearer.terms } },
];
const toCancelled: readonly CorporateActionEvent[] = [
  { type: 'ActionCancelled', data: { kind: 'CANCELLED', reason: 'withdrawn' } },
];

interface World {
  readonly ledger: LedgerFixture;
  readonly actions: ActionsBook;
  readonly failures: unknown[];
  /** Where each look has begun. */
  readonly begun: number[];
  cash(): Promise<string>;
  /** Notes at the end that it has looked at one position or more, or at so many. */
  start(
    entitlements?: Pick<EntitlementLedger, 'post' | 'reverse'>,
    rememberedAtEnd?: number,
  ): Promise<LateHoldings>;
}

/** An account that bought 100 AAPL in time, which becomes known when a dividend of 0.26 is posted. */
async function world(): Promise<World> {
  const ledger = await openLedger();
  onTestFinished(ledger.close);
  await listApple(ledger);
  await openAccount(ledger);
  const actions = await openActionsBook({ store: ledger.store });
  onTestFinished(actions.close);
  await happened(ledger.store, id, lifeOf(paid));
  const instruction = trade('T1', 'BUY', '100', '10', '2020-11-05');
  const booked = await ledger.ledger.account(alice, instruction, { cause });
  const position = booked.kind === 'accepted' ? (booked.position ?? 0) : 0;
  const late: LateHolding = { account: alice, symbol: aapl, date: '2020-11-05', position };
  const [failures, begun]: [unknown[], number[]] = [[], []];
  return {
    ledger,
    actions,
    failures,
    begun,
    cash: async () => {
      const { account } = await ledger.ledger.accountNow(alice);
      return Money.format(account?.cash ?? Money.zero);
    },
    start: (entitlements = ledger.ledger.entitlements, rememberedAtEnd = 1) =>
      startLateHoldings({
        store: ledger.store,
        actingOn: (symbol) => actions.actingOn(symbol, calendarDate('2026-11-20')),
        entitlements,
        holdings: {
          position: () => position,
          reach: actions.reach,
          trades: async (after) => {
            begun.push(after);
            return after < position ? [late] : [];
          },
          shares: async () => [],
        },
        onFailure: (failure) => failures.push(failure),
        // Only when the test says so.
        everyMs: 3_600_000,
        rememberedAtEnd,
      }),
  };
}

test('CA-07 a late holding keeps the version that comes to it just before it is taken back', async () => {
  const given = await world();
  const { entitlements } = given.ledger.ledger;
  const { store } = given.ledger;
  const late = await given.start({
    ...entitlements,
    post: async (...posting) => {
      const outcome = await entitlements.post(...posting);
      if (posting[1].actionVersion === 1) await happened(store, id, putOff);
      return outcome;
    },
    reverse: async (...reversal) => {
      await happened(store, id, toVersion3);
      return entitlements.reverse(...reversal);
    },
  });
  onTestFinished(late.stop);

  await late.look();

  expect(await given.cash()).toBe('99050');
});

describe('CA-06, LG-17 looking for late holdings', () => {
  test('goes on after a restart behind what was looked at', async () => {
    const given = await world();
    const before = await given.start();
    await before.look();
    expect(await given.cash()).toBe('99026');
    await before.stop();

    const after = await given.start();
    await after.look();
    await after.stop();

    expect(given.begun).toEqual([0]);
  });

  test('adds nothing to the log for a few that it has looked at', async () => {
    const given = await world();
    const { store } = given.ledger;
    const few = await given.start(undefined, 1_000);
    await few.look();
    const before = await store.head();
    await few.stop();
    expect(await store.head()).toEqual(before);
  });

  test('begins with the same holdings again when it failed, and tells of it', async () => {
    const given = await world();
    const { entitlements } = given.ledger.ledger;
    let isAway = true;
    const late = await given.start({
      ...entitlements,
      post: (...posting) =>
        isAway ? Promise.reject(new Error('the log is away')) : entitlements.post(...posting),
    });
    onTestFinished(late.stop);

    await expect(late.look()).rejects.toThrow('the log is away');
    expect(given.failures).toEqual([new Error('the log is away')]);
    isAway = false;
    await late.look();

    expect(given.begun).toEqual([0, 0]);
    expect(await given.cash()).toBe('99026');
  });

  test.each([
    ['the version that supersedes it', toVersion2, '99050'],
    ['nothing when it is cancelled', toCancelled, '99000'],
  ])('gives, of an action that changes just then, %s', async (_, change, cash) => {
    const given = await world();
    const { entitlements } = given.ledger.ledger;
    let isChanged = false;
    const late = await given.start({
      ...entitlements,
      post: async (...posting) => {
        if (!isChanged) await happened(given.ledger.store, id, change);
        isChanged = true;
        return entitlements.post(...posting);
      },
    });
    onTestFinished(late.stop);

    await late.look();

    expect(await given.cash()).toBe(cash);
    expect(await given.ledger.store.readStream(corporateActionStream(id))).toHaveLength(
      3 + change.length,
    );
  });
});
