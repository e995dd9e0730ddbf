import { describeStorageContract } from '../storage.contract.ts';
import { openMemoryStorage } from './memory-storage.ts';

describeStorageContract('LG-06 the log in memory', async () => {
  const storage = openMemoryStorage();
  return { storage, destroy: storage.close };
});
