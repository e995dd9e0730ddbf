import { calendarDate } from '@counterfoil/event-store';
import { expect, test } from 'vitest';
import type { AccountId } from '../domain/accounts/events.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { Quantity } from '../domain/money/money.ts';
import { first, openProcessor, withHoldings } from './processor.fixture.ts';

test('CA-07, CA-08 what was tendered stays tendered when the offer is put off', async () => {
  const fixture = await openProcessor();
  await withHoldings(fixture, { A1: '100', A2: '100' });
  const id = await fixture.announce({
    event_type: 'TENDER_OFFER',
    symbol: 'AAPL',
    ex_date: '2026-11-20',
    election_deadline: '2026-11-20',
    payment_date: '2026-11-24',
    terms: { price: '130' },
  });
  const { head } = await fixture.action(id);
  await fixture.platform.ledger.account(
    'A1' as AccountId,
    {
      type: 'MakeElection',
      actionId: id,
      symbol: 'AAPL' as InstrumentSymbol,
      option: 'TENDER',
      quantity: Quantity.of('60'),
      terms: head.terms,
      deadline: calendarDate('2026-11-20'),
    },
    { cause: { userId: 'test' } },
  );
  fixture.setTime('2026-11-24T15:00:00Z');
  await fixture.processor().process(id, first);
  expect(await fixture.balance('A1')).toBe('97800 and 40');

  await fixture.amend(id, { payment_date: '2026-12-10' });
  await fixture.processor().process(id, first);
  expect(await fixture.balance('A1')).toBe('90000 and 100');
  const sale = {
    side: 'SELL',
    symbol: 'AAPL',
    quantity: '41',
    price: '189.5',
    tradeDate: '2026-11-24',
  };
  const refused = await fixture.call({ request: 'POST /api/v1/accounts/A1/orders', body: sale });
  expect(refused.json()).toMatchObject({ code: 'INSUFFICIENT_HOLDING' });

  fixture.setTime('2026-12-10T15:00:00Z');
  await fixture.processor().process(id, first);
  expect(await fixture.balance('A1')).toBe('97800 and 40');
  expect(await fixture.balance('A2')).toBe('90000 and 100');
});
