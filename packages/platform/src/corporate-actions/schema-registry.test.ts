import type { AvroSchema } from '@counterfoil/event-store';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startRegistry, type RegistryServer } from './confluent-registry.fixture.ts';
import { openConfluentRegistry } from './confluent-registry.ts';
import { openLocalRegistry } from './local-registry.ts';
import { SchemaRefused, SchemaRegistryFailure, type SchemaRegistry } from './schema-registry.ts';

const subject = 'orders-value';

function recordOf(...fields: readonly object[]): AvroSchema {
  return { type: 'record', name: 'Order', namespace: 'test', fields };
}

const id = { name: 'id', type: 'string' };
const first = recordOf(id);
const withDefault = recordOf(id, { name: 'side', type: 'string', default: 'BUY' });
const withoutDefault = recordOf(id, { name: 'side', type: 'string' });
const otherType = recordOf({ name: 'id', type: 'int' });

async function started(): Promise<RegistryServer> {
  const server = await startRegistry();
  onTestFinished(server.close);
  return server;
}

/** A registry that is to take versions, one after the other. */
const registries: [string, (versions: readonly AvroSchema[]) => Promise<SchemaRegistry>][] = [
  [
    'in the program',
    async (versions) =>
      openLocalRegistry(versions.map((schema, place) => ({ subject, id: 70 + place, schema }))),
  ],
  ['over HTTP', async () => openConfluentRegistry({ url: (await started()).url })],
];

describe.each(registries)('CA-12 the schema registry %s', (_, open) => {
  const registered = async (...versions: readonly AvroSchema[]) => {
    const registry = await open(versions);
    const ids: number[] = [];
    for (const schema of versions) ids.push(await registry.register(subject, schema));
    return { registry, ids };
  };

  test('gives each version of a subject an id, the same one whenever it is asked', async () => {
    const { registry, ids } = await registered(first, withDefault);

    expect(new Set(ids).size).toBe(2);
    expect(await registry.register(subject, first)).toBe(ids[0]);
    expect(await registry.register(subject, withDefault)).toBe(ids[1]);
  });

  test('finds a schema by its id, and none by an id that was never given', async () => {
    const { registry, ids } = await registered(first, withDefault);

    expect(await registry.find(ids[0] ?? -1)).toEqual(first);
    expect(await registry.find(ids[1] ?? -1)).toEqual(withDefault);
    expect(await registry.find(999)).toBeUndefined();
  });

  test.each([
    ['has a new field without a default', withoutDefault],
    ['changes the type of a field', otherType],
    ['is no Avro', recordOf({ name: 'id', type: 'nothing-known' })],
  ])('refuses a version that %s', async (_title, schema) => {
    await expect(registered(first, schema)).rejects.toThrow(SchemaRefused);
  });
});

