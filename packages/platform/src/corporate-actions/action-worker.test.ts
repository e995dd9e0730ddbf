import { StorageFailure } from '@counterfoil/event-store';
import { expect, test } from 'vitest';
import type { Message, Subscription } from '../streams/bus.ts';
import { actionsTopic } from './action-message.ts';
import { askOf } from './action-queue.fixture.ts';
import { startActionWorker } from './action-worker.ts';

test('CA-03 an outage is not held against a message that the bus still has in memory', async () => {
  let subscription: Subscription | undefined;
  let away = true;
  const handled: string[] = [];
  await startActionWorker('corporate-actions', {
    bus: {
      subscribe: async (given) => {
        subscription = given;
        return { close: async () => undefined };
      },
    },
    publish: async (topic) => Promise.reject(new Error(`put aside into ${topic}`)),
    read: async () => askOf('AAPL'),
    process: async ({ symbol }) => {
      if (away) throw new StorageFailure('the log is away', { final: false });
      handled.push(symbol);
    },
    isOutage: (failure) => failure instanceof StorageFailure,
    onFailure: () => undefined,
  });
  const message: Message = {
    topic: actionsTopic,
    partition: 0,
    offset: 0,
    key: 'AAPL',
    value: Buffer.of(),
    headers: {},
  };

  await expect(subscription?.handle([message])).rejects.toThrow(StorageFailure);
  away = false;
  await subscription?.handle([message]);

  expect(handled).toEqual(['AAPL']);
});
