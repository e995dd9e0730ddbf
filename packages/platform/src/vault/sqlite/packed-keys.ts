import type { StreamId } from '@counterfoil/event-store';
import type { WrappedKey } from '../key-store.ts';

/** Keys on their way to another thread: many small arrays of bytes take longer there than all of their bytes. */
export interface PackedKeys {
  readonly subjects: readonly StreamId[];
  /** Of each key its id and its wrapped bytes, one behind the other. */
  readonly bytes: Uint8Array;
  /** Where the wrapped bytes of each key end. */
  readonly ends: Uint32Array;
}

const keyIdBytes = 16;

export function packedKeys(keys: readonly WrappedKey[]): PackedKeys {
  const ends = new Uint32Array(keys.length);
  let end = 0;
  keys.forEach(({ wrapped }, place) => {
    end += keyIdBytes + wrapped.length;
    ends[place] = end;
  });
  const bytes = new Uint8Array(end);
  let at = 0;
  for (const { keyId, wrapped } of keys) {
    bytes.set(keyId, at);
    bytes.set(wrapped, at + keyIdBytes);
    at += keyIdBytes + wrapped.length;
  }
  return { subjects: keys.map(({ subject }) => subject), bytes, ends };
}

export function unpackedKeys({ subjects, bytes, ends }: PackedKeys): readonly WrappedKey[] {
  let from = 0;
  return subjects.map((subject, place) => {
    const at = from;
    from = ends[place] ?? at;
    return {
      subject,
      keyId: bytes.subarray(at, at + keyIdBytes),
      wrapped: bytes.subarray(at + keyIdBytes, from),
    };
  });
}