describe('CA-12 the schema registry in the program', () => {
  test('says which version can not read which, and what to do', () => {
    expect(() =>
      openLocalRegistry([version(7, first), version(8, withDefault), version(9, withoutDefault)]),
    ).toThrow(/orders-value: schema 9 can't read what was written with 7: give each field/);
  });

  test('holds subjects against themselves alone, and gives no id twice', () => {
    expect(() =>
      openLocalRegistry([version(7, first), version(8, otherType, 'prices-value')]),
    ).not.toThrow();
    expect(() =>
      openLocalRegistry([version(7, first), version(7, otherType, 'prices-value')]),
    ).toThrow(SchemaRefused);
  });

  test('takes nothing that it was not opened with', async () => {
    const registry = openLocalRegistry([version(7, first)]);

    await expect(registry.register(subject, withDefault)).rejects.toThrow(SchemaRefused);
    await expect(registry.register('prices-value', first)).rejects.toThrow(SchemaRefused);
  });
});

describe('CA-12 the schema registry over HTTP', () => {
  test('is asked for what it has, and given what is new after it was compared', async () => {
    const server = await started();
    const registry = openConfluentRegistry({ url: server.url, subjectPrefix: 'desk 7.' });
    await registry.register(subject, first);
    await registry.register(subject, first);
    await registry.register(subject, withDefault);

    const named = 'desk%207.orders-value';
    const compared = `POST /compatibility/subjects/${named}/versions/latest?verbose=true`;
    expect(server.requests).toEqual([
      `POST /subjects/${named}`,
      compared,
      `POST /subjects/${named}/versions`,
      `POST /subjects/${named}`,
      `POST /subjects/${named}`,
      compared,
      `POST /subjects/${named}/versions`,
    ]);
  });

  test('takes an older version that it has, whatever came after it', async () => {
    const { url } = await started();
    const before = openConfluentRegistry({ url });
    const old = await before.register(subject, withoutDefault);
    await before.register(subject, first);

    expect(await openConfluentRegistry({ url }).register(subject, withoutDefault)).toBe(old);
  });

  test('says why it refuses', async () => {
    const { url } = await started();
    const registry = openConfluentRegistry({ url, subjectPrefix: 'desk 7.' });
    await registry.register(subject, first);

    await expect(registry.register(subject, withoutDefault)).rejects.toThrow(
      /does not take the schema of desk 7\.orders-value: .*side/,
    );
  });

  test.each([
    ['another process was faster with one that does not go with it', 409, 409],
    ['it finds fault with the schema only then', 422, 42201],
  ])('refuses at the last moment when %s', async (_, status, code) => {
    const server = await started();
    server.answerWith((request) =>
      request.endsWith('/versions')
        ? { status, body: { error_code: code, message: 'not this one' } }
        : undefined,
    );

    const registering = openConfluentRegistry({ url: server.url }).register(subject, first);

    await expect(registering).rejects.toThrow(SchemaRefused);
    await expect(registering).rejects.toThrow('not this one');
  });

  test('finds no schema in one that is not Avro', async () => {
    const server = await started();
    const registry = openConfluentRegistry({ url: server.url });

    expect(await registry.find(server.addOther('PROTOBUF', 'message Order {}'))).toBeUndefined();
    expect(await registry.find(server.addOther('JSON', '{"type":"object"}'))).toBeUndefined();
  });

  test.each([
    ['fails', { status: 500, body: { error_code: 50001, message: 'the store is away' } }],
    ['lets nobody in', { status: 401, body: { error_code: 401, message: 'Unauthorized' } }],
    ['is another server', { status: 404, body: '<html>no such page</html>' }],
    ['answers with something else', { status: 200, body: '{"schema":7,"id":"seven"}' }],
    ['answers with half a document', { status: 200, body: '{"schema":' }],
  ])('that %s is an outage, and not an answer', async (_, answer) => {
    const server = await started();
    const registry = openConfluentRegistry({ url: server.url });
    server.answerWith(() => answer);

    await expect(registry.find(1)).rejects.toThrow(SchemaRegistryFailure);
    await expect(registry.register(subject, first)).rejects.toThrow(SchemaRegistryFailure);
  });

  test('that does not answer in time, or is gone, is an outage', async () => {
    const server = await started();
    const registry = openConfluentRegistry({ url: server.url, answerMsMax: 50 });
    server.answerWith(() => 'nothing');
    await expect(registry.find(1)).rejects.toThrow(SchemaRegistryFailure);

    const gone = await startRegistry();
    await gone.close();
    const asked = openConfluentRegistry({ url: gone.url }).find(1);
    await expect(asked).rejects.toThrow(SchemaRegistryFailure);
  });

  test('is told who asks, and no failure repeats the password', async () => {
    const server = await started();
    const url = server.url.replace('//', '//desk:s%40cret@');
    const registry = openConfluentRegistry({ url });
    await registry.find(1);
    expect(server.authorization()).toBe(`Basic ${Buffer.from('desk:s@cret').toString('base64')}`);

    server.answerWith(() => ({ status: 500, body: 'out of order' }));
    const failure = await registry.find(1).catch((one: unknown) => one);
    expect(String(failure)).toContain('500');
    expect(String(failure)).not.toMatch(/s@cret|s%40cret/);
  });
});

function version(number: number, schema: AvroSchema, of = subject) {
  return { subject: of, id: number, schema };
}
