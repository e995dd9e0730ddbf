import type { Instant } from '@counterfoil/event-store';
import type { ReportName } from '../domain/reports/events.ts';

/**
 * A report as data: what its columns are, which of them are summed up, and where the rows come from. The
 * writers know nothing else of it, so that JSON, CSV and PDF can't tell different stories.
 */
export interface ReportDefinition {
  readonly name: ReportName;
  readonly title: string;
  readonly columns: readonly Column[];
  /** The columns by whose values the totals are told apart, such as the currency. */
  readonly totalsBy: readonly string[];
  /** The columns of decimals that are summed up. */
  readonly sums: readonly string[];
  /** The column with the position of the entry that a row cites; undefined when rows are computed. */
  readonly cites: string | undefined;
  /** About how many rows have to be looked at; no more than `limit` are counted. */
  size(parameters: ReportParameters, scope: ReportScope, limit: number): Promise<number>;
  /** The rows in pages, each read when it is asked for. */
  pages(parameters: ReportParameters, scope: ReportScope): AsyncIterable<readonly ReportRow[]>;
}

/** What a report was asked for with, by name. */
export type ReportParameters = Readonly<Record<string, string>>;

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Of a decimal: `shares`, or the name of the column that says the currency. */
  readonly unit?: string;
  /** Relative to other columns on a printed page; 0 leaves it out there. */
  readonly width: number;
}

/** Decimals are text in canonical form: no exponent, no trailing zeros. */
export type ColumnKind = 'text' | 'integer' | 'decimal' | 'date' | 'instant';

export type ReportRow = Readonly<Record<string, string | number | null>>;

/** The part of the log that a report reflects. */
export interface ReportScope {
  /** Nothing behind it is in the report. */
  readonly position: number;
  /** Told how many rows, in the count of `size`, have been looked at since it was told last. */
  readonly looked?: ((rows: number) => void) | undefined;
}

/** What stands above the rows. */
export interface ReportHead {
  /** What the log had come to. */
  readonly position: number;
  readonly createdAt: Instant;
  readonly parameters: ReportParameters;
  /** The signed checkpoint that covers the position: a C2SP note. */
  readonly checkpoint: string;
}

/** A report on its way: every page can be read once. */
export interface RunningReport {
  readonly definition: ReportDefinition;
  readonly head: ReportHead;
  readonly pages: AsyncIterable<readonly ReportRow[]>;
}

/** Writes a report. Bytes are made as they are read, and no more than a page of them is held. */
export type ReportWriter = (report: RunningReport) => AsyncIterable<Uint8Array>;

/** What a writer calls what is in a column: the cells of a row, in the order of the columns. */
export function cellsOfRow(
  { columns }: Pick<ReportDefinition, 'columns'>,
  row: ReportRow,
): readonly (string | number | null)[] {
  return columns.map(({ name }) => row[name] ?? null);
}
