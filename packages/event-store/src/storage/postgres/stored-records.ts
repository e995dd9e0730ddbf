import { instantFromMicroseconds } from '../../kernel/instant.ts';
import type { StoredRecord } from '../storage.ts';
import type { NamedQueries } from './named-queries.ts';
import { createStreamNames } from './stream-names.ts';

/** The columns of an `EventRow`, from a table or query that goes by the name `e`. */
export const eventColumns = 'e.position, e.stream, e.version, e.schema, e.recorded_at, e.body';

export type EventRow = readonly [
  position: number,
  stream: number,
  version: number,
  schema: number,
  recordedAtMicroseconds: number,
  body: Uint8Array,
];

/** Queries for events, answered as records. */
export type RecordQuery = (
  name: string,
  text: string,
  values: readonly unknown[],
) => Promise<readonly StoredRecord[]>;

export function createRecordQuery(queries: NamedQueries, schema: string): RecordQuery {
  const names = createStreamNames(queries, schema);
  return async (name, text, values) => {
    const rows = await queries.arrays<EventRow>(name, text, values);
    const nameOf = await names.of(rows.map(([, stream]) => stream));
    // A batch has one recorded time: most rows have that of the row before.
    let microseconds = 0;
    let recordedAt = instantFromMicroseconds(microseconds);
    return rows.map(([position, stream, version, schemaId, recorded, body]) => {
      if (recorded !== microseconds) {
        microseconds = recorded;
        recordedAt = instantFromMicroseconds(recorded);
      }
      return { position, stream: nameOf(stream), version, schema: schemaId, recordedAt, body };
    });
  };
}
