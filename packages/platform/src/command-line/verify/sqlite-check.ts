import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** What SQLite itself finds wrong with a file; undefined when it is sound, or not there. */
export function sqliteProblem(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      const [first] = database.prepare('PRAGMA integrity_check(1)').all();
      const finding = String(Object.values(first ?? {})[0]);
      // A heading comes before what it found.
      return finding === 'ok' ? undefined : `${file} is damaged: ${finding.split('\n').at(-1)}`;
    } finally {
      database.close();
    }
  } catch (error) {
    return `${file} is damaged: ${error instanceof Error ? error.message : String(error)}`;
  }
}
