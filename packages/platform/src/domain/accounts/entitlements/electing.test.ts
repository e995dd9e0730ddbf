import { calendarDate } from '@counterfoil/event-store';
import { describe, expect, it } from 'vitest';
import { Money, Price } from '../../money/money.ts';
import {
  accountAfter,
  buy,
  describePosition,
  given,
  marketOf,
  open,
  sell,
  symbolOf,
  when,
} from '../account.fixture.ts';
import type { AccountCommand } from '../commands.ts';
import { positionOf } from '../positions.ts';
import { action, chosen, elect, noTerms, post, ratio, reverse } from './actions.fixture.ts';

const held = [open(), buy('T1', '100 AAPL', '10', '2026-11-02')];
const rights = { ...noTerms, ...ratio('1:4'), subscriptionPrice: Price.of('8') };
const tender = action('C1', 'TENDER_OFFER', 'AAPL', '2026-11-09', {
  default: chosen('NO_ACTION'),
  effective: '2026-11-19',
  terms: { cashPerShare: Price.of('13') },
});

function refusalOf(command: AccountCommand, before: readonly AccountCommand[] = held) {
  const { events, rejection } = when(given(...before), command);
  return { events: events.length, ...rejection };
}

describe('CA-08 a holder chooses', () => {
  it('up to what is held', () => {
    expect(refusalOf(elect('C1', 'TENDER', '101 AAPL'))).toEqual({
      events: 0,
      code: 'ELECTION_EXCEEDS_HOLDING',
      limit: '100',
      actual: '101',
    });
  });

  it('up to what is not tendered elsewhere', () => {
    const before = [...held, elect('C2', 'TENDER', '70 AAPL')];
    expect(refusalOf(elect('C1', 'TENDER', '31 AAPL'), before)).toMatchObject({ limit: '30' });
    expect(refusalOf(elect('C1', 'TENDER', '30 AAPL'), before)).toEqual({ events: 1 });
  });

  it('up to the whole shares that are offered', () => {
    const before = [open(), buy('T1', '103 AAPL', '10', '2026-11-02')];
    expect(refusalOf(elect('C1', 'EXERCISE', '26 AAPL', { terms: rights }), before)).toMatchObject({
      code: 'ELECTION_EXCEEDS_HOLDING',
      limit: '25',
    });
    expect(refusalOf(elect('C1', 'EXERCISE', '25 AAPL', { terms: rights }), before)).toEqual({
      events: 1,
    });
  });

  it('up to what can be paid for', () => {
    const poor = [
      open({ initialBalance: Money.of('1100') }),
      buy('T1', '100 AAPL', '10', '2026-11-02'),
    ];
    expect(refusalOf(elect('C1', 'EXERCISE', '13 AAPL', { terms: rights }), poor)).toMatchObject({
      code: 'INSUFFICIENT_BUYING_POWER',
      limit: '100',
      actual: '104',
    });
  });

  it('until the end of the last day for it', () => {
    const late = elect('C1', 'TENDER', '50 AAPL', { deadline: calendarDate('2026-11-19') });
    expect(refusalOf(late)).toEqual({
      events: 0,
      code: 'ELECTION_CLOSED',
      deadline: '2026-11-19',
      today: '2026-11-20',
    });
    expect(refusalOf({ ...late, market: marketOf({ today: '2026-11-19' }) })).toEqual({
      events: 1,
    });
  });

  it.each([
    ['a tender of nothing', elect('C1', 'TENDER', '0 AAPL')],
    ['no action on something', elect('C1', 'NO_ACTION', '1 AAPL')],
  ])('but not %s', (_, command) => {
    expect(refusalOf(command)).toMatchObject({ events: 0, code: 'QUANTITY_NOT_POSITIVE' });
  });

  it('not for an account that is closed to trading', () => {
    const suspended = [...held, { type: 'SuspendAccount' as const, reason: 'dispute' }];
    expect(refusalOf(elect('C1', 'TENDER', '1 AAPL'), suspended)).toMatchObject({
      code: 'ACCOUNT_SUSPENDED',
    });
  });

  it('the same twice to no effect, and something else in place of it', () => {
    const before = given(...held, elect('C1', 'TENDER', '50 AAPL'));
    expect(when(before, elect('C1', 'TENDER', '50 AAPL')).events).toEqual([]);
    const after = given(
      ...held,
      elect('C1', 'TENDER', '50 AAPL'),
      elect('C1', 'TENDER', '60 AAPL'),
    );
    expect(accountAfter(after).elections).toHaveLength(1);
  });
});

