import { describe, expect, test } from 'vitest';
import { until } from '../../streams/contract/samples.ts';
import { hourMs, newId, onceRequest, request, succeeded, textsOn } from './samples.ts';
import type { OpenedStore } from './store-under-test.ts';

/** What the port promises of requests under a key. */
export function keysContract(opened: OpenedStore): void {
  describe('a key', () => {
    test('TC-03 that was used answers who used it, and nothing is kept or published', async () => {
      const { requests, bus, topic } = await opened();
      const first = onceRequest(topic, 'key-1', 'fingerprint of the first');
      const again = onceRequest(topic, 'key-1', 'fingerprint of another');
      expect(await requests.accept([first])).toEqual([{ kind: 'accepted' }]);

      const answers = await requests.accept([again]);

      expect(answers).toEqual([
        { kind: 'repeated', id: first.id, fingerprint: 'fingerprint of the first' },
      ]);
      const [kept, notKept] = await requests.find([first.id, again.id]);
      expect(kept?.id).toBe(first.id);
      expect(notKept).toBeUndefined();
      // What comes behind it shows that it had its time to come.
      await requests.accept([request(topic, { text: 'behind' })]);
      await until(async () => (await textsOn(bus, topic)).includes('behind'));
      expect(await textsOn(bus, topic)).toEqual([first.id, 'behind']);
    });

    test('TC-03 that is used twice in a call belongs to the first', async () => {
      const { requests, bus, topic } = await opened();
      const before = onceRequest(topic, 'key-0');
      await requests.accept([before]);
      const first = onceRequest(topic, 'key-1', 'first');
      const second = onceRequest(topic, 'key-1', 'second');
      const call = [request(topic), first, onceRequest(topic, 'key-0'), second, request(topic)];

      const answers = await requests.accept(call);

      expect(answers).toEqual([
        { kind: 'accepted' },
        { kind: 'accepted' },
        { kind: 'repeated', id: before.id, fingerprint: 'the same' },
        { kind: 'repeated', id: first.id, fingerprint: 'first' },
        { kind: 'accepted' },
      ]);
      const found = await requests.find(call.map(({ id }) => id));
      expect(found.map((one) => one !== undefined)).toEqual([true, true, false, false, true]);
      await until(async () => (await textsOn(bus, topic)).length >= 4);
      expect(await textsOn(bus, topic)).toEqual(
        [before, call[0], first, call[4]].map((one) => one?.id),
      );
    });

    test('TC-03 that many ask for at once belongs to one of them, and all learn of it', async () => {
      const { requests, bus, topic } = await opened();
      const rivals = Array.from({ length: 40 }, (_, number) =>
        onceRequest(topic, 'key-1', `fingerprint ${number}`),
      );

      const answers = (await Promise.all(rivals.map((one) => requests.accept([one])))).flat();

      const winners = rivals.filter((_, index) => answers[index]?.kind === 'accepted');
      expect(winners).toHaveLength(1);
      const [winner] = winners;
      const repeated = {
        kind: 'repeated',
        id: winner?.id,
        fingerprint: winner?.once?.fingerprint,
      };
      expect(answers.filter(({ kind }) => kind === 'repeated')).toEqual(
        Array.from({ length: 39 }, () => repeated),
      );
      const found = await requests.find(rivals.map(({ id }) => id));
      expect(found.flatMap((one) => one?.id ?? [])).toEqual([winner?.id]);
      await requests.accept([request(topic, { text: 'behind' })]);
      await until(async () => (await textsOn(bus, topic)).includes('behind'));
      expect(await textsOn(bus, topic)).toEqual([winner?.id, 'behind']);
    });

    test('TC-03 stays used when its request is settled', async () => {
      const { requests, topic } = await opened();
      const first = onceRequest(topic, 'key-1');
      await requests.accept([first]);
      await requests.settle([{ id: first.id, outcome: succeeded() }]);

      const [answer] = await requests.accept([onceRequest(topic, 'key-1')]);

      expect(answer).toMatchObject({ kind: 'repeated', id: first.id });
    });

    test('TC-03 is free again when its time is up, and then belongs to who takes it', async () => {
      const { requests, topic } = await opened();
      const past = Date.now() - hourMs;
      const once = { key: 'key-1', fingerprint: 'first', expiresAtMs: past + 60_000 };
      const first = request(topic, { acceptedAtMs: past, once });
      await requests.accept([first]);
      const second = onceRequest(topic, 'key-1', 'second');

      expect(await requests.accept([second])).toEqual([{ kind: 'accepted' }]);

      expect(await requests.accept([onceRequest(topic, 'key-1', 'third')])).toEqual([
        { kind: 'repeated', id: second.id, fingerprint: 'second' },
      ]);
      const found = await requests.find([first.id, second.id]);
      expect(found.map((one) => one?.id)).toEqual([first.id, second.id]);
    });

    test('TC-03 may be any 200 printable characters, and each its own', async () => {
      const { requests, topic } = await opened();
      const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
      const all = printable.join('').repeat(3);
      const keys = [all.slice(0, 200), all.slice(1, 201), 'a', 'A', ' a', 'a ', "'", '%', newId()];

      const answers = await requests.accept(keys.map((key) => onceRequest(topic, key)));
      const again = await requests.accept(keys.map((key) => onceRequest(topic, key)));

      expect(answers).toEqual(keys.map(() => ({ kind: 'accepted' })));
      expect(again.map(({ kind }) => kind)).toEqual(keys.map(() => 'repeated'));
    });
  });
}
