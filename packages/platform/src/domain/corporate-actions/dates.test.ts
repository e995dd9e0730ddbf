import { calendarDate } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import { unitedStates } from '../calendar/united-states.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { Price } from '../money/money.ts';
import type { AnnouncementDraft } from './announcement.ts';
import type { CorporateActionCommand } from './commands.ts';
import {
  actionAfter,
  announce,
  announcementOf,
  cancel,
  complete,
  dividend,
  ratioOf,
  reverse,
  split,
  start,
} from './corporate-action.fixture.ts';
import { dateFault, dueOn, stageOn, type Stage } from './dates.ts';

type Dates = Partial<Record<keyof AnnouncementDraft, string | null>>;

const on = (draft: AnnouncementDraft, dates: Dates) =>
  announcementOf({ ...draft, ...dates } as never);
const special: AnnouncementDraft = {
  ...dividend,
  terms: { ...dividend.terms, dividendKind: 'SPECIAL' },
};
const splitOf = (ratio: string) => ({ ...split, terms: ratioOf(ratio) });
const stockDividend = (ratio: string): AnnouncementDraft => ({
  ...split,
  actionType: 'STOCK_DIVIDEND',
  terms: ratioOf(ratio),
});
const rights: AnnouncementDraft = {
  ...split,
  actionType: 'RIGHTS_ISSUE',
  terms: { ...ratioOf('1:4'), subscriptionPrice: Price.of('80') },
};
const tender: AnnouncementDraft = {
  ...split,
  actionType: 'TENDER_OFFER',
  terms: { cashPerShare: Price.of('200') },
};
const spinOff: AnnouncementDraft = {
  ...split,
  actionType: 'SPIN_OFF',
  terms: { ...ratioOf('1:4'), otherSymbol: 'WBD' as InstrumentSymbol },
};
const recordBeforeEx = {
  exDate: '2026-12-07',
  recordDate: '2026-12-04',
  paymentDate: '2026-12-10',
};

describe('CA-01 the order of the dates', () => {
  test.each<[string, AnnouncementDraft, Dates, string | undefined]>([
    ['ex and record on one day (T+1)', dividend, {}, undefined],
    [
      'ex a business day before record (T+2)',
      dividend,
      { exDate: '2023-11-10', recordDate: '2023-11-13', paymentDate: '2023-11-16' },
      undefined,
    ],
    ['no record date', dividend, { recordDate: null }, undefined],
    ['ex on a Saturday', dividend, { exDate: '2026-12-05' }, 'EX_DATE_NOT_BUSINESS_DAY'],
    ['ex on Christmas', dividend, { exDate: '2026-12-25' }, 'EX_DATE_NOT_BUSINESS_DAY'],
    ['a dividend without payment date', dividend, { paymentDate: null }, 'PAYMENT_DATE_MISSING'],
    ['record before ex', dividend, recordBeforeEx, 'RECORD_BEFORE_EX'],
    ['record before ex of a special dividend', special, recordBeforeEx, undefined],
    [
      'AAPL 4:1 of 2020',
      splitOf('4:1'),
      { recordDate: '2020-08-24', paymentDate: '2020-08-28', exDate: '2020-08-31' },
      undefined,
    ],
    ['a split 5:4 with record before ex', splitOf('5:4'), recordBeforeEx, undefined],
    ['a split 6:5 with record before ex', splitOf('6:5'), recordBeforeEx, 'RECORD_BEFORE_EX'],
    ['a reverse split with record before ex', splitOf('1:8'), recordBeforeEx, 'RECORD_BEFORE_EX'],
    [
      'one bonus share for four with record before ex',
      stockDividend('1:4'),
      recordBeforeEx,
      undefined,
    ],
    [
      'one bonus share for five with record before ex',
      stockDividend('1:5'),
      recordBeforeEx,
      'RECORD_BEFORE_EX',
    ],
    [
      'T and WBD of 2022',
      spinOff,
      { recordDate: '2022-04-05', paymentDate: '2022-04-08', exDate: '2022-04-11' },
      undefined,
    ],
    ['payment before record', dividend, { recordDate: '2026-12-11' }, 'PAYMENT_BEFORE_RECORD'],
    ['payment on the record date', dividend, { recordDate: '2026-12-10' }, undefined],
    [
      'payment before ex',
      dividend,
      { recordDate: null, paymentDate: '2026-12-04' },
      'PAYMENT_BEFORE_EX',
    ],
    [
      'payment before ex of a special dividend',
      special,
      { recordDate: null, paymentDate: '2026-12-04' },
      undefined,
    ],
    [
      'a dividend that takes effect before it is paid',
      dividend,
      { effectiveDate: '2026-12-09' },
      'EFFECTIVE_NOT_PAYMENT_DATE',
    ],
    ['shares that move before ex', split, { effectiveDate: '2026-12-04' }, 'EFFECTIVE_BEFORE_EX'],
    ['shares that move after ex', split, { effectiveDate: '2026-12-08' }, undefined],
    [
      'rights without a deadline',
      rights,
      { effectiveDate: '2026-12-21' },
      'ELECTION_DEADLINE_MISSING',
    ],
    [
      'a deadline on the day it takes effect',
      rights,
      { effectiveDate: '2026-12-21', electionDeadline: '2026-12-21' },
      'ELECTION_DEADLINE_NOT_BEFORE_EFFECTIVE',
    ],
    [
      'a deadline on the day before',
      rights,
      { effectiveDate: '2026-12-21', electionDeadline: '2026-12-20' },
      undefined,
    ],
    [
      'rights that are exercised without being asked',
      rights,
      { effectiveDate: '2026-12-21', electionDeadline: '2026-12-18', defaultOption: 'EXERCISE' },
      undefined,
    ],
    [
      'rights that are tendered',
      rights,
      { effectiveDate: '2026-12-21', electionDeadline: '2026-12-18', defaultOption: 'TENDER' },
      'DEFAULT_OPTION_NOT_FOR_TYPE',
    ],
    [
      'an offer whose shares are exercised',
      tender,
      { effectiveDate: '2026-12-21', electionDeadline: '2026-12-18', defaultOption: 'EXERCISE' },
      'DEFAULT_OPTION_NOT_FOR_TYPE',
    ],
    ['a deadline of a split', split, { electionDeadline: '2026-12-01' }, 'NO_ELECTION'],
    ['a default option of a dividend', dividend, { defaultOption: 'NO_ACTION' }, 'NO_ELECTION'],
  ])('%s', (_, draft, dates, code) => {
    expect(dateFault(on(draft, dates), unitedStates)?.code).toBe(code);
  });

  test('holders that say nothing take no action', () => {
    expect(announcementOf(tender).defaultOption).toBe('NO_ACTION');
    expect(announcementOf(dividend).defaultOption).toBeNull();
  });
});

