import type { EventMetadata } from '../kernel/event.ts';
import type { EventId, RandomBytes } from '../kernel/identifiers.ts';
import type { Clock } from '../kernel/instant.ts';

/**
 * The envelope that precedes an event's data in its stored body (format 1):
 *
 *     byte  0       1, the number of this format
 *     bytes 1..16   event id, a UUID of version 7
 *     then three texts, user id, correlation id, causation id, each as one length byte and its bytes:
 *             0           absent
 *             1..200      so many bytes of UTF-8
 *             255         a UUID in 16 bytes
 *     then the data, in Avro's binary encoding
 *
 * An absent correlation id stands for the event's own id. In format 2 the data is sealed as a whole, in a way
 * that only whoever sealed it knows; the rest is the same.
 */
const format = 1;
const sealedFormat = 2;
const uuidMark = 255;
const longestText = 200;

/** The most that an envelope takes. */
export const envelopeBytesMax = 1 + 16 + 3 * (1 + longestText);

export interface Cause {
  readonly userId: string;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
}

/** Writes the envelope at `offset`, where `envelopeBytesMax` bytes must be free; answers the end of it. */
export function writeEnvelope(
  target: Buffer,
  offset: number,
  writeId: EventIdWriter,
  cause: Cause,
): number {
  target[offset] = format;
  writeId(target, offset + 1);
  let end = writeText(target, offset + 17, cause.userId);
  end = writeText(target, end, cause.correlationId);
  return writeText(target, end, cause.causationId);
}

function writeText(target: Buffer, offset: number, text: string | undefined): number {
  if (text === undefined || text === '') {
    target[offset] = 0;
    return offset + 1;
  }
  if (text.length === 36 && writeUuid(target, offset + 1, text)) {
    target[offset] = uuidMark;
    return offset + 17;
  }
  if (text.length > longestText || Buffer.byteLength(text) > longestText) {
    throw new RangeError(`an id in event metadata takes at most ${longestText} bytes: "${text}"`);
  }
  const length = target.write(text, offset + 1);
  target[offset] = length;
  return offset + 1 + length;
}

export interface Envelope {
  readonly eventId: EventId;
  readonly metadata: EventMetadata;
  /** Where the data begins. */
  readonly dataOffset: number;
}

export function readEnvelope(body: Uint8Array): Envelope {
  checkFormat(body);
  const eventId = eventIdOf(body);
  const user = readText(body, 17);
  const correlation = readText(body, user.end);
  const causation = readText(body, correlation.end);
  return {
    eventId,
    metadata: {
      userId: user.text ?? '',
      correlationId: correlation.text ?? eventId,
      causationId: causation.text,
    },
    dataOffset: causation.end,
  };
}

/** The id in an event's body. */
export function eventIdOf(body: Uint8Array): EventId {
  return formatUuid(body, 1) as EventId;
}

/** Where the data begins, for readers that need nothing of the envelope. */
export function dataOffsetOf(body: Uint8Array): number {
  checkFormat(body);
  let offset = 17;
  for (let texts = 0; texts < 3; texts += 1) {
    const length = body[offset] ?? 0;
    offset += 1 + (length === uuidMark ? 16 : length);
  }
  return offset;
}

function checkFormat(body: Uint8Array): void {
  if (body[0] === format || body[0] === sealedFormat) return;
  throw new RangeError(`unknown envelope format ${body[0]}`);
}

/** Whether there is an envelope and the data behind it can be read. */
export function isOpen(body: Uint8Array): boolean {
  return body[0] === format;
}

/** The type that an event reads as whose data is sealed as a whole: of itself it tells only `eventType`. */
export const payloadSealed = 'PayloadSealed';

/** Whether the data is sealed as a whole. */
export function isSealed(body: Uint8Array): boolean {
  return body[0] === sealedFormat;
}

/** The body with its data sealed: `seal` makes of the data what stands in its place. */
export function sealData(body: Uint8Array, seal: (data: Uint8Array) => Uint8Array): Uint8Array {
  return withData(sealedFormat, body, seal);
}

