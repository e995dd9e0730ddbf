import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { StorageFailure } from '../storage.ts';
import { openSqliteStorage } from './sqlite-storage.ts';

async function fileWith(...statements: readonly string[]): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-tables-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = path.join(directory, 'log.sqlite');
  const database = new DatabaseSync(file);
  for (const statement of statements) database.exec(statement);
  database.close();
  return file;
}

const ours = 'PRAGMA application_id = 0x43464c47';

describe('OP-10 a file whose layout this program does not know is left as it is', () => {
  test.each([
    ['a newer log', [ours, 'PRAGMA user_version = 99'], /layout 99 is newer/],
    ['a log from before the first release', [ours, 'PRAGMA user_version = 1'], /layout 1 is from/],
    ["another program's file", ['PRAGMA user_version = 2'], /not an event log/],
  ])('%s', async (_, statements, message) => {
    const file = await fileWith('CREATE TABLE things (name TEXT) STRICT', ...statements);

    const failure = await openSqliteStorage({ file }).catch((reason: unknown) => reason);

    expect(failure).toBeInstanceOf(StorageFailure);
    expect(failure).toMatchObject({ message: expect.stringMatching(message) });
    const database = new DatabaseSync(file, { readOnly: true });
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    database.close();
    expect(tables.map(({ name }) => name)).toEqual(['things']);
  });
});
