import { expect, describe, test } from 'vitest';
import { until } from '../../streams/contract/samples.ts';
import { messagesOn, newId, request, textsOn } from './samples.ts';
import type { OpenedStore } from './store-under-test.ts';

/** What the port promises of requests that are accepted, and of their messages. */
export function acceptingContract(opened: OpenedStore): void {
  describe('an accepted request', () => {
    test('TC-03 is pending', async () => {
      const { requests, topic } = await opened();
      const { id, acceptedAtMs, expiresAtMs, ...rest } = request(topic);

      const answers = await requests.accept([{ id, acceptedAtMs, expiresAtMs, ...rest }]);

      expect(answers).toEqual([{ kind: 'accepted' }]);
      expect(await requests.find([id])).toEqual([
        { id, acceptedAtMs, expiresAtMs, outcome: undefined, heldBecause: undefined },
      ]);
    });

    test('TC-07 has its message on the bus, as it was given', async () => {
      const { requests, bus, topic } = await opened();
      const value = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const headers = { source: 'Überlauf "1"', empty: '' };
      await requests.accept([
        { ...request(topic), message: { key: 'schlüssel/1', value, headers } },
        { ...request(topic), message: { key: '', value: new Uint8Array() } },
      ]);

      await until(async () => (await messagesOn(bus, topic)).length >= 2);

      const messages = await messagesOn(bus, topic);
      const full = messages.find(({ key }) => key === 'schlüssel/1');
      const bare = messages.find(({ key }) => key === '');
      expect(full).toMatchObject({ topic, headers });
      expect(Buffer.from(full?.value ?? []).equals(value)).toBe(true);
      expect(bare?.headers).toEqual({});
      expect(bare?.value).toHaveLength(0);
    });

    test('TC-07 wakes who listens on the bus', async () => {
      const { requests, bus, topic } = await opened();
      const texts = new Set<string>();
      const subscriber = await bus.subscribe({
        topic,
        group: 'workers',
        batchSizeMax: 10,
        handle: async (batch) => {
          for (const { value } of batch) texts.add(Buffer.from(value).toString());
        },
      });

      await requests.accept([request(topic, { text: 'first' })]);
      await until(() => texts.has('first'));
      await requests.accept([request(topic, { text: 'second' })]);
      await until(() => texts.has('second'));

      await subscriber.close();
      expect([...texts]).toEqual(['first', 'second']);
    });

    test('TC-03 may be one of a thousand, all in one call', async () => {
      const { requests, bus, topic } = await opened();
      const many = Array.from({ length: 1_000 }, (_, number) =>
        request(topic, { key: `k${number % 7}`, text: `${number % 7}:${number}` }),
      );

      const answers = await requests.accept(many);

      expect(answers).toEqual(many.map(() => ({ kind: 'accepted' })));
      const found = await requests.find(many.map(({ id }) => id));
      expect(found.map((one) => one?.id)).toEqual(many.map(({ id }) => id));
      await until(async () => (await textsOn(bus, topic)).length === 1_000);
      expectOrder(await textsOn(bus, topic), textsOf(many));
    });

    test('TC-03 may be none', async () => {
      const { requests, bus, topic } = await opened();

      expect(await requests.accept([])).toEqual([]);

      expect(await textsOn(bus, topic)).toEqual([]);
    });
  });

  describe('messages of one key', () => {
    test('TC-07 keep the order of calls that wait for each other', async () => {
      const { requests, bus, topic } = await opened();
      const many = Array.from({ length: 60 }, (_, number) =>
        request(topic, { key: `k${number % 3}`, text: `${number % 3}:${number}` }),
      );

      for (const one of many) await requests.accept([one]);

      await until(async () => (await textsOn(bus, topic)).length === 60);
      expectOrder(await textsOn(bus, topic), textsOf(many));
      expect(await textsOn(bus, topic)).toHaveLength(60);
    });

    test('TC-07 keep the order of calls that do not wait, whether under a key or not', async () => {
      const { requests, bus, topic } = await opened();
      const calls = Array.from({ length: 200 }, (_, call) =>
        [0, 1, 2].map((number) => {
          const key = `k${number}`;
          const once = { key: newId(), fingerprint: 'f', expiresAtMs: Date.now() + 60_000 };
          return request(topic, {
            key,
            text: `${number}:${call}`,
            once: call % 4 === 0 ? once : undefined,
          });
        }),
      );

      const answers = await Promise.all(calls.map((call) => requests.accept(call)));

      expect(answers.flat()).toEqual(calls.flat().map(() => ({ kind: 'accepted' })));
      await until(async () => (await textsOn(bus, topic)).length === 600);
      expectOrder(await textsOn(bus, topic), textsOf(calls.flat()));
      const found = await requests.find(calls.flat().map(({ id }) => id));
      expect(found.filter((one) => one === undefined)).toEqual([]);
    });
  });
}

function textsOf(requests: readonly ReturnType<typeof request>[]): readonly string[] {
  return requests.map(({ message }) => Buffer.from(message.value).toString());
}

function expectOrder(got: readonly string[], expected: readonly string[]): void {
  for (const key of new Set(expected.map(keyOf))) {
    const ofKey = (text: string): boolean => keyOf(text) === key;
    expect(got.filter(ofKey)).toEqual(expected.filter(ofKey));
  }
  expect(got).toHaveLength(expected.length);
}

/** The part before the colon tells the key. */
function keyOf(text: string): string {
  return text.split(':')[0] ?? '';
}
