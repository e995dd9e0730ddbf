import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TradeId } from './events.ts';
import { hasTradeId, listTradeIds, noTradeIds, tradeIdsOf, withTradeId } from './trade-ids.ts';

const alphabet = ['a', 'b', 'c', 'd', 'e', 'f', 'g'] as TradeId[];

describe('LG-05 the trade ids of a day', () => {
  test('are what was added to each set, whichever of them grows on', () => {
    const growth = fc.array(fc.record({ of: fc.nat(), id: fc.constantFrom(...alphabet) }));
    fc.assert(
      fc.property(growth, (steps) => {
        const sets = [{ ids: noTradeIds, model: new Set<TradeId>() }];
        for (const { of, id } of steps) {
          const from = sets[of % sets.length] ?? { ids: noTradeIds, model: new Set<TradeId>() };
          sets.push({ ids: withTradeId(from.ids, id), model: new Set([...from.model, id]) });
        }
        for (const { ids, model } of sets) {
          expect(alphabet.filter((id) => hasTradeId(ids, id))).toEqual(
            alphabet.filter((id) => model.has(id)),
          );
          expect(listTradeIds(ids)).toEqual([...model]);
          expect(listTradeIds(tradeIdsOf(listTradeIds(ids)))).toEqual([...model]);
        }
      }),
    );
  });

  test('that grow from the empty set are apart', () => {
    const one = withTradeId(noTradeIds, 'a' as TradeId);
    const other = withTradeId(noTradeIds, 'b' as TradeId);

    expect([one, other, noTradeIds].map(listTradeIds)).toEqual([['a'], ['b'], []]);
  });

  test('can not hold one twice', () => {
    expect(() => tradeIdsOf(['a', 'a'] as TradeId[])).toThrow(/twice/);
  });
});
