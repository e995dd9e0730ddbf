import type { RecordedEvent } from '../kernel/event.ts';
import type { Cell, Projection, Row, RowChange } from '../kernel/projection.ts';
import { canonicalCell, UnfitCell } from './cells.ts';
import type { Key, RowStore, RowTable } from './read-models.ts';
import type { TableShape } from './shape.ts';

/** A projection and the table that it is folded into. */
export interface FoldTarget extends RowTable {
  readonly projection: Projection;
}

/** A fold threw, or made rows that don't fit its table: the projection can't pass this event. */
export class FoldDefect extends Error {
  override readonly name = 'FoldDefect';
  readonly projection: string;
  readonly tableName: string;
  readonly position: number;
  readonly eventId: string;

  constructor({ shape, tableName }: RowTable, event: RecordedEvent, cause: unknown) {
    super(
      `Projection "${shape.name}" can't fold the event at position ${event.position} ` +
        `(${event.type} ${event.eventId} of stream ${event.stream}): ${messageOf(cause)}`,
      { cause },
    );
    this.projection = shape.name;
    this.tableName = tableName;
    this.position = event.position;
    this.eventId = event.eventId;
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/**
 * Folds events, in order of position, into the rows of a table: loads what they touch, changes it in
 * memory and writes each row once, however often it changed. Events of types that the projection doesn't
 * fold are passed over. Throws a FoldDefect, before anything is written, when an event can't be folded.
 */
export async function foldInto(
  target: FoldTarget,
  events: readonly RecordedEvent[],
  rows: RowStore,
): Promise<void> {
  const changes = plannedChanges(target, events);
  const found = await rows.load(target, keysToLoad(changes));
  const written: (readonly Cell[])[] = [];
  const removed: Key[] = [];
  for (const { key, cells, changed } of touchedRows(target, changes, found)) {
    if (!changed) continue;
    if (cells === undefined) removed.push(key);
    else written.push(cells);
  }
  await rows.upsert(target, written);
  await rows.remove(target, removed);
}

interface PlannedChange {
  readonly event: RecordedEvent;
  readonly change: RowChange;
  readonly key: Key;
  /** The key as one text. */
  readonly id: string;
}

function plannedChanges(target: FoldTarget, events: readonly RecordedEvent[]): PlannedChange[] {
  const { projection, shape } = target;
  const types = new Set<string>(projection.types);
  const planned: PlannedChange[] = [];
  for (const event of events) {
    if (!types.has(event.type)) continue;
    try {
      for (const change of projection.project(event)) {
        const key = canonicalKey(shape, change.key);
        planned.push({ event, change, key, id: idOf(key) });
      }
    } catch (cause) {
      throw new FoldDefect(target, event, cause);
    }
  }
  return planned;
}

/** The key in canonical form. Throws UnfitCell when it is not one of this table. */
export function canonicalKey(shape: TableShape, key: Key): Key {
  if (key.length !== shape.key.length) {
    throw new UnfitCell(
      `the key ${JSON.stringify(key)} has ${key.length} values for ${shape.key.length} columns`,
    );
  }
  return shape.key.map(({ name, type }, at) => {
    const value = cellOf(name, type, key[at]);
    if (value === null) throw new UnfitCell(`column "${name}": a key can't be null`);
    return value;
  });
}

/** Distinct for distinct keys: no canonical text holds U+0000, and each place is always of one type. */
export function idOf(key: Key): string {
  return key.length === 1 ? String(key[0]) : key.join('\0');
}

/** Rows whose first change depends on what they were. */
function keysToLoad(changes: readonly PlannedChange[]): Key[] {
  const seen = new Set<string>();
  const keys: Key[] = [];
  for (const { id, key, change } of changes) {
    if (seen.has(id)) continue;
    seen.add(id);
    if ('update' in change) keys.push(key);
  }
  return keys;
}

interface TouchedRow {
  readonly key: Key;
  /** The row as folds see it; undefined when there is none. */
  row: Row | undefined;
  /** The same, in the order of the columns. */
  cells: readonly Cell[] | undefined;
  changed: boolean;
}

function touchedRows(
  target: FoldTarget,
  changes: readonly PlannedChange[],
  found: readonly Row[],
): Iterable<TouchedRow> {
  const { shape } = target;
  const touched = new Map<string, TouchedRow>();
  for (const row of found) {
    const cells = shape.columns.map(({ name }) => row[name] ?? null);
    const key = shape.keyAt.map((at) => cells[at] ?? '');
    touched.set(idOf(key), { key, row, cells, changed: false });
  }
  for (const { event, change, key, id } of changes) {
    let entry = touched.get(id);
    if (entry === undefined) {
      entry = { key, row: undefined, cells: undefined, changed: false };
      touched.set(id, entry);
    }
    try {
      applyChange(shape, entry, change);
    } catch (cause) {
      throw new FoldDefect(target, event, cause);
    }
  }
  return touched.values();
}

function applyChange(shape: TableShape, entry: TouchedRow, change: RowChange): void {
  const row = 'update' in change ? change.update(entry.row) : change.row;
  if (row === entry.row) return;
  entry.changed = true;
  if (row === undefined) {
    entry.row = undefined;
    entry.cells = undefined;
    return;
  }
  const cells = canonicalCells(shape, row, entry.cells);
  shape.keyAt.forEach((at, index) => {
    if (cells[at] !== entry.key[index]) {
      throw new UnfitCell(
        `the row says ${JSON.stringify(cells[at])} in column "${shape.columns[at]?.name ?? ''}", ` +
          `the change's key says ${JSON.stringify(entry.key[index])}`,
      );
    }
  });
  entry.cells = cells;
  entry.row = asFolded(shape, row, cells);
}

/** The row's cells in the order of the columns. `before` are those of the same row until now. */
function canonicalCells(
  shape: TableShape,
  row: Row,
  before: readonly Cell[] | undefined,
): readonly Cell[] {
  const cells = shape.columns.map(({ name, type }, at) => {
    const value = row[name];
    if (value === undefined) throw new UnfitCell(`the row lacks column "${name}"`);
    // Most cells of an updated row stay as they were, and those are canonical already.
    return before !== undefined && before[at] === value ? value : cellOf(name, type, value);
  });
  // All columns are there, so a row with as many names has no others.
  if (Object.keys(row).length !== cells.length) throw new UnfitCell(unknownColumn(shape, row));
  return cells;
}

function cellOf(name: string, type: Parameters<typeof canonicalCell>[0], value: unknown): Cell {
  try {
    return canonicalCell(type, value);
  } catch (error) {
    if (error instanceof UnfitCell) throw new UnfitCell(`column "${name}": ${error.message}`);
    throw error;
  }
}

function unknownColumn(shape: TableShape, row: Row): string {
  const known = new Set(shape.columns.map((column) => column.name));
  const unknown = Object.keys(row).find((name) => !known.has(name));
  return `the row has a column "${unknown ?? ''}" that the projection does not`;
}

/** The row as it will be read back: the very object, unless a cell had to be brought into its form. */
function asFolded(shape: TableShape, row: Row, cells: readonly Cell[]): Row {
  return shape.columns.every(({ name }, at) => Object.is(row[name], cells[at]))
    ? row
    : Object.fromEntries(shape.columns.map(({ name }, at) => [name, cells[at] ?? null]));
}
