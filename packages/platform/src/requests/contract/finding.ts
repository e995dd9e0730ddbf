import { describe, expect, test } from 'vitest';
import { newId, request } from './samples.ts';
import type { OpenedStore } from './store-under-test.ts';

/** What the port promises of looking for requests. */
export function findingContract(opened: OpenedStore): void {
  describe('looking for requests', () => {
    test('TC-03 answers in the order of the ids, and undefined for those that are not there', async () => {
      const { requests, topic } = await opened();
      const [a, b, c] = [newId(), newId(), newId()];
      await requests.accept([a, b, c].map((id) => request(topic, { id })));
      const asked = [c, newId(), a, b, newId(), a];

      const found = await requests.find(asked);

      expect(found.map((one) => one?.id)).toEqual([c, undefined, a, b, undefined, a]);
    });

    test('TC-03 answers nothing when asked for none', async () => {
      const { requests } = await opened();

      expect(await requests.find([])).toEqual([]);
    });

    test('TC-03 answers a thousand at once', async () => {
      const { requests, topic } = await opened();
      const many = Array.from({ length: 1_000 }, () => request(topic));
      await requests.accept(many.filter((_, index) => index % 3 !== 0));
      const ids = many.map(({ id }) => id).toReversed();

      const found = await requests.find(ids);

      const kept = new Set(many.filter((_, index) => index % 3 !== 0).map(({ id }) => id));
      expect(found.map((one) => one?.id)).toEqual(ids.map((id) => (kept.has(id) ? id : undefined)));
    });

    test('TC-03 sees what was done by whoever is told so', async () => {
      const { requests, topic } = await opened();
      for (let round = 0; round < 20; round += 1) {
        const id = newId();
        await requests.accept([request(topic, { id })]);
        expect((await requests.find([id]))[0]?.id).toBe(id);
        await requests.hold([{ id, because: `${round}` }]);
        expect((await requests.find([id]))[0]?.heldBecause).toBe(`${round}`);
      }
    });
  });
}
