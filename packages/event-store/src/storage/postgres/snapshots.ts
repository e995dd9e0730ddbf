import type { StreamId } from '../../kernel/identifiers.ts';
import type { Snapshot } from '../storage.ts';
import type { NamedQueries } from './named-queries.ts';

/** Keeps one snapshot for each stream. */
export interface Snapshots {
  load(stream: StreamId, format: string): Promise<Snapshot | undefined>;
  save(stream: StreamId, snapshot: Snapshot): Promise<void>;
}

export function createSnapshots(queries: NamedQueries, schema: string): Snapshots {
  return {
    load: async (stream, format) => {
      const [row] = await queries.rows<{ version: number; bytes: Uint8Array }>(
        'snapshot',
        `SELECT version, bytes FROM ${schema}.snapshots WHERE stream = $1 AND format = $2`,
        [stream, format],
      );
      return row && { ...row, format };
    },
    save: async (stream, { version, format, bytes }) => {
      // Of two processes the slower one must not put an older state over a newer.
      await queries.rows(
        'save snapshot',
        `INSERT INTO ${schema}.snapshots AS kept VALUES ($1, $2, $3, $4) ON CONFLICT (stream)
         DO UPDATE SET version = excluded.version, format = excluded.format, bytes = excluded.bytes
         WHERE kept.format <> excluded.format OR kept.version <= excluded.version`,
        [stream, version, format, bytes],
      );
    },
  };
}
