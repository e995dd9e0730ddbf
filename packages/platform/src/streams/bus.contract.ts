import { afterEach, describe } from 'vitest';
import type { BusUnderTest, OpenedBus } from './contract/bus-under-test.ts';
import { deliveryContract } from './contract/delivery.ts';
import { groupsContract } from './contract/groups.ts';
import { keepingContract } from './contract/keeping.ts';
import { publishingContract } from './contract/publishing.ts';

/**
 * The suite that every implementation of the bus passes, each against the real thing. `open` makes an empty
 * bus; it is called once for every test.
 */
export function describeBusContract(name: string, open: () => Promise<BusUnderTest>): void {
  describe(`${name} keeps the contract of the bus`, () => {
    let current: BusUnderTest | undefined;

    const opened: OpenedBus = async (partitions = 3) => {
      current = await open();
      await current.bus.ensureTopics([{ name: 'orders', partitions }]);
      return current;
    };

    afterEach(async () => {
      await current?.destroy();
      current = undefined;
    });

    publishingContract(opened);
    deliveryContract(opened);
    groupsContract(opened);
    keepingContract(opened);
  });
}
