import { hash } from 'node:crypto';
import type { StoredRecord } from '../storage/storage.ts';
import { hashBytes } from './hashing.ts';
import type { EntrySchema } from './schema-names.ts';

/** Makes the leaf bytes of entries (docs/record-format.md); one after the other, in memory of its own. */
export interface LeafWriter {
  /** The leaf bytes, in a copy. `previous` has the leaf hash of the entry before at `from`. */
  leaf(record: StoredRecord, schema: EntrySchema, previous: Uint8Array, from?: number): Buffer;
  /** Their leaf hash, as a text of one byte a character: see `writeNodeHash`. */
  hash(record: StoredRecord, schema: EntrySchema, previous: Uint8Array, from?: number): string;
}

const layout = 1;

/** What a leaf takes beside stream, type and body. */
const fixedBytes = 1 + hashBytes + 8 + 8 + 2 + 8 + 2 + 4 + hashBytes + 4;
const nameBytesMax = 0xffff;

export function createLeafWriter(): LeafWriter {
  // The first byte is the mark of a leaf in RFC 6962.
  let memory = Buffer.alloc(4096);

  /** Where the leaf ends. */
  const write = (
    record: StoredRecord,
    { type, version, digest }: EntrySchema,
    previous: Uint8Array,
    from: number,
  ): number => {
    const { stream, body } = record;
    // A character takes three bytes of UTF-8 at most, two of them four.
    const bytesMax = 1 + fixedBytes + 3 * (stream.length + type.length) + body.length;
    if (memory.length < bytesMax) memory = Buffer.alloc(2 * bytesMax);
    memory[1] = layout;
    memory.set(from === 0 && previous.length === hashBytes ? previous : slice(previous, from), 2);
    let at = writeUint64(memory, record.position, 34);
    at = memory.writeBigUInt64BE(record.recordedAt, at);
    at = writeName(memory, stream, at);
    at = writeUint64(memory, record.version, at);
    at = writeName(memory, type, at);
    at = memory.writeUInt32BE(version, at);
    memory.set(digest, at);
    at = memory.writeUInt32BE(body.length, at + hashBytes);
    memory.set(body, at);
    return at + body.length;
  };

  return {
    leaf: (record, schema, previous, from = 0) => {
      const end = write(record, schema, previous, from);
      return Buffer.from(memory.subarray(1, end));
    },
    hash: (record, schema, previous, from = 0) => {
      const end = write(record, schema, previous, from);
      return hash('sha256', memory.subarray(0, end), 'binary');
    },
  };
}

function slice(bytes: Uint8Array, from: number): Uint8Array {
  return bytes.subarray(from, from + hashBytes);
}

function writeUint64(target: Buffer, value: number, at: number): number {
  target.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  return target.writeUInt32BE(value % 0x1_0000_0000, at + 4);
}

function writeName(target: Buffer, name: string, at: number): number {
  const length = target.write(name, at + 2);
  if (length > nameBytesMax) throw new RangeError(`a name of ${length} bytes fits in no leaf`);
  target.writeUInt16BE(length, at);
  return at + 2 + length;
}
