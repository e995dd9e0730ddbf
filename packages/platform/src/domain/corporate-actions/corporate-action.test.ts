import { describe, expect, test } from 'vitest';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { Price } from '../money/money.ts';
import type { CorporateActionCommand } from './commands.ts';
import {
  AAPL,
  actionAfter,
  amend,
  announce,
  announcementOf,
  assign,
  cancel,
  complete,
  decide,
  dividend,
  fail,
  failToReverse,
  given,
  note,
  progress,
  resolve,
  retry,
  reverse,
  split,
  start,
  totals,
} from './corporate-action.fixture.ts';

type Commands = readonly CorporateActionCommand[];

const raised = amend({ amountPerShare: Price.of('0.27') });
const from = (source: string, sourceReference: string, amount: string) =>
  amend({ source, sourceReference, amountPerShare: Price.of(amount) });
const firstOfDtc = announce({ ...dividend, source: 'DTC', sourceReference: 'X1' });
const preliminary = announce({ ...dividend, completeness: 'PRELIMINARY' });
const unconfirmed = announce({ ...dividend, confirmation: 'UNCONFIRMED' });
const failedForGood = [announce(), start(1), fail(1, true)];

describe('CA-01, CA-07 the status of an action', () => {
  test.each<[string, Commands, string]>([
    ['is pending once announced', [announce()], 'PENDING'],
    ['is processing once taken up', [announce(), start(1)], 'PROCESSING'],
    [
      'stays so while accounts are posted to',
      [announce(), start(1), progress(1, 'A5')],
      'PROCESSING',
    ],
    ['is completed in the end', [announce(), start(1), complete(1)], 'COMPLETED'],
    ['is pending again when an attempt fails', [announce(), start(1), fail(1)], 'PENDING'],
    ['is failed after the last attempt', failedForGood, 'FAILED'],
    ['is failed though no attempt could begin', [announce(), fail(1, true)], 'FAILED'],
    ['is pending again after a retry', [...failedForGood, retry], 'PENDING'],
    ['stays failed when the review is closed', [...failedForGood, resolve], 'FAILED'],
    [
      'is pending when a completed one is amended',
      [announce(), start(1), complete(1), raised],
      'PENDING',
    ],
    ['is pending when it is amended on the way', [announce(), start(1), raised], 'PENDING'],
    ['is pending when a failed one is amended', [...failedForGood, raised], 'PENDING'],
    [
      'stays pending when the superseded version is completed',
      [announce(), start(1), raised, complete(1)],
      'PENDING',
    ],
    ['is cancelled at any time', [announce(), start(1), complete(1), cancel], 'CANCELLED'],
    [
      'stays cancelled when a late worker completes',
      [announce(), start(1), cancel, complete(1)],
      'CANCELLED',
    ],
    [
      'stays cancelled when the reversal fails',
      [announce(), start(1), complete(1), cancel, failToReverse(1, true)],
      'CANCELLED',
    ],
    [
      'stays cancelled when the reversal is retried',
      [announce(), start(1), complete(1), cancel, failToReverse(1, true), retry],
      'CANCELLED',
    ],
  ])('%s', (_, commands, status) => {
    expect(actionAfter(...commands).status).toBe(status);
  });
});

