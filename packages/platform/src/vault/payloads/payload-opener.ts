import type { EventStorage, RandomBytes, StreamId } from '@counterfoil/event-store';
import { isSealed, openData } from '@counterfoil/event-store/envelope';
import { Refusal } from '../../api/problem.ts';
import { KeysUnavailable } from '../failures.ts';
import type { FoundKey, PayloadKeys } from './payload-keys.ts';
import { openPayload } from './payload-seal.ts';

export type StoredRecord = Awaited<ReturnType<EventStorage['readStream']>>[number];

export interface PayloadParts {
  /** The storage as it is, which shows what is sealed as it stands there. */
  readonly storage: EventStorage;
  readonly keys: PayloadKeys;
  readonly randomBytes: RandomBytes;
}

/** Opens the records of a page whose data is sealed. */
export interface PayloadOpener {
  /**
   * The records with their data readable, but for those of erased streams, which stay as they are. Keys are
   * fetched together. Rejects with a KeysUnavailable, or with a SealBroken when a record was tampered with.
   */
  open<One extends StoredRecord>(records: readonly One[]): Promise<readonly One[]>;
}

export function createPayloadOpener({
  storage,
  keys,
}: Pick<PayloadParts, 'storage' | 'keys'>): PayloadOpener {
  const typeOf = schemaTypes(storage);
  return {
    open: async (records) => {
      const sealed = records.filter(({ body }) => isSealed(body));
      if (sealed.length === 0) return records;
      const streams = new Set(sealed.map(({ stream }) => stream));
      const found = await keys.find([...streams]);
      const types = await typeOf(sealed.map(({ schema }) => schema));
      return records.map((record) => {
        if (!isSealed(record.body)) return record;
        const { stream, version, schema, body } = record;
        const key = keyOf(stream, found.get(stream));
        if (key === undefined) return record;
        const place = { kind: 'payload', stream, version, type: types(schema) } as const;
        return { ...record, body: openData(body, (data) => openPayload(key, place, data)) };
      });
    },
  };
}

/** Undefined once the subject is erased. */
export function keyOf(subject: StreamId, found: FoundKey) {
  // It was there when it sealed: the store is not the one that belongs to the log.
  if (found === undefined) throw new KeysUnavailable(`the store of keys has none for ${subject}`);
  return found === 'erased' ? undefined : found;
}

export function erased(stream: StreamId): Refusal {
  return new Refusal('SUBJECT_ERASED', `What is recorded of ${stream} was made unreadable.`);
}

/** The types of schemas, which are looked up again when one is not known: another process registers too. */
export function schemaTypes(
  storage: Pick<EventStorage, 'schemas'>,
): (ids: readonly number[]) => Promise<(id: number) => string> {
  const known = new Map<number, string>();
  const type = (id: number): string => {
    const name = known.get(id);
    if (name === undefined) throw new RangeError(`there is no schema ${id}`);
    return name;
  };
  return async (ids) => {
    if (ids.some((id) => !known.has(id))) {
      for (const schema of await storage.schemas()) known.set(schema.id, schema.type);
    }
    return type;
  };
}
