/**
 * Emmett's SQLite store is written against the npm package `sqlite3`, whose install fetches or
 * compiles a native binary. This workspace stands in for it, so that the comparison runs from npm
 * alone and both sides use the same SQLite: the one built into Node.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

interface RunResult {
  readonly lastID: number;
  readonly changes: number;
}
type Callback<Value> = (this: RunResult, error: Error | null, value?: Value) => void;
type Row = Record<string, unknown>;

const nothingRun: RunResult = { lastID: 0, changes: 0 };

class Database {
  readonly #database: DatabaseSync;
  /** Prepared once a text: kinder to Emmett than the original, which prepares at every call. */
  readonly #statements = new Map<string, StatementSync>();

  constructor(fileName: string) {
    this.#database = new DatabaseSync(fileName);
  }

  run(sql: string, ...rest: readonly unknown[]): this {
    return this.#answer(rest, (parameters) => {
      const { lastInsertRowid, changes } = this.#prepare(sql).run(...parameters);
      return { result: { lastID: Number(lastInsertRowid), changes: Number(changes) } };
    });
  }

  all(sql: string, ...rest: readonly unknown[]): this {
    return this.#answer(rest, (parameters) => ({ value: this.#prepare(sql).all(...parameters) }));
  }

  get(sql: string, ...rest: readonly unknown[]): this {
    return this.#answer(rest, (parameters) => ({ value: this.#prepare(sql).get(...parameters) }));
  }

  close(callback?: (error: Error | null) => void): void {
    this.#database.close();
    callback?.(null);
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Calls back after the caller's own code, as the original does; the work itself is immediate. */
  #answer(
    rest: readonly unknown[],
    work: (parameters: SQLInputValue[]) => { result?: RunResult; value?: Row | Row[] | undefined },
  ): this {
    const last = rest.at(-1);
    const callback = typeof last === 'function' ? (last as Callback<Row | Row[]>) : undefined;
    const parameters = Array.isArray(rest[0]) ? rest[0].map(toSqlite) : [];
    try {
      const { result = nothingRun, value } = work(parameters);
      queueMicrotask(() => callback?.call(result, null, value));
    } catch (error) {
      queueMicrotask(() => callback?.call(nothingRun, withErrno(error)));
    }
    return this;
  }
}

/** `sqlite3` binds what it has no type for, objects among them, as its text; Emmett relies on it. */
function toSqlite(value: unknown): SQLInputValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof Uint8Array) return value;
  // oxlint-disable-next-line typescript/no-base-to-string -- `[object Object]` included
  return String(value);
}

/** Emmett knows a conflict by `errno`, SQLite's primary result code; Node gives the extended one. */
function withErrno(error: unknown): Error {
  const { errcode } = error as { errcode?: number };
  return Object.assign(error as Error, errcode === undefined ? {} : { errno: errcode & 0xff });
}

export default { Database, OPEN_URI: 0x40, OPEN_READWRITE: 0x02, OPEN_CREATE: 0x04 };
