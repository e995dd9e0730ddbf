import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { buy, given, open, when } from './account.fixture.ts';
import { isOfMadeForm, madeFromBytes, madeTradeId } from './trade-ids.ts';

const made = (): string => madeTradeId(randomBytes(madeFromBytes));

const early = '2026-11-18';
const late = '2026-11-19';

describe('TC-01 a trade id names one trade of its account for ever', () => {
  test('whatever it was made of, it is known for one that was made here', () => {
    const ids = Array.from({ length: 100 }, () => made());

    expect(ids.filter((tradeId) => !isOfMadeForm(buy(tradeId, '1 AAPL', '1', late)))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids[0]).toMatch(/^CF-[0-9A-HJKMNP-TV-Z]{18}$/);
    // Each sign takes every value that it can, so that no bit of it is fixed.
    const many = Array.from({ length: 3_000 }, made);
    const signs = Array.from({ length: 18 }, (_, at) => new Set(many.map((id) => id[at + 3])).size);
    expect(signs).toEqual(Array.from({ length: 18 }, () => 32));
  });

  test.each(['T1', 'CF-1', `x${made()}`, randomUUID()])('%s was not made here', (tradeId) => {
    expect(isOfMadeForm(buy(tradeId, '1 AAPL', '1', late))).toBe(false);
  });

  test('one that was made here and comes again, on whatever day, is refused', () => {
    const id = made();
    const before = given(open(), {
      ...buy(id, '1 AAPL', '100', early),
      freshTradeId: true,
    });

    for (const date of [early, late]) {
      expect(when(before, buy(id, '2 AAPL', '100', date))).toEqual({
        events: [],
        rejection: { code: 'TRADE_ALREADY_BOOKED', tradeId: id },
      });
    }
  });

  test('one of that form which was not booked yet may be brought', () => {
    const id = made();
    const before = given(open(), buy(made(), '1 AAPL', '100', late));

    expect(when(before, buy(id, '1 AAPL', '100', late)).rejection).toBeUndefined();
  });
});