describe('CA-07 the date on which it is posted', () => {
  test.each<[string, AnnouncementDraft, Dates, string]>([
    ['a dividend when it is paid', dividend, {}, '2026-12-10'],
    [
      'a special dividend that is paid before ex, on the ex-date',
      special,
      { paymentDate: '2026-12-04', recordDate: null },
      '2026-12-07',
    ],
    ['a split on the ex-date', split, {}, '2026-12-07'],
    [
      'a split with a payment date on the ex-date',
      splitOf('4:1'),
      { paymentDate: '2026-12-04' },
      '2026-12-07',
    ],
    ['shares on their effective date', split, { effectiveDate: '2026-12-08' }, '2026-12-08'],
    [
      'capital when it is paid back',
      { ...dividend, actionType: 'RETURN_OF_CAPITAL' },
      {},
      '2026-12-10',
    ],
    [
      'an offer when it is paid',
      tender,
      { paymentDate: '2026-12-22', electionDeadline: '2026-12-18' },
      '2026-12-22',
    ],
  ])('%s', (_, draft, dates, due) => {
    expect(dueOn(on(draft, dates))).toBe(due);
  });
});

describe('CA-07 the stage by business date', () => {
  const paid = [start(1), complete(1)];
  const later = { ...dividend, recordDate: calendarDate('2026-12-08') };
  const apple = {
    ...splitOf('4:1'),
    recordDate: calendarDate('2020-08-24'),
    exDate: calendarDate('2020-08-31'),
  };
  test.each<[string, AnnouncementDraft, readonly CorporateActionCommand[], string, Stage]>([
    ['announced before ex', later, [], '2026-12-06', 'ANNOUNCED'],
    ['ex on the ex-date', later, [], '2026-12-07', 'EX'],
    ['record on the record date', later, [], '2026-12-08', 'RECORD'],
    ['record at once where both are one day', dividend, [], '2026-12-07', 'RECORD'],
    ['still record when the payment is late', dividend, [], '2026-12-10', 'RECORD'],
    ['paid once it is posted', dividend, paid, '2026-12-10', 'PAID'],
    ['not paid before the day', dividend, paid, '2026-12-09', 'RECORD'],
    ['record before ex, where that may be', apple, [], '2020-08-30', 'RECORD'],
    ['ex then', apple, [], '2020-08-31', 'EX'],
    ['effective once shares have moved', apple, paid, '2020-08-31', 'EFFECTIVE'],
    ['cancelled', dividend, [cancel], '2026-12-10', 'CANCELLED'],
    [
      'cancelled until the postings are taken back',
      dividend,
      [...paid, cancel],
      '2026-12-10',
      'CANCELLED',
    ],
    ['reversed then', dividend, [...paid, cancel, reverse(1)], '2026-12-10', 'REVERSED'],
  ])('%s', (_, draft, commands, today, stage) => {
    expect(stageOn(actionAfter(announce(draft), ...commands), calendarDate(today))).toBe(stage);
  });
});
