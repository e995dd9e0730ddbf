import { isDeepStrictEqual } from 'node:util';
import { accountSnapshot } from '../../packages/platform/src/domain/accounts/snapshot.ts';
import type { AccountState } from '../../packages/platform/src/domain/accounts/state.ts';

/** Whether two values are the same but for the classes that a decoder makes its objects of. */
export function same(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(structuredClone(left), structuredClone(right));
}

/** Whether two states are the same account: they may keep sets in different order. */
export function sameAccount(left: AccountState, right: AccountState): boolean {
  return same(canonical(left), canonical(right));
}

function canonical(state: AccountState) {
  const packed = accountSnapshot.pack(state);
  return (
    packed && {
      ...packed,
      positions: packed.positions.map((held) => ({
        ...held,
        lastDateTrades: held.lastDateTrades.toSorted(),
      })),
    }
  );
}
