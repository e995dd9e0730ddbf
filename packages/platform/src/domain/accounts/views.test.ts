import { streamId, type Cell, type Row } from '@counterfoil/event-store';
import { describe, expect, it } from 'vitest';
import { Money, Percentage } from '../money/money.ts';
import type { RetentionEvent } from '../retention/events.ts';
import {
  buy,
  cancel,
  correct,
  deposit,
  given,
  open,
  sell,
  terms,
  when,
  withdraw,
} from './account.fixture.ts';
import { dividend, elect, post } from './entitlements/actions.fixture.ts';
import type { AccountEvent } from './events.ts';
import { rowsAfter, rowsOf } from './rows.fixture.ts';
import { accountProjections } from './views.ts';

function view(name: string, events: readonly AccountEvent[]): readonly Row[] {
  return rowsAfter(events).get(name) ?? [];
}

const opened = open({ initialBalance: Money.of('5000') });

describe('LG-10 the view of accounts', () => {
  it('has owner, terms, cash and limits', () => {
    const events = given(
      opened,
      deposit('10.5', '2026-11-02'),
      withdraw('0.25', '2026-11-02'),
      buy('T1', '10 AAPL', '100', '2026-11-02', { fees: '1' }),
      { type: 'SetLimits', limits: { priceCollarPercent: Percentage.of('2.5') } },
      { type: 'SuspendAccount', reason: 'dispute' },
    );
    expect(view('accounts', events)).toEqual([
      {
        account_id: 'A1',
        owner_name: 'open Ada Lovelace',
        owner_kind: 'INDIVIDUAL',
        currency: 'USD',
        cost_method: 'FIFO',
        short_selling: 0,
        status: 'SUSPENDED',
        status_reason: 'dispute',
        cash: '4009.25',
        price_collar_percent: '2.5',
        order_notional_max: '10000000',
        position_quantity_max: '1000000',
        concentration_percent_max: '100',
        opened_on: '2020-01-01',
        closed_on: null,
        updated_at: '2026-09-21T14:13:26.000000Z',
      },
    ]);
  });
});

function erased(subject: string): RetentionEvent {
  return { type: 'SubjectErased', data: { subject: streamId(subject), reason: 'asked' } };
}

function nameAfter(...events: readonly RetentionEvent[]): Cell | undefined {
  return rowsAfter([...given(opened), ...events]).get('accounts')?.[0]?.['owner_name'];
}

describe('RC-04 the view of accounts', () => {
  it('lets go of the name of an owner who is erased', () => {
    expect(nameAfter(erased('account-A1'))).toBeNull();
  });

  it.each(['account-A2', 'user-A1', 'keyhole-A1'])('and of nobody when %s is', (subject) => {
    expect(nameAfter(erased(subject))).toBe('open Ada Lovelace');
  });
});

describe('LG-10 the view of positions', () => {
  it('keeps a position that has become zero, for its gain', () => {
    const events = given(
      opened,
      buy('T1', '3 AAPL', '33.33', '2026-11-02', { fees: '0.01' }),
      buy('T2', '3 IBM', '100', '2026-11-02'),
      sell('T3', '3 IBM', '110', '2026-11-03'),
    );
    expect(view('positions', events)).toMatchObject([
      {
        account_id: 'A1',
        symbol: 'AAPL',
        currency: 'USD',
        quantity: '3',
        cost: '100',
        average_cost: '33.33333333',
        realized_pnl: '0',
      },
      { symbol: 'IBM', quantity: '0', cost: '0', average_cost: '0', realized_pnl: '30' },
    ]);
  });
});

describe('LG-10 the view of trades', () => {
  const before = given(opened, buy('T1', '10 AAPL', '100', '2026-11-02', { fees: '1' }));

  it('has the terms and postings of a trade', () => {
    expect(view('trade_history', before)).toEqual([
      {
        account_id: 'A1',
        trade_id: 'T1',
        symbol: 'AAPL',
        side: 'BUY',
        quantity: '10',
        price: '100',
        fees: '1',
        amount: '-1001',
        realized_pnl: '0',
        currency: 'USD',
        trade_date: '2026-11-02',
        settlement_date: '2026-11-03',
        recorded_at: '2026-09-21T14:13:22.000000Z',
        position: 2,
        status: 'BOOKED',
        replaces: null,
        cancel_reason: null,
        refusal_code: null,
        refusal_limit: null,
        refusal_actual: null,
      },
    ]);
  });

  it('has what was refused, and why', () => {
    const { events } = when(before, sell('T2', '11 AAPL', '120', '2026-11-03'));
    expect(view('trade_history', [...before, ...events])[1]).toMatchObject({
      trade_id: 'T2',
      status: 'REFUSED',
      refusal_code: 'INSUFFICIENT_HOLDING',
      refusal_limit: '10',
      refusal_actual: '11',
      amount: null,
    });
  });

  it('has a trade as booked when it was refused before, or after', () => {
    const refused = when(before, sell('T2', '11 AAPL', '120', '2026-11-03')).events;
    const booked = when(before, sell('T2', '10 AAPL', '120', '2026-11-03')).events;
    for (const events of [
      [...refused, ...booked],
      [...booked, ...refused],
    ]) {
      expect(view('trade_history', [...before, ...events])[1]).toMatchObject({
        trade_id: 'T2',
        status: 'BOOKED',
        quantity: '10',
      });
    }
  });

  it('has both a corrected trade and the one that replaces it', () => {
    const { events } = when(before, correct('T1', terms('BUY', 'T2', '9', '100', '2026-11-02')));
    expect(view('trade_history', [...before, ...events])).toMatchObject([
      { trade_id: 'T1', status: 'CANCELLED', cancel_reason: 'misread' },
      { trade_id: 'T2', status: 'BOOKED', replaces: 'T1' },
    ]);
  });

  it('has restatements in a view of their own', () => {
    const late = given(
      opened,
      buy('T1', '10 AAPL', '110', '2026-11-03'),
      sell('T2', '10 AAPL', '120', '2026-11-04'),
      buy('T3', '10 AAPL', '100', '2026-11-02'),
    );
    expect(view('position_restatements', late)).toEqual([
      {
        account_id: 'A1',
        position: 5,
        symbol: 'AAPL',
        cost_change: '100',
        realized_pnl_change: '100',
        effective_from: '2026-11-02',
        cause_trade_id: 'T3',
        cause_action_id: null,
        reason: 'trade T3 was booked behind later trades',
        recorded_at: '2026-09-21T14:13:25.000000Z',
      },
    ]);
  });
});

describe('LG-13 read models equal the log', () => {
  it('in columns that the view declares, all of them', () => {
    const events = given(
      opened,
      buy('T1', '10 AAPL', '110', '2026-11-03'),
      buy('T2', '10 AAPL', '100', '2026-11-02'),
      cancel('T1'),
      deposit('1', '2026-11-03'),
      elect('C2', 'TENDER', '5 AAPL'),
      post(dividend('C1', '0.5 AAPL', '2026-11-05')),
    );
    const { events: refused } = when(events, buy('T3', '1 ZZZZ', '1', '2026-11-03'));
    for (const projection of accountProjections) {
      const rows = rowsOf(projection, [...events, ...refused]);
      expect(rows.length).toBeGreaterThan(0);
      const columns = Object.keys(projection.columns).toSorted();
      for (const row of rows) expect(Object.keys(row).toSorted()).toEqual(columns);
      const indexed = [...projection.key, ...projection.indexes.flat()];
      expect(indexed.filter((column) => !columns.includes(column))).toEqual([]);
    }
  });
});
