import { calendarDate } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import type { AnnouncementDraft } from '../domain/corporate-actions/announcement.ts';
import { announcementOf, ratioOf } from '../domain/corporate-actions/corporate-action.fixture.ts';
import type { ActionTerms } from '../domain/corporate-actions/events.ts';
import { termTexts } from '../domain/corporate-actions/term-texts.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { currency } from '../domain/money/currency.ts';
import { Percentage, Price, Quantity, Ratio } from '../domain/money/money.ts';
import { resolvedTerms, type TermSources } from './resolved-terms.ts';

const [AAPL, WBD, SAP] = ['AAPL', 'WBD', 'SAP'] as const;

/** AAPL and WBD in dollars, SAP in euros; closes of 28 August (Friday) and 31 August 2020 (Monday). */
function sources(closes: Readonly<Record<string, string>> = {}, tendered = '0'): TermSources {
  return {
    currencyOf: (symbol) =>
      symbol === SAP
        ? currency('EUR')
        : symbol === AAPL || symbol === WBD
          ? currency('USD')
          : undefined,
    closeAtOrBefore: async (symbol, date, since) => {
      const days = Object.keys(closes).filter(
        (key) => key <= `${symbol} ${date}` && key >= `${symbol} ${since ?? ''}`,
      );
      const found = closes[days.findLast((key) => key.startsWith(`${symbol} `)) ?? ''];
      return found === undefined ? undefined : Price.of(found);
    },
    tendered: async () => Quantity.of(tendered),
  };
}

function draft(
  actionType: AnnouncementDraft['actionType'],
  terms: Partial<ActionTerms>,
  changed: Partial<AnnouncementDraft> = {},
) {
  return announcementOf({
    actionType,
    symbol: AAPL as InstrumentSymbol,
    terms,
    exDate: calendarDate('2020-08-31'),
    source: 'test',
    sourceReference: null,
    ...changed,
  });
}

type Case = readonly [string, ReturnType<typeof draft>, TermSources, object];

const otherSymbol = WBD as InstrumentSymbol;
const priced = sources({
  'AAPL 2020-08-28': '499.23',
  'WBD 2020-08-28': '24',
  'WBD 2020-08-31': '24.43',
});

const thirdSplit = draft('STOCK_SPLIT', ratioOf('3:2'));
const stockMerger = draft('MERGER', { ...ratioOf('0.5:1'), otherSymbol });
const mixedMerger = draft('MERGER', {
  ...ratioOf('0.5:1'),
  otherSymbol,
  cashPerShare: Price.of('12.5'),
});
const spinOff = draft('SPIN_OFF', { ...ratioOf('0.241917:1'), otherSymbol });

describe('CA-06 the terms by which an action is posted', () => {
  test.each<Case>([
    [
      'a dividend needs nothing to be looked up',
      draft('DIVIDEND', { amountPerShare: Price.of('0.205') }),
      sources(),
      {},
    ],
    [
      'a dividend in another currency comes with its rate',
      draft('DIVIDEND', {
        amountPerShare: Price.of('0.205'),
        currency: currency('EUR'),
        exchangeRate: Ratio.of('1.1'),
      }),
      sources(),
      {},
    ],
    [
      'fractions of a split are paid at the close before the ex-date, on the new basis',
      thirdSplit,
      priced,
      { price_in_lieu: '332.82' },
    ],
    [
      'a stock dividend adds to what is held: a close of 499.23 is 475.45714286 with 1 for 20 more',
      draft('STOCK_DIVIDEND', ratioOf('1:20')),
      priced,
      { price_in_lieu: '475.45714286' },
    ],
    [
      'the price that is announced counts, whatever the close',
      draft('STOCK_SPLIT', { ...ratioOf('3:2'), priceInLieu: Price.of('300') }),
      priced,
      {},
    ],
    [
      'a split of whole shares into whole shares needs no price: parts of a share stay parts',
      draft('STOCK_SPLIT', ratioOf('4:1')),
      sources(),
      { fractions: 'DIST' },
    ],
    [
      'fractions that are dropped need no price',
      draft('STOCK_SPLIT', { ...ratioOf('3:2'), fractions: 'RDDN' }),
      sources(),
      {},
    ],
    [
      'fractions of a buyer are paid at its close on the day of the merger',
      stockMerger,
      priced,
      { price_in_lieu: '24.43' },
    ],
    [
      'a merger into stock and cash values the stock by the same close',
      mixedMerger,
      priced,
      { price_in_lieu: '24.43', acquirer_price: '24.43' },
    ],
    [
      'a merger into cash needs no price',
      draft('MERGER', { cashPerShare: Price.of('12.5') }),
      sources(),
      {},
    ],
    [
      'a merger into stock and cash is at the price of the buyer that was announced, fractions too',
      draft('MERGER', {
        ...ratioOf('0.5:1'),
        otherSymbol,
        cashPerShare: Price.of('4'),
        otherPrice: Price.of('25'),
      }),
      sources(),
      { price_in_lieu: '25' },
    ],
    [
      'a spin-off divides the cost by the closes of both since the ex-date',
      spinOff,
      sources({ 'AAPL 2020-08-28': '499.23', 'AAPL 2020-08-31': '480', 'WBD 2020-08-31': '24.43' }),
      { price_in_lieu: '24.43', child_price: '24.43', parent_price: '480' },
    ],
    [
      'a spin-off with its own percentage needs the price of fractions alone',
      draft('SPIN_OFF', {
        ...ratioOf('0.241917:1'),
        otherSymbol,
        basisPercent: Percentage.of('24.48'),
      }),
      priced,
      { price_in_lieu: '24.43' },
    ],
  ])('%s', async (_, announcement, given, lookedUp) => {
    const terms = await resolvedTerms(announcement, given);
    const before = new Map(Object.entries(termTexts(announcement)));
    const after = Object.entries(termTexts({ ...announcement, terms }));
    const found = after.filter(([name, text]) => before.get(name) !== text);
    expect(Object.fromEntries(found)).toEqual(lookedUp);
  });

  test('a change of symbol takes every share over, and every part of one', async () => {
    const renamed = draft('SYMBOL_CHANGE', { otherSymbol });
    const { terms } = renamed;
    expect(await resolvedTerms(renamed, sources())).toEqual({
      ...terms,
      ...ratioOf('1:1'),
      fractions: 'DIST',
    });
  });

  test.each([
    ['as many as are accepted', '100', null],
    ['fewer', '99.5', null],
    ['more: each gets the part that is accepted', '150', '100:150'],
  ])('CA-08 a tender of %s', async (_, tendered, ratio) => {
    const tender = draft(
      'TENDER_OFFER',
      { cashPerShare: Price.of('13'), acceptedQuantityMax: Quantity.of('100') },
      { electionDeadline: calendarDate('2020-08-28') },
    );
    const { ratioNew, ratioOld } = await resolvedTerms(tender, sources({}, tendered));
    const text =
      ratioNew === null || ratioOld === null
        ? null
        : `${Ratio.format(ratioNew)}:${Ratio.format(ratioOld)}`;
    expect(text).toBe(ratio);
  });

  test('CA-08 nobody counts what is tendered where all of it is accepted', async () => {
    const tender = draft('TENDER_OFFER', { cashPerShare: Price.of('13') });
    const uncounted = { ...sources(), tendered: () => Promise.reject(new Error('it was counted')) };
    expect(await resolvedTerms(tender, uncounted)).toEqual(tender.terms);
  });
});

