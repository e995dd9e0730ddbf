import { SchemaConflict, StorageFailure } from '../storage.ts';

/**
 * An error of the server or of the way to it as a StorageFailure. Nearly all pass: a connection that broke,
 * a server that restarts, a disk that was full. The server keeps its own promise not to go on after a
 * failed fsync (it stops and recovers), so only corruption (class XX) is final here.
 */
export function storageFailure(cause: unknown): StorageFailure {
  if (cause instanceof StorageFailure) return cause;
  const code = sqlState(cause);
  if (code.startsWith('XX')) {
    return new StorageFailure(`the database reports damage (${String(cause)})`, {
      final: true,
      cause,
    });
  }
  if (code === '53100') {
    return new StorageFailure("the database server's disk is full: make room, then try again", {
      final: false,
      cause,
    });
  }
  return new StorageFailure(`the database can't be used now (${String(cause)}): try again`, {
    final: false,
    cause,
  });
}

function sqlState(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
}

/** Runs work on the database, its errors turned into StorageFailures. */
export async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SchemaConflict) throw cause;
    throw storageFailure(cause);
  }
}
