import { SchemaMismatch } from '@counterfoil/event-store';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  askReasons,
  askVersions,
  openActionMessages,
  UnreadableAsk,
  type ActionAsk,
} from './action-message.ts';
import { avroType } from './avro-reader.ts';
import { startRegistry } from './confluent-registry.fixture.ts';
import { openConfluentRegistry } from './confluent-registry.ts';
import { openLocalRegistry, type SchemaVersion } from './local-registry.ts';

const split = {
  actionId: 'CA-000000000000000001',
  symbol: 'AAPL',
  version: 2,
  reason: 'AMENDED',
  correlationId: 'c-1',
} as ActionAsk;

const published = askVersions.at(-1) as SchemaVersion;

const open = () => openActionMessages(openLocalRegistry(askVersions));

/** A message as someone else's serializer writes it. */
function framed(id: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, body]);
}

describe('CA-12 the message that asks a worker to look at an action', () => {
  test('is Avro behind a zero and the four bytes of its schema, under the key of its symbol', async () => {
    const { write } = await open();

    const { key, value } = write(split);

    expect(key).toBe('AAPL');
    // Strings with their length, numbers in zig-zag, the reason by its place (Avro 1.12, binary encoding).
    const expected = `00 43460001 2a ${hexOf(split.actionId)} 08 ${hexOf('AAPL')} 04 02 06 ${hexOf('c-1')}`;
    expect(Buffer.from(value).toString('hex')).toBe(expected.replaceAll(' ', ''));
  });

  test('reads as it was written, whatever it asks for', async () => {
    const { write, read } = await open();
    const asks = fc.record({
      actionId: fc.stringMatching(/^CA-[0-9A-Z]{18}$/),
      symbol: fc.stringMatching(/^[A-Z0-9.-]{1,16}$/),
      version: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      reason: fc.constantFrom(...askReasons),
      correlationId: fc.string({ unit: 'binary', maxLength: 100 }),
    });

    await fc.assert(
      fc.asyncProperty(asks, async (ask) => {
        expect(await read(write(ask as ActionAsk))).toEqual(ask);
      }),
    );
  });

  test.each([
    ['version', { ...split, version: 1.5 }],
    ['reason', { ...split, reason: 'WHY_NOT' }],
    ['correlationId', { ...split, correlationId: undefined }],
  ])('is not written with a wrong %s', async (field, ask) => {
    const { write } = await open();

    expect(() => write(ask as ActionAsk)).toThrow(SchemaMismatch);
    expect(() => write(ask as ActionAsk)).toThrow(field);
  });

  const body = avroType(published.schema).toBuffer(split);
  const changed = (change: object): Buffer =>
    framed(published.id, avroType(published.schema).toBuffer({ ...split, ...change }));

  test.each([
    ['is empty', Buffer.of(), /does not begin with a zero/],
    ['is JSON', Buffer.from('{"actionId":"CA-1"}'), /does not begin with a zero/],
    [
      'begins with another byte',
      Buffer.concat([Buffer.of(1), framed(published.id, body).subarray(1)]),
      /zero/,
    ],
    ['names a schema that there is not', framed(4_711, body), /no Avro schema has the id 4711/],
    ['ends too early', framed(published.id, body.subarray(0, -1)), /not of its schema/],
    [
      'goes on behind its end',
      framed(published.id, Buffer.concat([body, Buffer.of(0)])),
      /not of its/,
    ],
    ['names no action', changed({ actionId: 'CA-1' }), /asks for action "CA-1"/],
    ['names no symbol', changed({ symbol: 'aapl' }), /symbol "aapl"/],
    ['asks for version 0', changed({ version: 0 }), UnreadableAsk],
    ['is for another symbol than its key', changed({ symbol: 'MSFT' }), /key is not the symbol/],
  ])('can not be read when it %s', async (_, value, why) => {
    const { read } = await open();

    const reading = read({ key: 'AAPL', value });

    await expect(reading).rejects.toThrow(UnreadableAsk);
    await expect(reading).rejects.toThrow(why);
  });

  test('may come from a program that is newer: what is new to this one is left out', async () => {
    const { read, registry } = await withRegistry();
    const newer = withFields(
      { name: 'reason', type: { type: 'enum', name: 'AskReason', symbols: ['SUSPECTED'] } },
      { name: 'urgency', type: 'int', default: 0 },
    );
    const id = await registry.register('newer-value', newer);
    const value = framed(
      id,
      avroType(newer).toBuffer({ ...split, reason: 'SUSPECTED', urgency: 9 }),
    );

    expect(await read({ key: 'AAPL', value })).toEqual({ ...split, reason: 'DUE' });
  });

  test('can not come from a schema of something else', async () => {
    const { read, registry } = await withRegistry();
    const schema = {
      type: 'record',
      name: 'Order',
      fields: [{ name: 'id', type: 'string' }],
    };
    const id = await registry.register('orders-value', schema);
    const value = framed(id, avroType(schema).toBuffer({ id: 'o-1' }));

    await expect(read({ key: 'AAPL', value })).rejects.toThrow(UnreadableAsk);
  });

  test('takes its id from the registry that it is registered with', async () => {
    const { write, registry } = await withRegistry();
    await registry.register('others-value', 'string');

    const id = Buffer.from(write(split).value).readUInt32BE(1);

    expect(await registry.find(id)).toEqual(published.schema);
  });
});

async function withRegistry() {
  const server = await startRegistry();
  onTestFinished(server.close);
  const registry = openConfluentRegistry({ url: server.url });
  return { registry, ...(await openActionMessages(registry)) };
}

/** The published schema with other fields: in place of those of the same name, and besides. */
function withFields(
  ...fields: readonly { readonly name: string; readonly [attribute: string]: unknown }[]
) {
  const base = published.schema as unknown as { readonly fields: { readonly name: string }[] };
  const kept = base.fields.filter(({ name }) => !fields.some((field) => field.name === name));
  return { ...base, type: 'record', fields: [...kept, ...fields] } as never;
}

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex');
}
