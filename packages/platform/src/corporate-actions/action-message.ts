import { SchemaMismatch, type AvroSchema } from '@counterfoil/event-store';
import { parseActionId, type ActionId } from '../domain/corporate-actions/events.ts';
import { parseInstrumentSymbol, type InstrumentSymbol } from '../domain/instruments/events.ts';
import type { Message, NewMessage } from '../streams/bus.ts';
import { avroType, readerOf } from './avro-reader.ts';
import type { SchemaVersion } from './local-registry.ts';
import type { SchemaRegistry } from './schema-registry.ts';

// What asks a worker to look at a corporate action: Avro behind the header of Confluent's wire format, so that
// others on a broker can read the topic with their usual tools.

export const actionsTopic = 'corporate-actions-events';

export const askReasons = ['ANNOUNCED', 'AMENDED', 'CANCELLED', 'DUE', 'RETRY'] as const;

/** Asks a worker to look at an action; what there is to do with it is in the log. */
export interface ActionAsk {
  readonly actionId: ActionId;
  readonly symbol: InstrumentSymbol;
  /** The version of the announcement that gave rise to it; the worker may find a later one. */
  readonly version: number;
  readonly reason: (typeof askReasons)[number];
  readonly correlationId: string;
}

const subject = `${actionsTopic}-value`;

const schema: AvroSchema = {
  type: 'record',
  name: 'CorporateActionAsk',
  namespace: 'counterfoil',
  fields: [
    { name: 'actionId', type: 'string' },
    { name: 'symbol', type: 'string' },
    { name: 'version', type: 'int' },
    {
      name: 'reason',
      // A worker of this version takes a reason that it does not know yet for the default.
      type: { type: 'enum', name: 'AskReason', symbols: askReasons, default: 'DUE' },
    },
    { name: 'correlationId', type: 'string' },
  ],
};

/**
 * Every version that was ever published, for a registry in the program itself. Ids far from those that a
 * Confluent registry gives, which begin at 1: messages of the one are never read by a schema of the other.
 */
export const askVersions: readonly SchemaVersion[] = [{ subject, id: 0x43_46_00_01, schema }];

export interface ActionMessages {
  /** The messages of one symbol keep their order. Throws a SchemaMismatch. */
  write(ask: ActionAsk): NewMessage;
  /** Rejects with an UnreadableAsk, or with a SchemaRegistryFailure. */
  read(message: Pick<Message, 'key' | 'value'>): Promise<ActionAsk>;
}

/** A message can't be read as an ask, now or later. */
export class UnreadableAsk extends Error {
  override readonly name = 'UnreadableAsk';
}

/** Registers the newest version. Rejects as `SchemaRegistry.register` does. */
export async function openActionMessages(registry: SchemaRegistry): Promise<ActionMessages> {
  const type = avroType(schema);
  const ownId = await registry.register(subject, schema);
  const readers = new Map([[ownId, readerOf(schema, schema)]]);

  const readerFor = async (id: number): Promise<(bytes: Buffer) => unknown> => {
    const known = readers.get(id);
    if (known !== undefined) return known;
    const writtenWith = await registry.find(id);
    if (writtenWith === undefined) {
      throw new UnreadableAsk(`no Avro schema has the id ${id} that the message begins with`);
    }
    const reader = explained(`schema ${id} is not one of asks`, () =>
      readerOf(schema, writtenWith),
    );
    readers.set(id, reader);
    return reader;
  };

  return {
    write: (ask) => {
      const wrong: string[] = [];
      type.isValid(ask, { errorHook: (path: string[]) => wrong.push(path.join('.')) });
      if (wrong.length > 0)
        throw new SchemaMismatch(`no ask: wrong or missing ${wrong.join(', ')}`);
      return { key: ask.symbol, value: framed(ownId, type.toBuffer(ask)) };
    },
    read: async ({ key, value }) => {
      const { id, body } = unframed(value);
      const reader = await readerFor(id);
      const ask = askOf(explained('the message is not of its schema', () => reader(body)));
      if (ask.symbol === key) return ask;
      throw new UnreadableAsk('the key is not the symbol, and the order of a symbol is its key');
    },
  };
}

// Confluent's wire format (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop):
// a zero, the id of the schema in four bytes, most significant first, and the value.
const headerBytes = 5;
const magicByte = 0;

function framed(id: number, body: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(magicByte, 0);
  header.writeInt32BE(id, 1);
  return Buffer.concat([header, body]);
}

function unframed(value: Uint8Array): { readonly id: number; readonly body: Buffer } {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes.length < headerBytes || bytes.readUInt8(0) !== magicByte) {
    throw new UnreadableAsk(
      "the message does not begin with a zero and a schema's id: a serializer for Confluent's " +
        'schema registry writes both',
    );
  }
  return { id: bytes.readInt32BE(1), body: bytes.subarray(headerBytes) };
}

/** Throws an UnreadableAsk when the values are of the schema and yet none that there can be. */
function askOf(value: unknown): ActionAsk {
  const { actionId, symbol, version, reason, correlationId } = value as ActionAsk;
  const id = parseActionId(actionId);
  const parsedSymbol = parseInstrumentSymbol(symbol);
  if (id === undefined || parsedSymbol === undefined || version < 1) {
    throw new UnreadableAsk(`the message asks for action "${actionId}" of symbol "${symbol}"`);
  }
  return { actionId: id, symbol: parsedSymbol, version, reason, correlationId };
}

function explained<Result>(what: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw new UnreadableAsk(what, { cause });
  }
}
