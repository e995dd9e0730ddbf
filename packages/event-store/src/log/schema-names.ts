import type { AvroSchema } from '../kernel/fields.ts';
import type { EventStorage } from '../storage/storage.ts';
import { sha256 } from './hashing.ts';

/** What a leaf says of its entry's schema. */
export interface EntrySchema {
  readonly type: string;
  readonly version: number;
  readonly avro: AvroSchema;
  /** SHA-256 of its text. */
  readonly digest: Uint8Array;
}

/** The schemas of a storage by their ids. */
export interface SchemaNames {
  /** Undefined for an id that the storage does not know. */
  find(id: number): EntrySchema | undefined;
  /** Reads them anew: one was registered, or somebody wants to know what is stored now. */
  refresh(): Promise<void>;
}

export async function readSchemaNames(
  storage: Pick<EventStorage, 'schemas'>,
): Promise<SchemaNames> {
  let known = new Map<number, EntrySchema>();
  const refresh = async (): Promise<void> => {
    const registered = await storage.schemas();
    known = new Map(
      registered.map(({ id, type, version, avro }) => {
        const digest = sha256(Buffer.from(JSON.stringify(avro)));
        return [id, { type, version, avro, digest }];
      }),
    );
  };
  await refresh();
  return { find: (id) => known.get(id), refresh };
}
