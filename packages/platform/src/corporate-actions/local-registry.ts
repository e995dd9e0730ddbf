import { isDeepStrictEqual } from 'node:util';
import type { AvroSchema } from '@counterfoil/event-store';
import { readerOf } from './avro-reader.ts';
import { SchemaRefused, type SchemaRegistry } from './schema-registry.ts';

/** A version of the schema of a subject, with the id that it has for ever. */
export interface SchemaVersion {
  readonly subject: string;
  readonly id: number;
  readonly schema: AvroSchema;
}

/**
 * A registry of what the program itself defines, oldest version first. Throws a SchemaRefused when a version
 * can't read all that came before it in its subject.
 */
export function openLocalRegistry(versions: readonly SchemaVersion[]): SchemaRegistry {
  for (const [place, version] of versions.entries()) check(version, versions.slice(0, place));
  return {
    register: async (subject, schema) => {
      const known = versions.find(
        (version) => version.subject === subject && isDeepStrictEqual(version.schema, schema),
      );
      if (known !== undefined) return known.id;
      throw new SchemaRefused(`${subject} has no such version: give it an id among its versions`);
    },
    find: async (id) => versions.find((version) => version.id === id)?.schema,
  };
}

function check({ subject, id, schema }: SchemaVersion, before: readonly SchemaVersion[]): void {
  for (const earlier of before) {
    if (earlier.id === id) throw new SchemaRefused(`id ${id} is given twice: give a new one`);
    if (earlier.subject !== subject) continue;
    try {
      readerOf(schema, earlier.schema);
    } catch (cause) {
      throw new SchemaRefused(
        `${subject}: schema ${id} can't read what was written with ${earlier.id}: give each field ` +
          'that is new a default, and change no type',
        { cause },
      );
    }
  }
}
