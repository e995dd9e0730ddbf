import type { DomainEvent, RecordedEvent } from './event.ts';

/**
 * A read model as a pure fold from events to the rows of one table. It says what changes; the projector
 * loads, folds and writes whole batches, keeps its position in the same transaction, and proves the table
 * equal to a fresh fold on request.
 */
export interface Projection<Event extends DomainEvent = DomainEvent> {
  /** Name of the view that queries use: lower case with underscores. */
  readonly name: string;
  /** Raise it whenever columns or fold change: the new version is built beside the old, then switched to. */
  readonly version: number;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** The columns that identify a row. */
  readonly key: readonly string[];
  /** Further indexes, each a list of columns. */
  readonly indexes: readonly (readonly string[])[];
  /** The event types that it folds; others never reach it. */
  readonly types: readonly Event['type'][];
  /** The rows that an event changes, in order. */
  project(event: RecordedEvent<Event>): readonly RowChange[];
}

/**
 * What a column holds: `text`; `integer` (exact as a double); `decimal` (canonical decimal text here and in
 * SQLite, numeric in PostgreSQL); `date` and `instant` (ISO 8601 text, which sorts as time does: instants
 * always with six digits of a second); `json`. Each may be null.
 */
export type ColumnType = 'text' | 'integer' | 'decimal' | 'date' | 'instant' | 'json';

export type Cell = string | number | null;

export type Row = Readonly<Record<string, Cell>>;

/** A change to the row with this key (values in the order of `key`). */
export type RowChange = RowWritten | RowUpdated;

/** The row becomes this, whatever it was: nothing has to be loaded for it. */
export interface RowWritten {
  readonly key: readonly (string | number)[];
  readonly row: Row;
}

/** The row becomes what the function makes of it; undefined stands for no row on either side. */
export interface RowUpdated {
  readonly key: readonly (string | number)[];
  readonly update: (row: Row | undefined) => Row | undefined;
}
