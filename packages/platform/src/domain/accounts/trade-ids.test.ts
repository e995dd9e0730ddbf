import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { buy, given, open, when } from './account.fixture.ts';
import { isOfMadeForm, madeTradeId } from './trade-ids.ts';

const early = '2026-11-18';
const late = '2026-11-19';

describe('TC-01 a trade id names one trade of its account for ever', () => {
  test('whatever it was made of, it is known for one that was made here', () => {
    const ids = Array.from({ length: 100 }, () => madeTradeId(randomUUID()));

    expect(ids.filter((tradeId) => !isOfMadeForm(buy(tradeId, '1 AAPL', '1', late)))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(['T1', 'CF-1', `x${madeTradeId(randomUUID())}`, randomUUID()])(
    '%s was not made here',
    (tradeId) => {
      expect(isOfMadeForm(buy(tradeId, '1 AAPL', '1', late))).toBe(false);
    },
  );

  test('one that was made here and comes again, on whatever day, is refused', () => {
    const made = madeTradeId(randomUUID());
    const before = given(open(), {
      ...buy(made, '1 AAPL', '100', early),
      freshTradeId: true,
    });

    for (const date of [early, late]) {
      expect(when(before, buy(made, '2 AAPL', '100', date))).toEqual({
        events: [],
        rejection: { code: 'TRADE_ALREADY_BOOKED', tradeId: made },
      });
    }
  });

  test('one of that form which was not booked yet may be brought', () => {
    const made = madeTradeId(randomUUID());
    const before = given(open(), buy(madeTradeId(randomUUID()), '1 AAPL', '100', late));

    expect(when(before, buy(made, '1 AAPL', '100', late)).rejection).toBeUndefined();
  });
});
