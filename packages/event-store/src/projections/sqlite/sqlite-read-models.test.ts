import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openReadModels } from '../database.ts';
import { describeReadModels } from '../read-models.contract.ts';

describeReadModels('SQLite', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-read-models-'));
  const file = path.join(directory, 'read-models.sqlite');
  return {
    open: () => openReadModels({ kind: 'sqlite', file }),
    destroy: () => rm(directory, { recursive: true }),
  };
});
