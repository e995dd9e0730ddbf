import { SchemaConflict, StorageFailure } from '../storage.ts';

/**
 * Runs work on the database; an error of the server or of the way to it becomes a StorageFailure. Nearly
 * all pass: a connection that broke, a server that restarts, a disk that was full. The server keeps its own
 * promise not to go on after a failed fsync (it stops and recovers), so only corruption is final here.
 */
export async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SchemaConflict || cause instanceof StorageFailure) throw cause;
    throw storageFailure(cause);
  }
}

function storageFailure(cause: unknown): StorageFailure {
  const code = sqlState(cause);
  if (code === dataCorrupted || code === indexCorrupted) {
    const message = `the database reports damage (${String(cause)}): restore it from a backup`;
    return new StorageFailure(message, { final: true, cause });
  }
  const message =
    code === diskFull
      ? "the database server's disk is full: make room, then try again"
      : `the database can't be used now (${String(cause)}): try again`;
  return new StorageFailure(message, { final: false, cause });
}

/** The five characters that say what went wrong (PostgreSQL manual, appendix A); empty when unknown. */
export function sqlState(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
}

const diskFull = '53100';
const dataCorrupted = 'XX001';
const indexCorrupted = 'XX002';
/** Also raised for a row that no partition takes. */
export const checkViolation = '23514';
