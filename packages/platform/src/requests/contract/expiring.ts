import { describe, expect, test } from 'vitest';
import type { RequestStore } from '../request-store.ts';
import { failed, hourMs, onceRequest, request, succeeded } from './samples.ts';
import type { OpenedStore, StoreHabits } from './store-under-test.ts';

/** What the port promises of requests whose time is up. */
export function expiringContract(
  opened: OpenedStore,
  { expiresByItself = false }: StoreHabits,
): void {
  describe('a request whose time is up', () => {
    const past = { acceptedAtMs: Date.now() - 2 * hourMs, expiresAtMs: Date.now() - hourMs };

    test('TC-03 goes if it is settled, and never while it is pending', async () => {
      const { requests, topic } = await opened();
      const [settled, pending, held, later] = [
        request(topic, past),
        request(topic, past),
        request(topic, past),
        request(topic),
      ];
      await requests.accept([settled, pending, held, later]);
      await requests.hold([{ id: held.id, because: 'wait' }]);
      await requests.settle([
        { id: settled.id, outcome: succeeded() },
        { id: later.id, outcome: failed() },
      ]);

      const removed = await removeAll(requests);

      expect(removed).toBe(expiresByItself ? 0 : 1);
      const found = await requests.find([settled.id, pending.id, held.id, later.id]);
      expect(found.map((one) => one?.id)).toEqual([undefined, pending.id, held.id, later.id]);
      expect(found[2]?.heldBecause).toBe('wait');
    });

    test('TC-03 goes when it is settled after its time, and can be until then', async () => {
      const { requests, topic } = await opened();
      const { id } = request(topic);
      await requests.accept([request(topic, { id, ...past })]);
      expect(await removeAll(requests)).toBe(0);
      await requests.settle([{ id, outcome: succeeded() }]);

      const removed = await removeAll(requests);

      expect(removed).toBe(expiresByItself ? 0 : 1);
      expect(await requests.find([id])).toEqual([undefined]);
    });

    test('TC-03 goes in the end, however many there are', async () => {
      const { requests, topic } = await opened();
      const many = Array.from({ length: 2_500 }, () => request(topic, past));
      await requests.accept(many);
      await requests.settle(many.map(({ id }) => ({ id, outcome: succeeded() })));

      const removed = await removeAll(requests);

      expect(removed).toBe(expiresByItself ? 0 : 2_500);
      const found = await requests.find(many.map(({ id }) => id));
      expect(found.filter((one) => one !== undefined)).toEqual([]);
    });

    test('TC-03 leaves its key used until the time of that is up', async () => {
      const { requests, topic } = await opened();
      const first = { ...onceRequest(topic, 'key-1'), ...past };
      const freed = { ...onceRequest(topic, 'key-2', 'f', past.expiresAtMs), ...past };
      await requests.accept([first, freed]);
      await requests.settle([{ id: first.id, outcome: succeeded() }]);
      await removeAll(requests);

      const answers = await requests.accept([
        onceRequest(topic, 'key-1'),
        onceRequest(topic, 'key-2'),
      ]);

      expect(answers).toEqual([
        { kind: 'repeated', id: first.id, fingerprint: 'the same' },
        { kind: 'accepted' },
      ]);
    });
  });
}

/** Some go at a time: asks until none goes any more. */
async function removeAll(requests: RequestStore): Promise<number> {
  let removed = 0;
  for (;;) {
    const some = await requests.removeExpired(Date.now());
    if (some === 0) return removed;
    removed += some;
  }
}
