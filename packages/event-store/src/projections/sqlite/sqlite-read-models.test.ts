import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openReadModels } from '../database.ts';
import { describeReadModels } from '../read-models.contract.ts';

describeReadModels('LG-10 SQLite', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-read-models-'));
  const database = await openReadModels({
    kind: 'sqlite',
    file: path.join(directory, 'read-models.sqlite'),
  });
  return {
    ...database,
    close: async () => {
      await database.close();
      await rm(directory, { recursive: true });
    },
  };
});
