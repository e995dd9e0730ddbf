import type { RecordedEvent } from '../kernel/event.ts';
import type { Clock } from '../kernel/instant.ts';
import { foldInto, type FoldTarget } from './fold.ts';
import { moveGenerations } from './generations.ts';
import type { ReadModelDatabase } from './read-models.ts';

/** A stretch of the log: all events of the types asked for beyond `from`, up to and including `to`. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly events: readonly RecordedEvent[];
}

/** The values of a stretch were refused by the database: some event in it makes a row that can't be kept. */
export class RefusedStretch extends Error {
  override readonly name = 'RefusedStretch';
  readonly tableName: string;

  constructor(tableName: string, cause: Error) {
    super(cause.message, { cause });
    this.tableName = tableName;
  }
}

/**
 * Moves tables that stand at `from` over a stretch in one transaction, positions included: each event then
 * counts once, wherever a crash may fall. False, and nothing written, when another process moved one of
 * them first. Throws a FoldDefect or a RefusedStretch when an event is at fault; any other error is the
 * database's.
 */
export async function advance(
  database: ReadModelDatabase,
  targets: readonly FoldTarget[],
  stretch: Stretch,
  clock: Clock,
): Promise<boolean> {
  return database.transaction(async (connection) => {
    // A crash undoes whole transactions, the last ones first, so rows and position go back together and the
    // log is folded again from there. Tables, and which are shown, are another matter: those wait.
    await database.engine.commitWithoutWaiting(connection.kysely);
    // Before any row the position: from here on the other process, if there is one, waits or loses.
    const move = {
      tableNames: targets.map(({ tableName }) => tableName),
      from: stretch.from,
      to: stretch.to,
    };
    if (!(await moveGenerations(connection, database.engine, move, clock))) return false;
    for (const target of targets) {
      try {
        await foldInto(target, stretch.events, connection.rows);
      } catch (error) {
        if (database.engine.refusesValues(error) && error instanceof Error) {
          throw new RefusedStretch(target.tableName, error);
        }
        throw error;
      }
    }
    return true;
  });
}
