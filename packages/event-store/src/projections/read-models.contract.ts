import { afterEach, describe } from 'vitest';
import { checkingContract } from './contract/checking.ts';
import { faultsContract } from './contract/faults.ts';
import { followingContract } from './contract/following.ts';
import {
  openFixture,
  type NewFixture,
  type ReadModelsUnderTest,
} from './contract/read-models-under-test.ts';
import { rebuildingContract } from './contract/rebuilding.ts';
import { sharingContract } from './contract/sharing.ts';
import { valuesContract } from './contract/values.ts';
import { versionsContract } from './contract/versions.ts';

/**
 * The suite that read models pass on every engine, each on the real one. `create` makes an empty database;
 * it is called once for every test.
 */
export function describeReadModels(name: string, create: () => Promise<ReadModelsUnderTest>): void {
  describe(`${name} keeps read models`, () => {
    const ends: (() => Promise<void>)[] = [];

    afterEach(async () => {
      for (const end of ends.splice(0).toReversed()) await end();
    });

    const fixture: NewFixture = async () => {
      const underTest = await create();
      ends.push(underTest.destroy);
      return openFixture(underTest, (end) => ends.push(end));
    };

    followingContract(fixture);
    faultsContract(fixture);
    sharingContract(fixture);
    rebuildingContract(fixture);
    versionsContract(fixture);
    checkingContract(fixture);
    valuesContract(fixture);
  });
}
