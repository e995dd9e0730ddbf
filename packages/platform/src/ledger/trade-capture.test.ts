import { calendarDate } from '@counterfoil/event-store';
import { array, assert, asyncProperty, boolean, constantFrom, integer, record } from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AccountId } from '../domain/accounts/events.ts';
import { Money, Price, Quantity } from '../domain/money/money.ts';
import {
  tradeRecordStream,
  type Economics,
  type RecordId,
} from '../domain/trade-records/events.ts';
import type { Arrival } from '../domain/trade-records/trade-record.ts';
import { aapl, alice, cause, listApple, openAccount, openLedger } from './ledger.fixture.ts';

const bob = 'B1' as AccountId;

async function opened() {
  const fixture = await openLedger();
  onTestFinished(fixture.close);
  await listApple(fixture);
  await openAccount(fixture);
  await fixture.ledger.account(
    bob,
    {
      type: 'OpenAccount',
      accountId: bob,
      ownerName: 'Owner 2',
      ownerKind: 'INDIVIDUAL',
      currency: 'USD',
      initialBalance: Money.of('100000'),
      costMethod: 'FIFO',
      shortSelling: false,
      openedOn: calendarDate('2020-01-02'),
    },
    { cause },
  );
  let requests = 0;
  const send = (terms: Partial<Arrival> = {}) => {
    requests += 1;
    return fixture.ledger.trades.capture(arrival(`request ${requests}`, terms), { cause });
  };
  const account = async (id: AccountId) => {
    const { account: state } = await fixture.ledger.accountNow(id);
    const held = state?.positions.find(({ symbol }) => symbol === aapl);
    return {
      cash: Money.format(state?.cash ?? Money.zero),
      quantity: Quantity.format(held?.quantity ?? Quantity.zero),
      cost: Money.format(held?.cost ?? Money.zero),
    };
  };
  const eventsOf = async (id: string) =>
    (await fixture.store.readStream(tradeRecordStream(id as RecordId))).map(({ type }) => type);
  return { ...fixture, send, account, eventsOf };
}

function arrival(requestId: string, terms: Partial<Arrival>): Arrival {
  return {
    requestId,
    tradeId: 'T1' as RecordId,
    version: 1,
    counterpartyId: 'CP-1',
    bookId: 'B1',
    maturityDate: calendarDate('2027-05-20'),
    createdDate: calendarDate('2026-11-20'),
    economics: null,
    ...terms,
  };
}

function buys(quantity: string, price = '100', terms: Partial<Economics> = {}): Economics {
  return {
    accountId: alice,
    symbol: aapl,
    side: 'BUY',
    quantity: Quantity.of(quantity),
    price: Price.of(price),
    fees: Money.zero,
    tradeDate: calendarDate('2026-11-19'),
    ...terms,
  };
}

describe('TC-01 a captured trade with economics', () => {
  test('is booked in its account, in the commit of its record', async () => {
    const { send, account, store } = await opened();

    const result = await send({ economics: buys('10') });

    expect(result.kind).toBe('accepted');
    expect(await account(alice)).toEqual({ cash: '99000', quantity: '10', cost: '1000' });
    const { events } = await store.readAll({ after: 3, limit: 10 });
    expect(events.map(({ type }) => type)).toEqual(['TradeRecordCaptured', 'TradeBooked']);
    expect(events[1]?.data).toMatchObject({ tradeId: 'T1:1' });
  });

  test('TC-02 leaves nothing but the new booking when another version or record comes', async () => {
    const { send, account } = await opened();
    await send({ economics: buys('10') });
    await send({ economics: buys('7', '110') });
    expect(await account(alice)).toEqual({ cash: '99230', quantity: '7', cost: '770' });

    await send({ version: 2, economics: buys('5', '120') });
    expect(await account(alice)).toEqual({ cash: '99400', quantity: '5', cost: '600' });

    await send({ version: 3, economics: buys('5', '120', { accountId: bob }) });
    expect(await account(alice)).toEqual({ cash: '100000', quantity: '0', cost: '0' });
    expect(await account(bob)).toEqual({ cash: '99400', quantity: '5', cost: '600' });

    await send({ version: 4 });
    expect(await account(bob)).toEqual({ cash: '100000', quantity: '0', cost: '0' });
  });

  test('leaves the booking alone when the new record books the same', async () => {
    const { send, store } = await opened();
    await send({ economics: buys('10') });
    const { position } = await store.head();

    await send({ version: 2, counterpartyId: 'CP-2', economics: buys('10') });
    const { events } = await store.readAll({ after: position, limit: 10 });
    expect(events.map(({ type }) => type)).toEqual(['TradeRecordAmended']);
    expect(events[0]?.data).toMatchObject({ executionId: 'T1:1' });

    // And knows it still.
    await send({ version: 3, economics: buys('1') });
    const { events: after } = await store.readAll({ after: position + 1, limit: 10 });
    expect(after.map(({ type }) => type)).toEqual([
      'TradeRecordAmended',
      'TradeCancelled',
      'TradeBooked',
      'PositionRestated',
    ]);
  });

  test('LG-08 is refused with the reason of the ledger, and what stood stands', async () => {
    const { send, account, eventsOf, store } = await opened();
    await send({ economics: buys('10') });

    const result = await send({ version: 2, economics: buys('10000') });

    expect(result).toMatchObject({
      kind: 'rejected',
      rejection: {
        code: 'INSUFFICIENT_BUYING_POWER',
        reason: 'It takes 999000 and there is 99000.',
      },
    });
    expect(await account(alice)).toEqual({ cash: '99000', quantity: '10', cost: '1000' });
    expect(await eventsOf('T1')).toEqual(['TradeRecordCaptured', 'TradeRecordRefused']);
    const refusals = await store.readAll({ after: 0, limit: 100, types: ['TradeRefused'] });
    expect(refusals.events.map(({ data }) => data)).toMatchObject([{ tradeId: 'T1:2' }]);
  });

  test('is not moved to an account that refuses it', async () => {
    const { send, account } = await opened();
    await send({ economics: buys('10') });

    const result = await send({
      version: 2,
      economics: buys('10', '100', { accountId: 'NOBODY' as AccountId }),
    });

    expect(result).toMatchObject({
      kind: 'rejected',
      rejection: { code: 'ACCOUNT_UNKNOWN', reason: 'There is no account NOBODY.' },
    });
    expect(await account(alice)).toEqual({ cash: '99000', quantity: '10', cost: '1000' });
  });
});

