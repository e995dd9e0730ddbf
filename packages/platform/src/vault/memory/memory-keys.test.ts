import { describeKeyProviderContract } from '../key-provider.contract.ts';
import { describeKeyStoreContract } from '../key-store.contract.ts';
import { openMemoryKeys, openMemoryProvider } from './memory-keys.ts';

describeKeyStoreContract('RC-04 the store in memory', async () => {
  const store = openMemoryKeys();
  return { store, another: async () => store, destroy: async () => {} };
});

describeKeyProviderContract('RC-04 the provider in memory', async () => {
  const provider = openMemoryProvider();
  return {
    provider,
    reopened: async () => provider,
    shutOff: () => provider.destroy('a'),
    destroy: async () => {},
  };
});
