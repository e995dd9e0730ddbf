import { calendarDate } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import { Price } from '../money/money.ts';
import type { CorporateActionCommand } from './commands.ts';
import {
  actionAfter,
  amend,
  announce,
  cancel,
  complete,
  fail,
  failToReverse,
  reverse,
  split,
  start,
} from './corporate-action.fixture.ts';
import { actingVersion, isPutOff, reasonToReverse } from './put-off.ts';

type Commands = readonly CorporateActionCommand[];

// Paid on 10 December 2026, and asked on the 10th.
const day = calendarDate('2026-12-10');
const done = [announce(), start(1), complete(1)];
const later = amend({ paymentDate: '2026-12-11' });
const dearer = amend({ amountPerShare: Price.of('0.27') });
const preliminary = amend({ completeness: 'PRELIMINARY' });
const unconfirmed = amend({ confirmation: 'UNCONFIRMED' });

describe('CA-07 what was posted is to be taken back today', () => {
  test.each<[string, Commands, boolean, number | undefined]>([
    ['no: nothing was posted', [announce(), later], false, undefined],
    ['no: it is posted as it is announced', done, false, 1],
    ['no: the new version is due, and is posted over it', [...done, dearer], false, 1],
    ['no: the new version is being posted over it', [...done, dearer, start(2)], false, 2],
    ['no: it could not be posted, but is due', [...done, dearer, fail(2, true)], false, 1],
    ['no: it is back already', [...done, later, reverse(1)], false, undefined],
    ['yes: it was put off', [...done, later], true, undefined],
    ['yes: it is preliminary again', [...done, preliminary], true, undefined],
    ['yes: it is not confirmed any more', [...done, unconfirmed], true, undefined],
    ['yes: some accounts were posted to', [announce(), start(1), later], true, undefined],
    ['yes: both versions were', [...done, dearer, start(2), later], true, undefined],
    ['yes, though that failed', [...done, later, failToReverse(1, true)], true, undefined],
    [
      'no: a third version is due again',
      [...done, later, amend({ paymentDate: '2026-12-09' })],
      false,
      1,
    ],
    ['as it was cancelled, which is another matter', [...done, cancel], false, undefined],
  ])('%s', (_, commands, putOff, acting) => {
    const action = actionAfter(...commands);
    expect(isPutOff(action, day)).toBe(putOff);
    expect(actingVersion(action, day)?.version).toBe(acting);
  });

  test('until the day to which it was put off', () => {
    const action = actionAfter(...done, later);
    expect(isPutOff(action, calendarDate('2026-12-11'))).toBe(false);
    expect(actingVersion(action, calendarDate('2026-12-11'))?.version).toBe(1);
  });
});

test.each<[CorporateActionCommand, CorporateActionCommand, string]>([
  [announce(), later, 'version 2 moves it to 2026-12-11'],
  [announce(split), amend({ exDate: '2026-12-14' }), 'version 2 moves it to 2026-12-14'],
  [announce(), preliminary, 'version 2 is preliminary'],
  [announce(), unconfirmed, 'version 2 is not confirmed'],
  [announce(), cancel, 'the board withdrew it'],
])('CA-07 whoever looks at an account reads why', (announced, change, reason) => {
  expect(reasonToReverse(actionAfter(announced, change))).toBe(reason);
});
