import { afterEach, describe } from 'vitest';
import { acceptingContract } from './contract/accepting.ts';
import { closingContract } from './contract/closing.ts';
import { expiringContract } from './contract/expiring.ts';
import { findingContract } from './contract/finding.ts';
import { keysContract } from './contract/keys.ts';
import { settlingContract } from './contract/settling.ts';
import type { OpenedStore, StoreHabits, StoreUnderTest } from './contract/store-under-test.ts';

/**
 * The suite that every store of requests passes, each against the real thing. `open` makes an empty store; it
 * is called once for every test.
 */
export function describeRequestStoreContract(
  name: string,
  open: () => Promise<StoreUnderTest>,
  habits: StoreHabits = {},
): void {
  describe(`${name} keeps the contract of the store of requests`, () => {
    let current: StoreUnderTest | undefined;

    const opened: OpenedStore = async () => {
      current = await open();
      return current;
    };

    afterEach(async () => {
      await current?.destroy();
      current = undefined;
    });

    acceptingContract(opened);
    keysContract(opened);
    settlingContract(opened);
    findingContract(opened);
    expiringContract(opened, habits);
    closingContract(opened);
  });
}
