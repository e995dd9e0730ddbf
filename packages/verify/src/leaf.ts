import { writeBase64, base64Length } from './base64.ts';
import { textOf, utf8 } from './bytes.ts';
import { Problem } from './problem.ts';
import { hashBytes } from './sha256.ts';

/** An entry as an export tells it; what is not here, its leaf bytes take from the entries before. */
export interface EntryFields {
  readonly position: number;
  /** Nanoseconds since 1970 as a decimal text. */
  readonly recordedAt: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly schemaHash: Uint8Array;
  /** In base64. */
  readonly body: string;
}

export interface LeafWriter {
  /** The leaf bytes (docs/record-format.md), good until the next call; undefined when a field has no such form. */
  leafOf(entry: EntryFields, previousHash: Uint8Array): Uint8Array | undefined;
}

const layout = 1;
const fixedBytes = 1 + hashBytes + 8 + 8 + 2 + 8 + 2 + 4 + hashBytes + 4;
const u16Max = 0xffff;
const u32Max = 0xffff_ffff;
const u64Max = 2n ** 64n - 1n;

export function createLeafWriter(): LeafWriter {
  let bytes = new Uint8Array(4_096);
  let view = new DataView(bytes.buffer);

  const makeRoom = (size: number): void => {
    if (size <= bytes.length) return;
    bytes = new Uint8Array(2 * size);
    view = new DataView(bytes.buffer);
  };
  /** Its length in bytes first; answers where it ends. */
  const writeText = (offset: number, text: string): number => {
    const end = writeUtf8(bytes, offset + 2, text);
    view.setUint16(offset, end - offset - 2);
    return end;
  };

  return {
    leafOf: (entry, previousHash) => {
      const recordedAt = BigInt(entry.recordedAt);
      const bodyBytes = base64Length(entry.body);
      if (bodyBytes === undefined || bodyBytes > u32Max || recordedAt > u64Max) return undefined;
      // A character takes three bytes of UTF-8 at most, two of them four.
      const textBytesMax = 3 * Math.max(entry.stream.length, entry.type.length);
      if (textBytesMax > u16Max || entry.schemaVersion > u32Max) return undefined;
      makeRoom(fixedBytes + 2 * textBytesMax + bodyBytes);
      bytes[0] = layout;
      bytes.set(previousHash, 1);
      view.setBigUint64(33, BigInt(entry.position));
      view.setBigUint64(41, recordedAt);
      let at = writeText(49, entry.stream);
      view.setBigUint64(at, BigInt(entry.version));
      at = writeText(at + 8, entry.type);
      view.setUint32(at, entry.schemaVersion);
      bytes.set(entry.schemaHash, at + 4);
      view.setUint32(at + 36, bodyBytes);
      const end = at + 40 + bodyBytes;
      return writeBase64(entry.body, bytes, at + 40) ? bytes.subarray(0, end) : undefined;
    },
  };
}

/** Answers where the text ends. Names are ASCII nearly always, which goes fastest sign by sign. */
function writeUtf8(target: Uint8Array, offset: number, text: string): number {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) {
      const encoded = utf8(text);
      target.set(encoded, offset);
      return offset + encoded.length;
    }
    target[offset + index] = code;
  }
  return offset + text.length;
}

/** What leaf bytes say. */
export interface Leaf {
  readonly position: bigint;
  readonly recordedAt: bigint;
  readonly stream: string;
  readonly version: bigint;
  readonly type: string;
  readonly schemaVersion: number;
  readonly body: Uint8Array;
}

/** Throws a Problem when the bytes are of no layout that is known here. */
export function readLeaf(bytes: Uint8Array): Leaf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    if (bytes[0] !== layout) throw malformed(`its layout is ${bytes[0]}`);
    const stream = readText(bytes, view, 49);
    const type = readText(bytes, view, stream.end + 8);
    const bodyAt = type.end + 4 + hashBytes + 4;
    if (view.getUint32(bodyAt - 4) !== bytes.length - bodyAt)
      throw malformed('its body is cut off');
    return {
      position: view.getBigUint64(33),
      recordedAt: view.getBigUint64(41),
      stream: stream.text,
      version: view.getBigUint64(stream.end),
      type: type.text,
      schemaVersion: view.getUint32(type.end),
      body: bytes.subarray(bodyAt),
    };
  } catch (failure) {
    // What a view says of bytes beyond its end.
    throw failure instanceof RangeError ? malformed('it is cut off') : failure;
  }
}

function readText(bytes: Uint8Array, view: DataView, offset: number) {
  const end = offset + 2 + view.getUint16(offset);
  const text = textOf(bytes.subarray(offset + 2, end));
  if (text === undefined || end > bytes.length) throw malformed('a text of it is cut off');
  return { text, end };
}

function malformed(why: string): Problem {
  return new Problem('MALFORMED', `these are no leaf bytes: ${why}`);
}
