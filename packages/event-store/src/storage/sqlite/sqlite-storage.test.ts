import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeStorageContract } from '../storage.contract.ts';
import type { EventStorage } from '../storage.ts';
import { openSqliteStorage } from './sqlite-storage.ts';

describeStorageContract('LG-06 the log in SQLite', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-sqlite-'));
  const file = path.join(directory, 'log.sqlite');
  const open = (): Promise<EventStorage> => openSqliteStorage({ file, pollMs: 20 });
  let storage = await open();
  return {
    storage,
    reopen: async () => {
      await storage.close();
      storage = await open();
      return storage;
    },
    beside: open,
    destroy: async () => {
      await storage.close();
      await rm(directory, { recursive: true });
    },
  };
});
