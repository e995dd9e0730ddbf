import { describe, expect, test } from 'vitest';
import type { NewRequest, Outcome, RequestId, RequestStore } from '../request-store.ts';
import { failed, newId, request, succeeded } from './samples.ts';
import type { OpenedStore } from './store-under-test.ts';

/** What the port promises of outcomes, and of what is held. */
export function settlingContract(opened: OpenedStore): void {
  const accepted = async (
    count: number,
  ): Promise<{ readonly requests: RequestStore; readonly given: readonly NewRequest[] }> => {
    const { requests, topic } = await opened();
    const given = Array.from({ length: count }, () => request(topic));
    await requests.accept(given);
    return { requests, given };
  };

  describe('a settled request', () => {
    test('TC-03 tells its outcome, success or failure, and is otherwise as before', async () => {
      const { requests, given } = await accepted(3);

      await requests.settle([
        { id: idAt(given, 0), outcome: succeeded() },
        { id: idAt(given, 2), outcome: failed() },
      ]);

      const outcomes = [succeeded(), undefined, failed()];
      expect(await requests.find(given.map(({ id }) => id))).toEqual(
        given.map(({ id, acceptedAtMs, expiresAtMs }, index) => ({
          id,
          acceptedAtMs,
          expiresAtMs,
          outcome: outcomes[index],
          heldBecause: undefined,
        })),
      );
    });

    test('TC-03 keeps its first outcome', async () => {
      const { requests, given } = await accepted(2);
      const [a, b] = [idAt(given, 0), idAt(given, 1)];
      await requests.settle([
        { id: a, outcome: failed({ code: 'FIRST' }) },
        { id: a, outcome: failed({ code: 'SECOND' }) },
      ]);

      await requests.settle([
        { id: a, outcome: succeeded() },
        { id: b, outcome: succeeded({ tradeIds: ['T-9'] }) },
      ]);
      await requests.settle([{ id: b, outcome: failed() }]);

      const found = await requests.find([a, b]);
      expect(found.map((one) => one?.outcome)).toEqual([
        failed({ code: 'FIRST' }),
        succeeded({ tradeIds: ['T-9'] }),
      ]);
    });

    test('TC-03 has one outcome, however many are given at once', async () => {
      const { requests, given } = await accepted(20);
      const ids = given.map(({ id }) => id);
      const rivals: readonly Outcome[] = Array.from({ length: 10 }, (_, number) =>
        succeeded({ position: number }),
      );

      await Promise.all(
        rivals.map((outcome, number) =>
          requests.settle(
            (number % 2 === 0 ? ids : ids.toReversed()).map((id) => ({ id, outcome })),
          ),
        ),
      );

      const found = await requests.find(ids);
      for (const one of found) expect(rivals).toContainEqual(one?.outcome);
      await requests.settle(ids.map((id) => ({ id, outcome: failed() })));
      expect(await requests.find(ids)).toEqual(found);
    });

    test('TC-03 may be one of a thousand, among unknown ones', async () => {
      const { requests, given } = await accepted(1_000);
      const stranger = newId();

      await requests.settle([
        { id: stranger, outcome: succeeded() },
        ...given.map(({ id }, position) => ({ id, outcome: succeeded({ position }) })),
      ]);

      expect(await requests.find([stranger])).toEqual([undefined]);
      const found = await requests.find(given.map(({ id }) => id));
      expect(found.map((one) => one?.outcome?.position)).toEqual(given.map((_, index) => index));
    });

    test('TC-03 needs none to be given', async () => {
      const { requests, given } = await accepted(1);

      await requests.settle([]);
      await requests.hold([]);

      expect((await requests.find([idAt(given, 0)]))[0]?.outcome).toBeUndefined();
    });
  });

  describe('a held request', () => {
    test('TC-03 tells why it waits for a human, until what held it is gone', async () => {
      const { requests, given } = await accepted(3);
      const ids = given.map(({ id }) => id);
      const reasons = async (): Promise<readonly (string | undefined)[]> =>
        (await requests.find(ids)).map((one) => one?.heldBecause);
      await requests.hold([
        { id: idAt(given, 0), because: 'no price of “X”: 🙂' },
        { id: idAt(given, 1), because: 'first' },
        { id: newId(), because: 'nobody' },
      ]);
      expect(await reasons()).toEqual(['no price of “X”: 🙂', 'first', undefined]);

      await requests.hold([
        { id: idAt(given, 0), because: undefined },
        { id: idAt(given, 1), because: 'second' },
        { id: idAt(given, 2), because: undefined },
      ]);

      expect(await reasons()).toEqual([undefined, 'second', undefined]);
      const found = await requests.find(ids);
      expect(found.map((one) => one?.outcome)).toEqual([undefined, undefined, undefined]);
    });

    test('TC-03 is held no longer once it is settled, nor again', async () => {
      const { requests, given } = await accepted(2);
      const [a, b] = [idAt(given, 0), idAt(given, 1)];
      await requests.hold([a, b].map((id) => ({ id, because: 'wait' })));

      await requests.settle([{ id: a, outcome: succeeded() }]);
      await requests.hold([{ id: a, because: 'too late' }]);

      expect(await requests.find([a, b])).toMatchObject([
        { outcome: succeeded(), heldBecause: undefined },
        { outcome: undefined, heldBecause: 'wait' },
      ]);
    });

    test('TC-03 is not accepted by being held or settled', async () => {
      const { requests } = await accepted(0);
      const [a, b] = [newId(), newId()];

      await requests.hold([{ id: a, because: 'wait' }]);
      await requests.settle([{ id: b, outcome: failed() }]);

      expect(await requests.find([a, b])).toEqual([undefined, undefined]);
    });
  });
}

function idAt(given: readonly NewRequest[], index: number): RequestId {
  return given[index]?.id ?? newId();
}