describe('CA-07 a version that was posted and is amended', () => {
  const done = [announce(), start(1), complete(1)];
  const putOff = amend({ paymentDate: '2027-03-10' });
  const amended = [...done, putOff];

  test.each<[string, Commands, object]>([
    [
      'is posted no more once it is taken back, and waits for the new one',
      [...amended, reverse(1)],
      { status: 'PENDING', version: 2, posted: undefined, underWay: undefined, reversed: false },
    ],
    [
      'though only some accounts had it',
      [announce(), start(1), progress(1, 'A5'), putOff, reverse(1)],
      { status: 'PENDING', version: 2, posted: undefined, underWay: undefined, reversed: false },
    ],
    [
      'is one thing with the version that was begun over it',
      [...done, raised, start(2), amend({ paymentDate: '2027-03-10' }), reverse(1)],
      { status: 'PENDING', version: 3, posted: undefined, underWay: undefined, reversed: false },
    ],
    [
      'is followed by the new one when that is due',
      [...amended, reverse(1), start(2), complete(2)],
      { status: 'COMPLETED', posted: { version: 2 }, reversed: false },
    ],
    [
      'may be posted over before it is taken back',
      [...amended, start(2), complete(2)],
      { status: 'COMPLETED', posted: { version: 2 } },
    ],
    [
      'is cancelled only if that is said, and reversed then',
      [...amended, cancel, reverse(1)],
      { status: 'CANCELLED', posted: undefined, reversed: true },
    ],
    [
      'is not called reversed when it was taken back before the cancellation',
      [...amended, reverse(1), cancel],
      { status: 'CANCELLED', posted: undefined, reversed: false },
    ],
    [
      'keeps its postings when it could not be taken back, and waits for the next attempt',
      [...amended, failToReverse(1)],
      { status: 'PENDING', posted: { version: 1 }, failure: { version: 1, attempt: 1 } },
    ],
    [
      'waits for a review after the last attempt',
      [...amended, failToReverse(1), failToReverse(1, true)],
      { status: 'FAILED', posted: { version: 1 }, failure: { attempt: 2, last: true } },
    ],
    [
      'is taken back after the review has it tried again',
      [...amended, failToReverse(1, true), retry, reverse(1)],
      { status: 'PENDING', posted: undefined, failure: undefined },
    ],
  ])('%s', (_, commands, expected) => {
    expect(actionAfter(...commands)).toMatchObject(expected);
  });

  test.each<[string, Commands, CorporateActionCommand]>([
    ['another version than the posted one', amended, reverse(2)],
    ['what is taken back already', [...amended, reverse(1)], reverse(1)],
    ['what the new version is being posted over', [...amended, start(2)], reverse(1)],
    ['what the new version was begun over', [...amended, start(2), fail(2)], reverse(1)],
    ['what the new version has replaced', [...amended, start(2), complete(2)], reverse(1)],
    ['what waits for a review', [...amended, failToReverse(1, true)], reverse(1)],
    ['what was never posted', [announce(), raised], reverse(1)],
  ])("%s can't be taken back", (_, before, command) => {
    const rejection = { code: 'ACTION_NOTHING_TO_REVERSE' };
    expect(decide(given(...before), command)).toEqual({ events: [], rejection });
  });

  test.each<[string, Commands, CorporateActionCommand]>([
    ['at posting it', amended, fail(1)],
    ['at taking back another', amended, failToReverse(2)],
    ['at taking it back while the new one is posted', [...amended, start(2)], failToReverse(1)],
    ['at taking back what is posted and not amended', done, failToReverse(1)],
  ])('no attempt %s is counted', (_, before, command) => {
    const { version } = command as { readonly version: number };
    const rejection = { code: 'ACTION_NOT_UNDER_WAY', version };
    expect(decide(given(...before), command)).toEqual({ events: [], rejection });
  });
});

describe('CA-03 attempts are counted', () => {
  test.each<[string, Commands, number]>([
    ['from one', [announce(), start(1)], 1],
    ['on after a failure', [announce(), start(1), fail(1), start(1)], 2],
    ['on after two failures', [announce(), start(1), fail(1), start(1), fail(1), start(1)], 3],
    ['on when the process died', [announce(), start(1), start(1)], 2],
    ['on when it died after a failure', [announce(), start(1), fail(1), start(1), start(1)], 3],
    ['on after one that could not begin', [announce(), fail(1), start(1)], 2],
    ['from one after a retry', [...failedForGood, retry, start(1)], 1],
    ['from one for another version', [announce(), start(1), fail(1), raised, start(2)], 1],
    [
      'from one when the version before could not be taken back',
      [announce(), start(1), complete(1), raised, failToReverse(1), failToReverse(1), start(2)],
      1,
    ],
  ])('%s', (_, commands, attempt) => {
    expect(actionAfter(...commands).underWay?.attempt).toBe(attempt);
  });

  test('reversals too', () => {
    const cancelled = [
      announce(),
      start(1),
      complete(1),
      cancel,
      failToReverse(1),
      failToReverse(1),
    ];
    expect(actionAfter(...cancelled).failure).toMatchObject({ attempt: 2, last: false });
  });
});