describe('CA-08 what was chosen', () => {
  it('is blocked while it is tendered, and sold when it is accepted', () => {
    const before = [...held, elect('C1', 'TENDER', '60 AAPL')];
    const selling = sell('T2', '41 AAPL', '11', '2026-11-03');
    expect(refusalOf(selling, before)).toMatchObject({
      code: 'INSUFFICIENT_HOLDING',
      limit: '40',
      actual: '41',
    });
    const after = given(...before, post(tender), sell('T2', '40 AAPL', '11', '2026-11-20'));
    const account = accountAfter(after);
    expect(account.elections).toEqual([]);
    expect(describePosition(positionOf(account.positions, symbolOf('AAPL')))).toBe(
      '0 cost 0 realized 220',
    );
  });

  it('is nothing where the default is, and nothing was said', () => {
    const after = given(...held, post(tender));
    expect(describePosition(positionOf(accountAfter(after).positions, symbolOf('AAPL')))).toBe(
      '100 cost 1000 realized 0: T1 100 for 1000',
    );
  });

  it("stands again when the action is put off, and is nobody's where the default was taken", () => {
    const putOff = { ...reverse(tender), choiceStands: true };
    const later = { ...tender, actionVersion: 2 };
    const chose = given(...held, elect('C1', 'TENDER', '60 AAPL'), post(tender), putOff);
    expect(accountAfter(chose).elections).toMatchObject([{ election: chosen('TENDER', '60') }]);
    const events = given(
      ...held,
      elect('C1', 'TENDER', '60 AAPL'),
      post(tender),
      putOff,
      post(later),
    );
    expect(describePosition(positionOf(accountAfter(events).positions, symbolOf('AAPL')))).toBe(
      '40 cost 400 realized 180: T1 40 for 400',
    );
    expect(accountAfter(given(...held, post(tender), putOff)).elections).toEqual([]);
  });

  it('stands where it was not posted yet, and the action is put off', () => {
    const chose = [...held, elect('C1', 'TENDER', '60 AAPL')];
    const putOff = { ...reverse(tender), choiceStands: true };
    expect(when(given(...chose), putOff).events).toEqual([]);
    expect(when(given(...chose), reverse(tender)).events).toMatchObject([
      { type: 'ElectionReleased' },
    ]);
  });

  it('is void where nothing of it was held before the ex-date', () => {
    const late = [open(), buy('T1', '100 AAPL', '10', '2026-11-12')];
    const after = given(...late, elect('C1', 'TENDER', '60 AAPL'), post(tender));
    expect(after.at(-1)).toMatchObject({
      type: 'ElectionReleased',
      data: { reason: 'nothing was eligible' },
    });
    expect(accountAfter(after).elections).toEqual([]);
  });

  it('stays when the offer is amended after it was posted', () => {
    const better = {
      ...tender,
      actionVersion: 2,
      terms: { ...tender.terms, cashPerShare: Price.of('15') },
    };
    const after = given(...held, elect('C1', 'TENDER', '60 AAPL'), post(tender), post(better));
    expect(describePosition(positionOf(accountAfter(after).positions, symbolOf('AAPL')))).toBe(
      '40 cost 400 realized 300: T1 40 for 400',
    );
  });

  it('is void, and free again, when the offer is withdrawn', () => {
    const after = given(
      ...held,
      elect('C1', 'TENDER', '60 AAPL'),
      reverse(tender),
      sell('T2', '100 AAPL', '11', '2026-11-03'),
    );
    expect(accountAfter(after).elections).toEqual([]);
  });
});
