import { randomBytes } from 'node:crypto';
import {
  calendarDate,
  instantFromMilliseconds,
  openEventStore,
  type EventStore,
} from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  announced,
  nextId,
  ratioOf,
} from '../domain/corporate-actions/actions-in-force.fixture.ts';
import {
  corporateActionEventTypes,
  type CorporateActionEvent,
} from '../domain/corporate-actions/events.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { Price } from '../domain/money/money.ts';
import { openActionsBook, type ActionsBook } from './actions-book.ts';
import { happened, lifeOf, noTotals } from './posted-actions.fixture.ts';

const aapl = 'AAPL' as InstrumentSymbol;
const msft = 'MSFT' as InstrumentSymbol;

async function openedStore(): Promise<EventStore> {
  const store = await openEventStore({
    storage: openMemoryStorage(),
    eventTypes: corporateActionEventTypes,
    clock: () => instantFromMilliseconds(Date.parse('2026-11-20T15:00:00Z')),
    randomBytes,
  });
  onTestFinished(store.close);
  return store;
}

async function openedBook(store: EventStore): Promise<ActionsBook> {
  const book = await openActionsBook({ store });
  onTestFinished(book.close);
  return book;
}

const split = (exDate: string, ratio: string, symbol = aapl) =>
  announced('STOCK_SPLIT', exDate, ratioOf(ratio), symbol);

const exDatesOn = (book: ActionsBook, symbol = aapl) =>
  book.postedOn(symbol).map(({ announcement }) => announcement.exDate);