describe('CA-07 what the accounts hold postings of', () => {
  const half = [announce(), start(1), progress(1, 'A5')];

  test('is the version completed last, with its announcement, terms and totals', () => {
    const { posted, underWay } = actionAfter(...half, complete(1));
    const announcement = announcementOf(dividend);
    const { terms } = announcement;
    expect(posted).toEqual({ version: 1, announcement, terms, totals: totals(2) });
    expect(underWay).toBeUndefined();
  });

  test.each<[string, Commands, number | undefined, string | undefined]>([
    ['is none at first', [announce()], undefined, undefined],
    ['is known as far as it came, when the process died', [...half, start(1)], 1, 'A5'],
    ['is known as far as it came, when it failed for good', [...half, fail(1, true)], 1, 'A5'],
    [
      'is known as far as it came, after a retry',
      [...half, fail(1, true), retry, start(1)],
      1,
      'A5',
    ],
    ['is remembered of the version before an amendment', [...half, raised], 1, 'A5'],
    ['is remembered of the version before a cancellation', [...half, cancel], 1, 'A5'],
    ['begins anew with a new version', [...half, raised, start(2)], 2, undefined],
    ['is none after the reversal', [...half, cancel, reverse(1)], undefined, undefined],
  ])('%s', (_, commands, version, throughAccount) => {
    const { underWay } = actionAfter(...commands);
    expect(underWay?.version).toBe(version);
    expect(underWay?.progress?.throughAccount).toBe(throughAccount);
  });

  test.each<[string, Commands, number | undefined]>([
    ['the version before, while the new one waits', [announce(), start(1), complete(1), raised], 1],
    [
      'the version before, while the new one is posted',
      [announce(), start(1), complete(1), raised, start(2)],
      1,
    ],
    ['the new version then', [announce(), start(1), complete(1), raised, start(2), complete(2)], 2],
    [
      'the superseded one, if a worker still completes it',
      [announce(), start(1), raised, complete(1)],
      1,
    ],
    ['the cancelled one until it is reversed', [announce(), start(1), complete(1), cancel], 1],
    ['none after the reversal', [announce(), start(1), complete(1), cancel, reverse(1)], undefined],
  ])('is %s', (_, commands, version) => {
    expect(actionAfter(...commands).posted?.version).toBe(version);
  });

  test('is reversed only where something was posted', () => {
    expect(actionAfter(announce(), cancel).reversed).toBe(false);
    expect(actionAfter(announce(), start(1), complete(1), cancel, reverse(1)).reversed).toBe(true);
  });

  test('what was looked up stays, so that all accounts are posted to by the same terms', () => {
    const announced = announcementOf(split).terms;
    const found = (price: string) => ({ ...announced, priceInLieu: Price.of(price) });
    const other = announce(split);

    const again = actionAfter(other, start(1, found('92.22')), start(1, found('93')));
    expect(again.underWay?.terms).toEqual(found('92.22'));

    const foundLater = actionAfter(other, start(1, announced), fail(1), start(1, found('93')));
    expect(foundLater.underWay?.terms).toEqual(found('93'));
  });
});

