import type { EventLog } from '../engine/event-log.ts';
import type { Cell, Projection, Row } from '../kernel/projection.ts';
import { foldInto, type FoldTarget } from './fold.ts';
import { nextStretch } from './follower.ts';
import { generationsOf } from './generations.ts';
import type { Connection, Key, ReadModelDatabase, RowTable, Session } from './read-models.ts';
import { shapeOf, type TableShape } from './shape.ts';
import { createTemporaryTable, dropTable } from './tables.ts';

export interface ConsistencyOptions {
  readonly log: Pick<EventLog, 'readAll'>;
  readonly database: ReadModelDatabase;
  readonly projection: Projection;
  readonly batchSize?: number | undefined;
  /** Called after each batch with the position folded to and the one to reach. */
  readonly onProgress?: ((position: number, goal: number) => void) | undefined;
}

export type Consistency =
  | { readonly equal: true; readonly rows: number; readonly position: number }
  | { readonly equal: false; readonly difference: Difference; readonly position: number };

/** The first row, in order of the key, that is not what the log says. */
export interface Difference {
  readonly projection: string;
  readonly tableName: string;
  readonly key: Key;
  /** Undefined when the whole row is missing or surplus. */
  readonly column: string | undefined;
  /** What the log says: a cell, the row, or undefined where there should be none. */
  readonly expected: Cell | Row | undefined;
  readonly actual: Cell | Row | undefined;
}

/**
 * Folds the log afresh, up to where the read model being shown stands, into a temporary table of the same
 * database, and compares the two row by row in order of the key. Memory stays bounded however many rows
 * there are, and values are compared as the database gives them back. The projector may run meanwhile: if
 * it has moved by the time of the comparison, the fresh fold is taken as much further first.
 */
export async function checkConsistency(options: ConsistencyOptions): Promise<Consistency> {
  const { database, projection } = options;
  const shape = shapeOf(projection);
  return database.session(async (session) => {
    const fresh: FoldTarget = { projection, shape, tableName: `${shape.name}__check` };
    await dropTable(session, fresh.tableName);
    await createTemporaryTable(session, database.engine, fresh);
    let folded = 0;
    for (;;) {
      const goal = (await activeOf(session, shape)).position;
      folded = await foldUpTo(options, session, fresh, folded, goal);
      const result = await session.snapshot(async (snapshot) => {
        const active = await activeOf(snapshot, shape);
        if (active.position !== folded) return undefined;
        return compare(snapshot, fresh, { tableName: active.tableName, shape }, folded);
      });
      if (result !== undefined) return result;
    }
  });
}

async function activeOf(
  { kysely }: Pick<Connection, 'kysely'>,
  { name, version }: TableShape,
): Promise<{ readonly position: number; readonly tableName: string }> {
  const known = await generationsOf(kysely, [name]);
  const active = known.find(({ status }) => status === 'active');
  if (active === undefined || active.version !== version) {
    throw new Error(`${name} version ${version} is not built yet: start the projector first`);
  }
  return { position: active.position, tableName: active.table_name };
}

async function foldUpTo(
  { log, batchSize = 5_000, onProgress }: ConsistencyOptions,
  session: Session,
  fresh: FoldTarget,
  from: number,
  goal: number,
): Promise<number> {
  let position = from;
  while (position < goal) {
    const stretch = await nextStretch(log, [fresh], position, goal, batchSize);
    if (stretch.to === position) {
      throw new Error(
        `${fresh.shape.name} reflects position ${goal}, but the log ends at ${position}: ` +
          'the read models belong to another log; rebuild them',
      );
    }
    await session.transaction(({ rows }) => foldInto(fresh, stretch.events, rows));
    position = stretch.to;
    onProgress?.(position, goal);
  }
  return position;
}

async function compare(
  snapshot: Connection,
  fresh: FoldTarget,
  shown: RowTable,
  position: number,
): Promise<Consistency> {
  const expected = rowsInOrder(snapshot, fresh);
  const actual = rowsInOrder(snapshot, shown);
  let rows = 0;
  for (;;) {
    const [left, right] = [await expected.next(), await actual.next()];
    const difference = differenceOf(shown, left.value ?? undefined, right.value ?? undefined);
    if (difference !== undefined) return { equal: false, difference, position };
    if (left.done === true) return { equal: true, rows, position };
    rows += 1;
  }
}

async function* rowsInOrder(
  { rows }: Connection,
  table: RowTable,
): AsyncGenerator<Row, undefined, undefined> {
  let after: Key | undefined;
  for (;;) {
    const page = await rows.page(table, after, pageSize);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return undefined;
    after = keyOf(table.shape, last);
  }
}

const pageSize = 2_000;

function keyOf(shape: TableShape, row: Row): Key {
  return shape.key.map(({ name }) => row[name] ?? '');
}

function differenceOf(
  { shape, tableName }: RowTable,
  expected: Row | undefined,
  actual: Row | undefined,
): Difference | undefined {
  if (expected === undefined && actual === undefined) return undefined;
  const where = { projection: shape.name, tableName };
  const expectedKey = expected && keyOf(shape, expected);
  const actualKey = actual && keyOf(shape, actual);
  if (expectedKey === undefined || actualKey === undefined || !sameKey(expectedKey, actualKey)) {
    // Both come in order of the key, so the smaller one is missing on the other side.
    return firstOfTwo(where, expected, expectedKey, actual, actualKey);
  }
  const column = shape.columns.find(({ name }) => expected?.[name] !== actual?.[name])?.name;
  if (column === undefined) return undefined;
  return {
    ...where,
    key: expectedKey,
    column,
    expected: expected?.[column] ?? null,
    actual: actual?.[column] ?? null,
  };
}

function firstOfTwo(
  where: { readonly projection: string; readonly tableName: string },
  expected: Row | undefined,
  expectedKey: Key | undefined,
  actual: Row | undefined,
  actualKey: Key | undefined,
): Difference {
  const surplus =
    expectedKey === undefined || (actualKey !== undefined && isBefore(actualKey, expectedKey));
  return surplus
    ? { ...where, key: actualKey ?? [], column: undefined, expected: undefined, actual }
    : { ...where, key: expectedKey, column: undefined, expected, actual: undefined };
}

function sameKey(left: Key, right: Key): boolean {
  return left.every((value, index) => value === right[index]);
}

function isBefore(left: Key, right: Key): boolean {
  for (const [index, value] of left.entries()) {
    const other = right[index];
    if (other === undefined || value === other) continue;
    return value < other;
  }
  return false;
}
