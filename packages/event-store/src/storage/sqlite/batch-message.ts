import type { StreamId } from '../../kernel/identifiers.ts';
import { microsecondsOf, type Instant } from '../../kernel/instant.ts';
import type { Claim, Commit, Expectation, HeldClaim, NewRecord } from '../storage.ts';

/**
 * A batch of commits as one buffer that is handed (not copied) to the writer's thread. Little-endian:
 *
 *     batch   u32 commits, f64 time in microseconds, commit...
 *     commit  u32 place of the commit it stands on, from 1 (0 for none), u32 appends, append...,
 *             u32 claims, claim...
 *     append  u8 bytes of stream name, name, f64 expected version (-1 for any), u32 records, record...
 *     record  u32 schema, u32 bytes of body, body
 *     claim   u16 bytes of key, key (UTF-8), f64 expiry in microseconds (Infinity for never),
 *             u32 bytes of note, note
 */
export function encodeBatch(batch: readonly Commit[], at: Instant): Uint8Array<ArrayBuffer> {
  const message = Buffer.from(new ArrayBuffer(sizeOf(batch)));
  let offset = message.writeUInt32LE(batch.length, 0);
  offset = message.writeDoubleLE(microsecondsOf(at), offset);
  for (const { appends, claims = [], standsOn = -1 } of batch) {
    offset = message.writeUInt32LE(standsOn + 1, offset);
    offset = message.writeUInt32LE(appends.length, offset);
    for (const { stream, expected, records } of appends) {
      offset = message.writeUInt8(stream.length, offset);
      offset += message.write(stream, offset, 'latin1');
      offset = message.writeDoubleLE(versionOf(expected), offset);
      offset = message.writeUInt32LE(records.length, offset);
      for (const { schema, body } of records) {
        offset = message.writeUInt32LE(schema, offset);
        offset = message.writeUInt32LE(body.length, offset);
        message.set(body, offset);
        offset += body.length;
      }
    }
    offset = message.writeUInt32LE(claims.length, offset);
    for (const claim of claims) offset = writeClaim(message, offset, claim);
  }
  return message;
}

function writeClaim(message: Buffer, start: number, { key, note, expiresAt }: Claim): number {
  let offset = message.writeUInt16LE(Buffer.byteLength(key), start);
  offset += message.write(key, offset);
  offset = message.writeDoubleLE(expiryOf(expiresAt), offset);
  offset = message.writeUInt32LE(note.length, offset);
  message.set(note, offset);
  return offset + note.length;
}

function expiryOf(expiresAt: Instant | undefined): number {
  return expiresAt === undefined ? Number.POSITIVE_INFINITY : microsecondsOf(expiresAt);
}

function sizeOf(batch: readonly Commit[]): number {
  let size = 12;
  for (const { appends, claims = [] } of batch) {
    size += 12;
    for (const { stream, records } of appends) {
      size += 1 + stream.length + 12;
      for (const { body } of records) size += 8 + body.length;
    }
    for (const { key, note } of claims) size += 14 + Buffer.byteLength(key) + note.length;
  }
  return size;
}

function versionOf(expected: Expectation): number {
  return expected === 'any' ? -1 : expected === 'none' ? 0 : expected;
}

export interface BatchMessage {
  readonly atMicroseconds: number;
  readonly commits: readonly CommitMessage[];
}

export interface CommitMessage {
  /** -1 for none. */
  readonly standsOn: number;
  readonly appends: readonly AppendMessage[];
  readonly claims: readonly ClaimMessage[];
}

export interface AppendMessage {
  readonly stream: StreamId;
  /** -1 for any. */
  readonly expected: number;
  /** Bodies are views into the message. */
  readonly records: readonly NewRecord[];
}

export interface ClaimMessage {
  readonly key: string;
  /** Infinity for never. */
  readonly expiresAtMicroseconds: number;
  readonly note: Uint8Array;
}

export function decodeBatch(bytes: Uint8Array): BatchMessage {
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 12;
  const commits = Array.from({ length: message.readUInt32LE(0) }, (): CommitMessage => {
    const appends: AppendMessage[] = [];
    const standsOn = message.readUInt32LE(offset) - 1;
    const count = message.readUInt32LE(offset + 4);
    offset += 8;
    for (let index = 0; index < count; index += 1) {
      const nameEnd = offset + 1 + (message[offset] ?? 0);
      const stream = message.toString('latin1', offset + 1, nameEnd) as StreamId;
      const expected = message.readDoubleLE(nameEnd);
      const records: NewRecord[] = [];
      const recordCount = message.readUInt32LE(nameEnd + 8);
      offset = nameEnd + 12;
      for (let record = 0; record < recordCount; record += 1) {
        const end = offset + 8 + message.readUInt32LE(offset + 4);
        records.push({
          schema: message.readUInt32LE(offset),
          body: message.subarray(offset + 8, end),
        });
        offset = end;
      }
      appends.push({ stream, expected, records });
    }
    const claims: ClaimMessage[] = [];
    const claimCount = message.readUInt32LE(offset);
    offset += 4;
    for (let index = 0; index < claimCount; index += 1) {
      const { claim, end } = readClaim(message, offset);
      claims.push(claim);
      offset = end;
    }
    return { standsOn, appends, claims };
  });
  return { atMicroseconds: message.readDoubleLE(4), commits };
}

function readClaim(message: Buffer, offset: number): { claim: ClaimMessage; end: number } {
  const keyEnd = offset + 2 + message.readUInt16LE(offset);
  const noteStart = keyEnd + 12;
  const end = noteStart + message.readUInt32LE(keyEnd + 8);
  return {
    claim: {
      key: message.toString('utf8', offset + 2, keyEnd),
      expiresAtMicroseconds: message.readDoubleLE(keyEnd),
      note: message.subarray(noteStart, end),
    },
    end,
  };
}

/** The writer's answer: everything that was appended as plain numbers, the rest one by one. */
export interface BatchAnswer {
  readonly recordedAtMicroseconds: number;
  /**
   * For each commit that was appended: its first position and count, then the version of each of its
   * streams. Handed over, not copied.
   */
  readonly appended: Float64Array<ArrayBuffer>;
  /** The commits that were not, by their place in the batch. */
  readonly refused: ReadonlyMap<number, Refusal>;
}

export type Refusal =
  | { readonly kind: 'conflict'; readonly append: number; readonly actual: number }
  | { readonly kind: 'claimed'; readonly held: HeldClaim };