describe('CA-10 the book of actions', () => {
  test('knows what the log held before it was opened, and follows it', async () => {
    const store = await openedStore();
    const first = nextId();
    await happened(store, first, lifeOf(split('2014-06-09', '7:1')));
    const book = await openedBook(store);
    expect(book.find(first)).toMatchObject({ status: 'COMPLETED', version: 1 });

    const second = nextId();
    const position = await happened(store, second, lifeOf(split('2020-08-31', '4:1')).slice(0, 1));
    await book.reach(position);
    expect(book.find(second)).toMatchObject({ status: 'PENDING', posted: undefined });
    expect(book.find(nextId())).toBeUndefined();
  });

  test('lists the actions in force on a symbol by ex-date, however they came', async () => {
    const store = await openedStore();
    const book = await openedBook(store);
    const id = nextId();
    await happened(store, nextId(), lifeOf(split('2020-08-31', '4:1')));
    await happened(store, nextId(), lifeOf(split('2003-02-18', '2:1', msft)));
    const position = await happened(store, id, lifeOf(split('2014-06-09', '7:1')));
    await book.reach(position);

    expect(exDatesOn(book)).toEqual(['2014-06-09', '2020-08-31']);
    expect(exDatesOn(book, msft)).toEqual(['2003-02-18']);
    expect(exDatesOn(book, 'IBM' as InstrumentSymbol)).toEqual([]);
    await book.reach(await happened(store, nextId(), lifeOf(split('2005-02-28', '2:1'))));
    expect(exDatesOn(book)).toEqual(['2005-02-28', '2014-06-09', '2020-08-31']);
    expect(book.postedOn(aapl)[1]).toEqual({
      id,
      version: 1,
      announcement: split('2014-06-09', '7:1'),
      terms: split('2014-06-09', '7:1').terms,
      totals: noTotals,
    });
  });

  test.each<[title: string, events: readonly CorporateActionEvent[], inForce: readonly string[]]>([
    ['announced', lifeOf(split('2014-06-09', '7:1')).slice(0, 1), []],
    ['being processed', lifeOf(split('2014-06-09', '7:1')).slice(0, 2), []],
    ['completed', lifeOf(split('2014-06-09', '7:1')), ['2014-06-09']],
    [
      'amended, until the amendment is completed',
      [...lifeOf(split('2014-06-09', '7:1')), amendment('2014-06-10')],
      ['2014-06-09'],
    ],
    [
      'amended and completed again',
      [
        ...lifeOf(split('2014-06-09', '7:1')),
        amendment('2014-06-10'),
        {
          type: 'ActionProcessingStarted',
          data: { version: 2, attempt: 1, terms: split('2014-06-10', '7:1').terms },
        },
        { type: 'ActionCompleted', data: { version: 2, totals: noTotals } },
      ],
      ['2014-06-10'],
    ],
    [
      'cancelled, until it is reversed',
      [...lifeOf(split('2014-06-09', '7:1')), cancellation()],
      ['2014-06-09'],
    ],
    [
      'cancelled and reversed',
      [
        ...lifeOf(split('2014-06-09', '7:1')),
        cancellation(),
        { type: 'ActionReversed', data: { version: 1, totals: noTotals } },
      ],
      [],
    ],
  ])('of an action that is %s', async (_, events, inForce) => {
    const store = await openedStore();
    const book = await openedBook(store);
    const id = nextId();
    // One at a time, and asked for in between: what is remembered of the symbol must not outlive a change.
    for (const event of events) {
      await book.reach(await happened(store, id, [event]));
      exDatesOn(book);
    }

    expect(exDatesOn(book)).toEqual(inForce);
    expect(exDatesOn(await openedBook(store))).toEqual(inForce);
  });

  test('lists the changes that ended in a symbol', async () => {
    const store = await openedStore();
    const book = await openedBook(store);
    const meta = 'META' as InstrumentSymbol;
    const fb = 'FB' as InstrumentSymbol;
    const id = nextId();
    await happened(
      store,
      id,
      lifeOf(announced('SYMBOL_CHANGE', '2022-06-09', { otherSymbol: meta }, fb)),
    );
    await happened(
      store,
      nextId(),
      lifeOf(announced('MERGER', '2022-06-10', { otherSymbol: meta }, aapl)),
    );
    await book.reach((await store.head()).position);

    expect(book.changesInto(meta).map((change) => change.id)).toEqual([id]);
    expect(book.changesInto(fb)).toEqual([]);
    await book.reach(
      await happened(store, id, [
        cancellation(),
        { type: 'ActionReversed', data: { version: 1, totals: noTotals } },
      ]),
    );
    expect(book.changesInto(meta)).toEqual([]);
  });

  test('lists what acts on a symbol from the start of its posting on, until it is cancelled', async () => {
    const today = calendarDate('2026-11-20');
    const store = await openedStore();
    const book = await openedBook(store);
    const id = nextId();
    const [said, begun, done] = lifeOf(split('2014-06-09', '7:1')) as [never, never, never];
    const acting = async (...events: readonly CorporateActionEvent[]) => {
      await book.reach(await happened(store, id, events));
      return book.actingOn(aapl, today).map((action) => [action.id, action.version]);
    };

    expect(await acting(said)).toEqual([]);
    expect(await acting(begun)).toEqual([[id, 1]]);
    expect(await acting(done)).toEqual([[id, 1]]);
    const amended = { type: 'ActionProcessingStarted', data: { version: 2, attempt: 1 } } as const;
    const { terms } = split('2014-06-09', '6:1');
    const again = { ...amended, data: { ...amended.data, terms } };
    expect(await acting(amendment('2014-06-10'))).toEqual([[id, 1]]);
    expect(await acting(again)).toEqual([[id, 2]]);
    expect(await acting(cancellation())).toEqual([]);
  });

  test.each([
    ['completed', 3],
    ['being posted', 2],
  ])('CA-07 gives nobody what was %s and is put off, until its new day', async (_, events) => {
    const store = await openedStore();
    const book = await openedBook(store);
    const id = nextId();
    const acting = (day: string) =>
      book.actingOn(aapl, calendarDate(day)).map(({ version }) => version);
    await happened(store, id, lifeOf(split('2014-06-09', '7:1')).slice(0, events));
    await book.reach(await happened(store, id, [amendment('2026-12-07')]));

    expect(acting('2026-12-04')).toEqual([]);
    expect(acting('2026-12-07')).toEqual([1]);
    expect(exDatesOn(book)).toEqual(events === 3 ? ['2014-06-09'] : []);
    const taken = { type: 'ActionReversed', data: { version: 1, totals: noTotals } } as const;
    await book.reach(await happened(store, id, [taken]));
    expect(acting('2026-12-07')).toEqual([]);
    expect(exDatesOn(book)).toEqual([]);
    expect(book.find(id)).toMatchObject({ status: 'PENDING', version: 2, reversed: false });
  });

  test('keeps the terms that were looked up beside those that were announced', async () => {
    const store = await openedStore();
    const book = await openedBook(store);
    const announcement = split('2021-08-02', '1:8');
    const lookedUp = { ...announcement.terms, priceInLieu: Price.of('104') };
    await book.reach(await happened(store, nextId(), lifeOf(announcement, lookedUp)));

    expect(book.postedOn(aapl)).toMatchObject([
      { terms: { priceInLieu: Price.of('104') }, announcement: { terms: { priceInLieu: null } } },
    ]);
  });

  test('keeps what actions have in common once', async () => {
    const store = await openedStore();
    const [first, second] = [nextId(), nextId()];
    await happened(store, first, lifeOf(split('2014-06-09', '7:1')));
    await happened(store, second, lifeOf(split('2014-06-09', '7:1')));
    const book = await openedBook(store);

    const posted = book.find(first)?.posted;
    expect(posted?.terms).toBe(posted?.announcement.terms);
    expect(posted?.announcement).toBe(book.find(first)?.head);
  });
});

function amendment(exDate: string): CorporateActionEvent {
  const announcement = split(exDate, '7:1');
  return { type: 'ActionAmended', data: { version: 2, announcement, reason: 'corrected' } };
}

function cancellation(): CorporateActionEvent {
  return { type: 'ActionCancelled', data: { kind: 'WITHDRAWN', reason: 'withdrawn' } };
}
