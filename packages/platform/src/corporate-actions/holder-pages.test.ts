import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AccountId } from '../domain/accounts/events.ts';
import { pageOfHolders } from './holder-pages.ts';

/** Accounts 0000 and up, of which those have something that the test says. */
function scan(count: number, has: (n: number) => boolean) {
  const all = Array.from({ length: count }, (_, n) => String(n).padStart(4, '0') as AccountId);
  let looked = 0;
  return {
    all: all.filter((_, n) => has(n)),
    looked: () => looked,
    page: (after: AccountId | undefined, limit: number) =>
      pageOfHolders({
        after,
        limit,
        list: async (behind, size) =>
          all.filter((one) => behind === undefined || one > behind).slice(0, size),
        look: async (accounts) => {
          looked += accounts.length;
          return accounts.map((one) => (has(Number(one)) ? one : undefined));
        },
      }),
  };
}

describe('CA-06 pages of holders', () => {
  test('together name each that has something, once and in order', async () => {
    const limits = fc.integer({ min: 1, max: 150 });
    const some = fc.array(fc.boolean(), { maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(some, limits, async (has, limit) => {
        const holders = scan(has.length, (n) => has[n] === true);
        const seen: AccountId[] = [];
        for (let after: AccountId | undefined; ;) {
          const { items, next } = await holders.page(after, limit);
          expect(items.length).toBeLessThanOrEqual(limit);
          seen.push(...items);
          after = next;
          if (after === undefined) break;
        }
        expect(seen).toEqual(holders.all);
      }),
      { numRuns: 200 },
    );
  });

  test('end where nobody else has anything', async () => {
    const holders = scan(150, (n) => n < 3);
    expect(await holders.page(undefined, 3)).toEqual({
      items: ['0000', '0001', '0002'],
      next: undefined,
    });
  });

  test('are cut short before all holders are looked at for few', async () => {
    const holders = scan(5_000, (n) => n === 4_999);
    const { items, next } = await holders.page(undefined, 100);
    expect({ items, next, looked: holders.looked() }).toEqual({
      items: [],
      next: '1999',
      looked: 2_000,
    });
    expect((await holders.page('3999' as AccountId, 100)).items).toEqual(['4999']);
  });
});
