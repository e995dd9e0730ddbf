import { afterEach, describe } from 'vitest';
import { appendingContract } from './contract/appending.ts';
import { claimsContract } from './contract/claims.ts';
import { concurrencyContract } from './contract/concurrency.ts';
import { keepingContract } from './contract/keeping.ts';
import { propertiesContract } from './contract/properties.ts';
import { readingContract } from './contract/reading.ts';
import { definition } from './contract/samples.ts';
import type { Opened, StorageUnderTest } from './contract/storage-under-test.ts';
import type { EventStorage } from './storage.ts';

/**
 * The suite that every implementation of the port passes, each against the real thing. `open` makes an
 * empty log; it is called once for every test.
 */
export function describeStorageContract(name: string, open: () => Promise<StorageUnderTest>): void {
  describe(`${name} keeps the storage contract`, () => {
    let current: StorageUnderTest | undefined;
    const others: EventStorage[] = [];

    const opened: Opened = async () => {
      current = await open();
      const { beside, storage } = current;
      const [schema = 0] = await storage.registerSchemas([definition('Noted')]);
      if (beside === undefined) return { ...current, schema };
      const tracked = async (): Promise<EventStorage> => {
        const other = await beside();
        others.push(other);
        return other;
      };
      return { ...current, beside: tracked, schema };
    };

    afterEach(async () => {
      await Promise.all(others.splice(0).map((other) => other.close()));
      await current?.destroy();
      current = undefined;
    });

    appendingContract(opened);
    readingContract(opened);
    claimsContract(opened);
    concurrencyContract(opened);
    keepingContract(opened);
    propertiesContract(opened);
  });
}
