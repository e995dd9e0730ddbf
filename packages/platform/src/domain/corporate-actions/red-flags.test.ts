import { calendarDate } from '@counterfoil/event-store';
import { expect, test } from 'vitest';
import { currency } from '../money/currency.ts';
import { Price, Ratio } from '../money/money.ts';
import type { AnnouncementDraft } from './announcement.ts';
import { announcementOf, dividend, ratioOf, split } from './corporate-action.fixture.ts';
import { redFlags } from './red-flags.ts';

const today = calendarDate('2026-11-20');
const of = (amount: string): AnnouncementDraft => ({
  ...dividend,
  terms: { amountPerShare: Price.of(amount) },
});
const inEuro = {
  ...dividend,
  terms: {
    amountPerShare: Price.of('9.48'),
    currency: currency('EUR'),
    exchangeRate: Ratio.of('1.08'),
  },
};
const splitOf = (ratio: string) => ({ ...split, terms: ratioOf(ratio) });

test.each<[string, AnnouncementDraft, string | undefined, readonly string[]]>([
  ['an ordinary dividend', dividend, '189.50', []],
  ['a dividend of 5 % of the price', of('9.475'), '189.50', []],
  ['a dividend of more', of('9.48'), '189.50', ['DIVIDEND_LARGE']],
  ['a yield in place of an amount', of('0.0052'), '189.50', ['AMOUNT_LOOKS_LIKE_YIELD']],
  ['a dividend of 0.02 % of the price', of('0.0379'), '189.50', []],
  ['an amount without a price to hold it against', of('1000'), undefined, []],
  ['an amount in another currency than the price', inEuro, '189.50', []],
  ['a split 7:1', splitOf('7:1'), '189.50', []],
  ['a split 1:100', splitOf('1:100'), '189.50', []],
  ['a split 1:101', splitOf('1:101'), '189.50', ['RATIO_UNUSUAL']],
  ['a factor in place of a ratio', splitOf('0.1428572:1'), '189.50', ['RATIO_UNUSUAL']],
  [
    'a spin-off, whose ratio is never round',
    { ...splitOf('0.241917:1'), actionType: 'SPIN_OFF' },
    '189.50',
    [],
  ],
  ['an ex-date in a year', { ...split, exDate: calendarDate('2027-11-20') }, '189.50', []],
  [
    'an ex-date a day later',
    { ...split, exDate: calendarDate('2027-11-21') },
    '189.50',
    ['EX_DATE_FAR_AWAY'],
  ],
  [
    'a misplaced point and a wrong year',
    { ...of('26'), exDate: calendarDate('2036-12-08') },
    '189.50',
    ['DIVIDEND_LARGE', 'EX_DATE_FAR_AWAY'],
  ],
])('CA-01 %s', (_, draft, lastPrice, codes) => {
  const price = lastPrice === undefined ? undefined : Price.of(lastPrice);
  const flags = redFlags(announcementOf(draft), price, today);
  expect(flags.map(({ code }) => code)).toEqual(codes);
  for (const { detail } of flags) expect(detail).toMatch(/\.$/);
});
