// SQLite's primary result codes, https://www.sqlite.org/rescode.html.
export const SQLITE_BUSY = 5;
export const SQLITE_LOCKED = 6;
export const SQLITE_TOOBIG = 18;
export const SQLITE_CONSTRAINT = 19;
export const SQLITE_MISMATCH = 20;

/** The low byte of the extended code; 0 for errors of another origin. */
export function resultCodeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
}
