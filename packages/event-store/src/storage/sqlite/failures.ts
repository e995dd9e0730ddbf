import { StorageFailure } from '../storage.ts';

// Primary result codes, the low byte of SQLite's extended codes (sqlite.org/rescode.html).
const busy = 5;
const locked = 6;
const full = 13;

/**
 * An error of SQLite as a StorageFailure. Being out of space or kept waiting by another process passes:
 * the transaction was rolled back before anything of it could count. After any other error, an I/O error
 * above all, what the disk holds is not known to this process: the kernel may have dropped dirty pages
 * after a failed fsync and will report success next time (Rebello et al., "Can Applications Recover from
 * fsync Failures?", USENIX ATC 2020). Only opening the file anew, which recovers from the write-ahead log,
 * tells.
 */
export function storageFailure(cause: unknown): StorageFailure {
  if (cause instanceof StorageFailure) return cause;
  const code = primaryCode(cause);
  if (code === full) {
    return new StorageFailure('the disk is full: make room, then try again', {
      final: false,
      cause,
    });
  }
  if (code === busy || code === locked) {
    return new StorageFailure('another process holds the log: try again', { final: false, cause });
  }
  return new StorageFailure(
    `the log can't be written (${String(cause)}): restart to recover from what is on disk`,
    { final: true, cause },
  );
}

function primaryCode(cause: unknown): number | undefined {
  if (typeof cause !== 'object' || cause === null || !('errcode' in cause)) return undefined;
  return Number(cause.errcode) & 0xff;
}
