import { setImmediate } from 'node:timers/promises';
import type { EventLog } from '../engine/event-log.ts';
import type { Cell, Row } from '../kernel/projection.ts';
import { canonicalKey, idOf, type FoldTarget } from './fold.ts';
import { nextStretch } from './follower.ts';
import type { Key, RowStore, RowTable } from './read-models.ts';

export interface RowDifference {
  readonly key: Key;
  /** Undefined when the whole row is missing or surplus. */
  readonly column: string | undefined;
  /** What the log says: a cell, the row, or undefined where there should be none. */
  readonly expected: Cell | Row | undefined;
  readonly actual: Cell | Row | undefined;
}

// Rows of each side in memory at once.
const pageSize = 2_000;

/**
 * The first row, in order of the key, in which two tables of one layout differ, or how many rows they have
 * when they are equal. Both are read page by page, in step.
 */
export async function firstDifference(
  rows: RowStore,
  expected: RowTable,
  actual: RowTable,
  signal?: AbortSignal,
): Promise<RowDifference | { readonly rows: number }> {
  let after: Key | undefined;
  let count = 0;
  for (;;) {
    await setImmediate();
    signal?.throwIfAborted();
    const left = await rows.page(expected, after, pageSize);
    const right = await rows.page(actual, after, pageSize);
    const length = Math.max(left.length, right.length);
    for (let at = 0; at < length; at += 1) {
      const difference = await differenceOf(rows, expected, actual, left[at], right[at]);
      if (difference !== undefined) return difference;
    }
    count += length;
    const last = left.at(-1);
    if (last === undefined || length < pageSize) return { rows: count };
    after = keyOf(expected, last);
  }
}

async function differenceOf(
  rows: RowStore,
  expectedTable: RowTable,
  actualTable: RowTable,
  expected: Row | undefined,
  actual: Row | undefined,
): Promise<RowDifference | undefined> {
  const key = expected && keyOf(expectedTable, expected);
  const otherKey = actual && keyOf(actualTable, actual);
  if (key !== undefined && otherKey !== undefined && idOf(key) === idOf(otherKey)) {
    return cellDifference(expectedTable, key, expected, actual);
  }
  // Both come in order of the key, so the lesser key has no row on the other side. The database says
  // which that is: only it knows its order.
  if (key !== undefined && (await rows.load(actualTable, [key])).length === 0) {
    return { key, column: undefined, expected, actual: undefined };
  }
  return otherKey && { key: otherKey, column: undefined, expected: undefined, actual };
}

function cellDifference(
  { shape }: RowTable,
  key: Key,
  expected: Row | undefined,
  actual: Row | undefined,
): RowDifference | undefined {
  const column = shape.columns.find(({ name }) => expected?.[name] !== actual?.[name])?.name;
  return column === undefined
    ? undefined
    : { key, column, expected: expected?.[column] ?? null, actual: actual?.[column] ?? null };
}

function keyOf({ shape }: RowTable, row: Row): Key {
  return shape.key.map(({ name }) => row[name] ?? '');
}

/** An event that changed a row. */
export interface Touch {
  readonly position: number;
  readonly eventId: string;
  readonly type: string;
}

/** The last event up to a position that changes the row with this key: found by reading the log again. */
export async function lastTouch(
  log: Pick<EventLog, 'readAll'>,
  target: FoldTarget,
  key: Key,
  upTo: number,
  batchSize: number,
): Promise<Touch | undefined> {
  const wanted = idOf(key);
  let last: Touch | undefined;
  for (let from = 0; from < upTo;) {
    await setImmediate();
    const { to, events } = await nextStretch(log, [target], from, upTo, batchSize);
    for (const event of events) {
      const changes = target.projection.project(event);
      if (changes.some((change) => idOf(canonicalKey(target.shape, change.key)) === wanted)) {
        last = { position: event.position, eventId: event.eventId, type: event.type };
      }
    }
    if (to === from) break;
    from = to;
  }
  return last;
}
