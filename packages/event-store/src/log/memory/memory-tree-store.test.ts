import { describeTreeStoreContract } from '../tree-store.contract.ts';
import { openMemoryTreeStore } from './memory-tree-store.ts';

describeTreeStoreContract('memory', async () => {
  const store = openMemoryTreeStore();
  return { store, destroy: store.close };
});
