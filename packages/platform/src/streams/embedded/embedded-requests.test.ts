import type { StoreUnderTest } from '../../requests/contract/store-under-test.ts';
import { describeRequestStoreContract } from '../../requests/request-store.contract.ts';
import { orders } from '../contract/samples.ts';
import { openBus } from './embedded-bus.fixture.ts';

describeRequestStoreContract('TC-07 the store in the file of the embedded bus', async () => {
  const opened = await openBus();
  const underTest = async (): Promise<StoreUnderTest> => {
    await opened.embedded().ensureTopics([{ name: orders, partitions: 4 }]);
    return {
      requests: opened.embedded().requests,
      bus: opened.embedded(),
      topic: orders,
      reopen: async () => {
        await opened.reopen();
        return underTest();
      },
      destroy: opened.destroy,
    };
  };
  return underTest();
});