interface Submission {
  readonly trade: number;
  readonly version: number;
  readonly maturity: string;
  readonly economics: Economics | null;
}

const submission = record({
  trade: integer({ min: 1, max: 3 }),
  version: integer({ min: 1, max: 4 }),
  maturity: constantFrom('2026-11-19', '2026-11-20', '2027-05-20'),
  economics: record({
    accountId: constantFrom(alice, bob),
    quantity: integer({ min: 1, max: 9 }),
    price: integer({ min: 95, max: 105 }),
    tradeDate: constantFrom('2026-11-17', '2026-11-18', '2026-11-19'),
    booked: boolean(),
  }).map(({ accountId, quantity, price, tradeDate, booked }): Economics | null =>
    booked
      ? buys(`${quantity}`, `${price}`, { accountId, tradeDate: calendarDate(tradeDate) })
      : null,
  ),
});

/** What the rules say becomes of submissions in the order in which they are decided, said as plainly as can be. */
function survivors(submissions: readonly Submission[]): ReadonlyMap<number, Submission> {
  const current = new Map<number, Submission>();
  for (const one of submissions) {
    const stored = current.get(one.trade);
    if (one.maturity < '2026-11-20') continue;
    if (stored !== undefined && one.version < stored.version) continue;
    current.set(one.trade, one);
  }
  return current;
}

describe('TC-02 versions of some trades, in whatever order they come and however many at once', () => {
  test('end in the state that the rules give, and positions are those of the surviving trades', async () => {
    await assert(
      asyncProperty(
        array(submission, { maxLength: 25 }),
        boolean(),
        async (submissions, atOnce) => {
          const { send, account, store, ledger, close } = await opened();
          const sent: Promise<unknown>[] = [];
          for (const { trade, version, maturity, economics } of submissions) {
            const result = send({
              tradeId: `T${trade}` as RecordId,
              version,
              maturityDate: calendarDate(maturity),
              counterpartyId: `CP-${sent.length}`,
              economics,
            });
            sent.push(result);
            if (!atOnce) await result;
          }
          await Promise.all(sent);

          // In the order of the log, which is that of the decisions.
          const { events } = await store.readAll({ after: 0, limit: 1_000 });
          const decided = events.flatMap(({ data }) => {
            const { counterpartyId } = data as { readonly counterpartyId?: string };
            const number = counterpartyId && Number(counterpartyId.slice(3));
            return submissions[typeof number === 'number' ? number : -1] ?? [];
          });
          expect(decided).toHaveLength(submissions.length);
          const current = [...survivors(decided).values()];
          for (const id of [alice, bob]) {
            const booked = current.flatMap(({ economics }) =>
              economics?.accountId === id ? economics : [],
            );
            const quantity = booked.reduce(
              (sum, one) => sum + Number(Quantity.format(one.quantity)),
              0,
            );
            const cost = booked.reduce(
              (sum, { quantity: held, price }) =>
                sum + Number(Quantity.format(held)) * Number(Price.format(price)),
              0,
            );
            expect(await account(id)).toEqual({
              cash: `${100_000 - cost}`,
              quantity: `${quantity}`,
              cost: `${cost}`,
            });
          }
          for (const { trade, version } of current) {
            const known = ledger.trades.foresee(
              arrival('', { tradeId: `T${trade}` as RecordId, version: version - 1 }),
            );
            expect(known).toMatchObject({ code: 'TRADE_VERSION_LOWER', current: version });
          }
          await close();
        },
      ),
      { numRuns: 150 },
    );
  });
});