describe('CA-01 versions', () => {
  test('a later one supersedes, and keeps what it does not change', () => {
    const { version, head } = actionAfter(announce(), raised);
    expect(version).toBe(2);
    expect(head).toEqual(announcementOf(dividend, { terms: { amountPerShare: Price.of('0.27') } }));
  });

  test.each<[string, Commands, CorporateActionCommand]>([
    [
      'the amendment says what is announced',
      [announce()],
      amend({ amountPerShare: Price.of('0.26') }),
    ],
    ['another source says the same', [announce()], from('Reuters', 'R7', '0.26')],
    ['the source repeats its announcement', [firstOfDtc], from('DTC', 'X1', '0.30')],
    [
      'an older announcement arrives late',
      [firstOfDtc, from('DTC', 'X2', '0.27')],
      from('DTC', 'X1', '0.26'),
    ],
    ['it is announced again', [announce()], announce()],
    ['it is cancelled again', [announce(), cancel], cancel],
    ['the review is closed again', [...failedForGood, resolve], resolve],
    ['it is assigned to the same again', [...failedForGood, assign], assign],
  ])('nothing happens when %s', (_, before, command) => {
    expect(decide(given(...before), command)).toEqual({ events: [], rejection: undefined });
  });

  test('another source may use the same reference', () => {
    expect(actionAfter(firstOfDtc, from('Reuters', 'X1', '0.27')).version).toBe(2);
  });

  test('a custodian that states the same twice is recorded once', () => {
    const { eligible, cash, shares } = totals(1);
    const state: CorporateActionCommand = {
      type: 'StateCustodianTotal',
      custodian: 'DTC',
      eligible,
      cash,
      shares,
    };
    expect(given(announce(), state, state)).toHaveLength(2);
    expect(given(announce(), state, { ...state, cash: null })).toHaveLength(3);
    expect(actionAfter(announce(), state).custodian).toEqual({
      custodian: 'DTC',
      eligible,
      cash,
      shares,
    });
  });
});

describe('CA-01, CA-03 refusals', () => {
  const unknown = { code: 'ACTION_UNKNOWN' };
  const notUnderWay = { code: 'ACTION_NOT_UNDER_WAY', version: 1 };
  const posted = [announce(), start(1), complete(1)];
  test.each<[string, Commands, CorporateActionCommand, object]>([
    ['amend what was not announced', [], raised, unknown],
    ['post what was not announced', [], start(1), unknown],
    [
      'announce other terms under the same id',
      [announce()],
      announce(split),
      { code: 'ACTION_ALREADY_ANNOUNCED' },
    ],
    [
      'announce an unknown symbol',
      [],
      announce({ ...dividend, symbol: 'NONE' as InstrumentSymbol }),
      { code: 'INSTRUMENT_UNKNOWN', symbol: 'NONE' },
    ],
    ['amend a cancelled one', [announce(), cancel], raised, { code: 'ACTION_CANCELLED' }],
    [
      'amend another version than the head',
      [announce(), raised],
      amend({ amountPerShare: Price.of('0.28') }, 1),
      { code: 'ACTION_VERSION_STALE', expected: 1, actual: 2 },
    ],
    [
      'change the type',
      [announce()],
      amend({ actionType: 'RETURN_OF_CAPITAL' }),
      { code: 'ACTION_IDENTITY_FIXED', field: 'event_type' },
    ],
    [
      'change the symbol',
      [announce()],
      amend({ symbol: 'WBD' }),
      { code: 'ACTION_IDENTITY_FIXED', field: 'symbol' },
    ],
    [
      'amend the terms to wrong ones',
      [announce()],
      amend({ amountPerShare: Price.zero }),
      { code: 'AMOUNT_NOT_POSITIVE', term: 'amount', actual: '0' },
    ],
    [
      'amend the dates to wrong ones',
      [announce()],
      amend({ recordDate: '2026-12-04' }),
      { code: 'RECORD_BEFORE_EX', recordDate: '2026-12-04', exDate: '2026-12-07' },
    ],
    ['post a cancelled one', [announce(), cancel], start(1), { code: 'ACTION_CANCELLED' }],
    [
      'post a superseded version',
      [announce(), raised],
      start(1),
      { code: 'ACTION_NOT_HEAD', version: 1, head: 2 },
    ],
    ['post a preliminary one', [preliminary], start(1), { code: 'ACTION_NOT_PAYABLE' }],
    ['post an unconfirmed one', [unconfirmed], start(1), { code: 'ACTION_NOT_PAYABLE' }],
    ['post what is posted', posted, start(1), { code: 'ACTION_ALREADY_COMPLETED', version: 1 }],
    ['post what waits for a review', failedForGood, start(1), { code: 'ACTION_FAILED' }],
    ['note progress before it began', [announce()], progress(1, 'A1'), notUnderWay],
    ['complete before it began', [announce()], complete(1), notUnderWay],
    ['complete twice', posted, complete(1), notUnderWay],
    ['fail what is posted', posted, fail(1), notUnderWay],
    ['fail a superseded version', [announce(), start(1), raised], fail(1), notUnderWay],
    ['fail at posting a cancelled one', [...posted, cancel], fail(1), notUnderWay],
    [
      'fail a cancelled one of which nothing was posted',
      [announce(), cancel],
      failToReverse(1),
      notUnderWay,
    ],
    [
      'fail a reversal that waits for a review',
      [...posted, cancel, failToReverse(1, true)],
      failToReverse(1),
      notUnderWay,
    ],
    ['reverse what is not cancelled', posted, reverse(1), { code: 'ACTION_NOTHING_TO_REVERSE' }],
    [
      'reverse what was not posted',
      [announce(), cancel],
      reverse(1),
      { code: 'ACTION_NOTHING_TO_REVERSE' },
    ],
    [
      'reverse twice',
      [...posted, cancel, reverse(1)],
      reverse(1),
      { code: 'ACTION_NOTHING_TO_REVERSE' },
    ],
  ])("can't %s", (_, before, command, rejection) => {
    expect(decide(given(...before), command)).toEqual({ events: [], rejection });
  });
});