/** The body that `sealData` was given; `open` undoes what `seal` did. */
export function openData(body: Uint8Array, open: (sealed: Uint8Array) => Uint8Array): Uint8Array {
  return withData(format, body, open);
}

function withData(
  newFormat: number,
  body: Uint8Array,
  change: (data: Uint8Array) => Uint8Array,
): Uint8Array {
  const offset = dataOffsetOf(body);
  const changed = Buffer.concat([body.subarray(0, offset), change(body.subarray(offset))]);
  changed[0] = newFormat;
  return changed;
}

function readText(body: Uint8Array, offset: number): { text: string | null; end: number } {
  const length = body[offset] ?? 0;
  const start = offset + 1;
  if (length === 0) return { text: null, end: start };
  if (length === uuidMark) return { text: formatUuid(body, start), end: start + 16 };
  return { text: utf8(body, start, start + length), end: start + length };
}

function utf8(body: Uint8Array, start: number, end: number): string {
  return Buffer.from(body.buffer, body.byteOffset + start, end - start).toString();
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The 16 bytes at `offset` as a UUID's text. */
function formatUuid(bytes: Uint8Array, offset: number): string {
  let text = '';
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
    text += hexPairs[bytes[offset + index] ?? 0];
  }
  return text;
}

/** Writes a UUID's 16 bytes; answers false, having written nothing to rely on, when the text is none. */
function writeUuid(target: Uint8Array, offset: number, text: string): boolean {
  let at = 0;
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) {
      if (text.charCodeAt(at) !== hyphen) return false;
      at += 1;
    }
    const high = hexDigit(text.charCodeAt(at));
    const low = hexDigit(text.charCodeAt(at + 1));
    if (high < 0 || low < 0) return false;
    target[offset + index] = high * 16 + low;
    at += 2;
  }
  return true;
}

const hyphen = 0x2d;

// Lower case only: another spelling must come back as it was written, so it is kept as text.
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}

/** Writes the 16 bytes of a new event's id at `offset`. */
export type EventIdWriter = (target: Uint8Array, offset: number) => void;

/**
 * Writes UUIDs of version 7 (RFC 9562, section 5.7): milliseconds of the clock, then a 12-bit count within
 * the millisecond from a random start (method 1 of section 6.2), then 62 random bits. Ids of one writer
 * sort in the order in which they were made, as long as its clock does not run backwards.
 */
export function eventIdWriter(clock: Clock, randomBytes: RandomBytes): EventIdWriter {
  let lastMs = -1;
  let count = 0;
  let pool: Uint8Array = new Uint8Array(0);
  let used = 0;
  return (target, offset) => {
    const nowMs = Number(clock() / 1_000_000n);
    if (used + 10 > pool.length) {
      pool = randomBytes(4096);
      used = 0;
    }
    for (let index = 8; index < 16; index += 1) target[offset + index] = pool[used++] ?? 0;
    const high = pool[used++] ?? 0;
    const low = pool[used++] ?? 0;
    if (nowMs > lastMs) {
      lastMs = nowMs;
      // The top bit stays free, so that a millisecond has room for 2,048 ids before it borrows the next.
      count = (high << 3) | (low & 0x07);
    } else {
      count += 1;
      if (count > 0xfff) {
        count = 0;
        lastMs += 1;
      }
    }
    markVersion7(target, offset, lastMs, count);
  };
}

/** Writes what is not random into an id, over the bits of it that it takes. */
function markVersion7(target: Uint8Array, offset: number, milliseconds: number, count: number) {
  const high = Math.floor(milliseconds / 0x1_0000);
  target[offset] = high >>> 24;
  target[offset + 1] = high >>> 16;
  target[offset + 2] = high >>> 8;
  target[offset + 3] = high;
  target[offset + 4] = milliseconds >>> 8;
  target[offset + 5] = milliseconds;
  target[offset + 6] = 0x70 | (count >>> 8);
  target[offset + 7] = count;
  target[offset + 8] = 0x80 | ((target[offset + 8] ?? 0) & 0x3f);
}
