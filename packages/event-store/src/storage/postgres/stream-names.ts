import type { StreamId } from '../../kernel/identifiers.ts';
import { StorageFailure } from '../storage.ts';
import type { NamedQueries } from './named-queries.ts';

/** The names of streams by their number in the database, which never changes: asked for once. */
export interface StreamNames {
  /** A function that knows the names of these streams. */
  of(streams: readonly number[]): Promise<(stream: number) => StreamId>;
}

export function createStreamNames(queries: NamedQueries, schema: string): StreamNames {
  let known = new Map<number, StreamId>();
  return {
    of: async (streams) => {
      // Dropped as a whole at this many: simple, and rarely reached.
      if (known.size > knownMax) known = new Map();
      const names = known;
      const unknown = new Set(streams.filter((stream) => !names.has(stream)));
      if (unknown.size > 0) {
        const found = await queries.rows<{ id: number; name: StreamId }>(
          'stream names',
          `SELECT id, name FROM ${schema}.streams WHERE id = ANY ($1::bigint[])`,
          [[...unknown]],
        );
        for (const { id, name } of found) names.set(id, name);
      }
      return (stream) => {
        const name = names.get(stream);
        if (name === undefined) {
          const message = `the log names a stream ${stream} that it does not have: restore it from a backup`;
          throw new StorageFailure(message, { final: true });
        }
        return name;
      };
    },
  };
}

const knownMax = 500_000;