describe('CA-04 the review of a failure', () => {
  test('is assigned, noted, and closed by a retry', () => {
    const action = actionAfter(...failedForGood, assign, note);
    expect(action.review).toEqual({ assignee: 'grace', resolved: false });
    expect(action.failure).toEqual({
      version: 1,
      attempt: 1,
      code: 'PRICE_UNKNOWN',
      error: 'no close before the effective date',
      last: true,
    });
    const retried = actionAfter(...failedForGood, assign, retry);
    expect(retried.failure).toBeUndefined();
    expect(retried.review.assignee).toBe('grace');
  });

  test('begins anew with an amendment', () => {
    const { failure, review } = actionAfter(...failedForGood, assign, resolve, raised);
    expect(failure).toBeUndefined();
    expect(review).toEqual({ assignee: undefined, resolved: false });
  });

  test.each([assign, note, retry, resolve])('$type is for actions that failed', (command) => {
    const notFailed = { code: 'ACTION_NOT_FAILED', status: 'PENDING' };
    expect(decide(given(announce()), command).rejection).toEqual(notFailed);
    expect(decide(given(announce(), start(1), fail(1)), command).rejection).toEqual(notFailed);
  });

  test.each([assign, note, retry])('$type is not for a closed one', (command) => {
    const rejection = { code: 'ACTION_REVIEW_RESOLVED' };
    expect(decide(given(...failedForGood, resolve), command)).toEqual({ events: [], rejection });
  });
});

test('CA-01 an amended payment date moves the day on which a dividend takes effect', () => {
  const later = amend({ paymentDate: '2026-12-11' });
  expect(actionAfter(announce(), later).head.effectiveDate).toBe('2026-12-11');
  const own = announce({ ...split, effectiveDate: '2026-12-08' as never });
  const moved = amend({ exDate: '2026-12-04' });
  expect(actionAfter(own, moved).head.effectiveDate).toBe('2026-12-08');
  expect(actionAfter(announce(split), moved).head.effectiveDate).toBe('2026-12-04');
  expect(actionAfter(announce(split), moved).head.symbol).toBe(AAPL);
});