describe('CA-03 what no further attempt helps against says what does', () => {
  const euros = { amountPerShare: Price.of('0.205'), currency: currency('EUR') };
  test.each<readonly [string, ReturnType<typeof draft>, TermSources, string, RegExp]>([
    [
      'no price of fractions',
      thirdSplit,
      sources(),
      'PRICE_UNAVAILABLE',
      /amend it with a price_in_lieu, or record a price and retry/,
    ],
    [
      'a close of the ex-date alone',
      thirdSplit,
      sources({ 'AAPL 2020-08-31': '129' }),
      'PRICE_UNAVAILABLE',
      /STOCK_SPLIT of AAPL/,
    ],
    [
      'no price of the buyer',
      stockMerger,
      sources({ 'AAPL 2020-08-28': '499' }),
      'PRICE_UNAVAILABLE',
      /MERGER of WBD/,
    ],
    [
      'no value of the buyer',
      draft('MERGER', { ...ratioOf('2:1'), otherSymbol, cashPerShare: Price.of('1') }),
      sources(),
      'PRICE_UNAVAILABLE',
      /acquirer_price/,
    ],
    [
      'no price of the parent without the child',
      spinOff,
      sources({ 'AAPL 2020-08-28': '499.23', 'WBD 2020-08-31': '24' }),
      'PRICE_UNAVAILABLE',
      /basis_percent/,
    ],
    [
      'no exchange rate',
      draft('DIVIDEND', euros),
      sources(),
      'EXCHANGE_RATE_MISSING',
      /amend it with an exchange_rate, or an amount in USD/,
    ],
    [
      'capital in another currency',
      draft('RETURN_OF_CAPITAL', euros),
      sources(),
      'EXCHANGE_RATE_MISSING',
      /an amount in USD/,
    ],
    [
      'shares that are not listed',
      draft('DIVIDEND', euros, { symbol: 'NONE' as InstrumentSymbol }),
      sources(),
      'INSTRUMENT_UNKNOWN',
      /NONE is not listed: list it, then retry/,
    ],
    [
      'a buyer that is not listed',
      draft('MERGER', { ...ratioOf('1:1'), otherSymbol: 'NONE' as InstrumentSymbol }),
      priced,
      'INSTRUMENT_UNKNOWN',
      /NONE/,
    ],
    [
      'a buyer in another currency',
      draft('MERGER', { ...ratioOf('1:1'), otherSymbol: SAP as InstrumentSymbol }),
      priced,
      'CURRENCY_MISMATCH',
      /AAPL is in USD and SAP in EUR/,
    ],
  ])('%s', async (_, announcement, given, code, message) => {
    await expect(resolvedTerms(announcement, given)).rejects.toMatchObject({
      name: 'Unresolved',
      code,
      message: expect.stringMatching(message),
    });
  });
});
