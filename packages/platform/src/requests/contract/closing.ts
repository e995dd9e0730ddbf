import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { until } from '../../streams/contract/samples.ts';
import { RequestStoreFailure, type Acceptance } from '../request-store.ts';
import { failed, newId, onceRequest, request, succeeded, textsOn } from './samples.ts';
import type { OpenedStore } from './store-under-test.ts';

/** What the port promises of a store that is closed, and of one that is opened again. */
export function closingContract(opened: OpenedStore): void {
  describe('a store that is opened again', () => {
    test('TC-03, OP-11 has all requests, their outcomes, what held them, and the keys', async () => {
      const { requests, topic, reopen } = await opened();
      const [pending, settled, refused, held] = [
        request(topic),
        request(topic),
        request(topic),
        onceRequest(topic, 'key-1'),
      ];
      const ids = [pending, settled, refused, held].map(({ id }) => id);
      await requests.accept([pending, settled, refused, held]);
      await requests.settle([
        { id: settled.id, outcome: succeeded() },
        { id: refused.id, outcome: failed() },
      ]);
      await requests.hold([{ id: held.id, because: 'wait' }]);
      const before = await requests.find(ids);

      const again = await reopen();

      expect(await again.requests.find(ids)).toEqual(before);
      expect(before.map((one) => one?.outcome?.status ?? one?.heldBecause)).toEqual([
        undefined,
        'SUCCESS',
        'FAILED',
        'wait',
      ]);
      expect(await again.requests.accept([onceRequest(topic, 'key-1')])).toEqual([
        { kind: 'repeated', id: held.id, fingerprint: 'the same' },
      ]);
      await again.requests.settle([{ id: pending.id, outcome: failed() }]);
      expect((await again.requests.find([pending.id]))[0]?.outcome).toEqual(failed());
    });

    test('TC-07, OP-11 has every message on the bus, in order, sent before or not', async () => {
      let current = await opened();
      const { topic } = current;
      const texts = Array.from({ length: 60 }, (_, number) => `${number}`);
      for (const [number, text] of texts.entries()) {
        await current.requests.accept([request(topic, { text })]);
        if (number % 20 === 19) current = await current.reopen();
      }

      const { bus } = current;
      await until(async () => (await textsOn(bus, topic)).length === 60);

      expect(await textsOn(bus, topic)).toEqual(texts);
    });

    test('TC-03, OP-11 has what was being accepted when it was closed', async () => {
      const { requests, topic, reopen } = await opened();
      const many = Array.from({ length: 30 }, () => request(topic));
      const calls: Promise<readonly Acceptance[]>[] = [];
      for (const one of many) {
        calls.push(requests.accept([one]));
        // Some are on their way by the time that others are handed in.
        if (calls.length % 10 === 0) await setImmediate();
      }

      const { requests: again, bus } = await reopen();

      expect((await Promise.all(calls)).flat()).toEqual(many.map(() => ({ kind: 'accepted' })));
      const ids = many.map(({ id }) => id);
      expect((await again.find(ids)).map((one) => one?.id)).toEqual(ids);
      await until(async () => (await textsOn(bus, topic)).length === 30);
      expect(await textsOn(bus, topic)).toEqual(ids);
    });
  });

  describe('a store', () => {
    test('TC-03 that is open says that it takes requests', async () => {
      const { requests } = await opened();

      await expect(requests.check()).resolves.toBeUndefined();
    });

    test('TC-03 that is closed takes and answers nothing', async () => {
      const { requests, topic } = await opened();
      const id = newId();
      await requests.accept([request(topic, { id })]);

      await requests.close();

      await expect(requests.accept([request(topic)])).rejects.toThrow(RequestStoreFailure);
      await expect(requests.find([id])).rejects.toThrow(RequestStoreFailure);
      await expect(requests.settle([{ id, outcome: failed() }])).rejects.toThrow(
        RequestStoreFailure,
      );
      await expect(requests.hold([{ id, because: 'w' }])).rejects.toThrow(RequestStoreFailure);
      await expect(requests.removeExpired(Date.now())).rejects.toThrow(RequestStoreFailure);
      await expect(requests.check()).rejects.toThrow(RequestStoreFailure);
    });
  });
}
