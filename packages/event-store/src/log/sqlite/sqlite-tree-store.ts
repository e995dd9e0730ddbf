import { DatabaseSync } from 'node:sqlite';
import { StorageFailure } from '../../storage/storage.ts';
import type { NewSeal, Seal, SealerLock, TreeStore } from '../tree-store.ts';
import { openTreeFile } from './tables.ts';

/** A tree in an SQLite file, made when it is missing. Rejects with a StorageFailure when it can't be opened. */
export async function openSqliteTreeStore(file: string): Promise<TreeStore> {
  const database = failing(() => openTreeFile(file));
  const statements = {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    last: database.prepare('SELECT size, note FROM seal'),
    tile: database.prepare('SELECT hashes FROM tiles WHERE level = ? AND number = ?'),
    writeTile: database.prepare(`INSERT INTO tiles VALUES (?, ?, ?)
      ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes`),
    writeSeal: database.prepare(`INSERT INTO seal VALUES (1, ?, ?)
      ON CONFLICT (single) DO UPDATE SET size = excluded.size, note = excluded.note`),
  };
  const lastSeal = (): Seal | undefined => statements.last.get() as Seal | undefined;

  const write = ({ from, size, note, tiles }: NewSeal): boolean => {
    statements.begin.run();
    try {
      const fits = (lastSeal()?.size ?? 0) === from;
      if (fits) {
        for (const { level, number, hashes } of tiles) {
          statements.writeTile.run(level, number, hashes);
        }
        statements.writeSeal.run(size, note);
      }
      statements.commit.run();
      return fits;
    } catch (cause) {
      if (database.isTransaction) statements.rollback.run();
      throw cause;
    }
  };

  return {
    lastSeal: async () => failing(lastSeal),
    readTiles: async (tiles) =>
      failing(() =>
        tiles.map(({ level, number }) => {
          const row = statements.tile.get(level, number) as { hashes: Uint8Array } | undefined;
          return row?.hashes ?? new Uint8Array(0);
        }),
      ),
    write: async (seal) => failing(() => write(seal)),
    lock: async () => lockFile(`${file}.lock`),
    close: async () => {
      if (database.isOpen) database.close();
    },
  };
}

/** SQLite's own lock on a file beside the tree's: it ends with the process, in whatever way that ends. */
function lockFile(file: string): SealerLock | undefined {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch {
    database.close();
    return undefined;
  }
  return {
    held: () => database.isOpen,
    release: async () => {
      if (database.isOpen) database.close();
    },
  };
}

function failing<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw new StorageFailure(`the log's tree can't be used (${String(cause)})`, {
      final: false,
      cause,
    });
  }
}
