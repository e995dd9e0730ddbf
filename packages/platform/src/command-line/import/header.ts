import { cellsOf } from '../../formats/csv.ts';
import { CommandFailure } from '../failure.ts';
import type { Column, ImportKind } from './kinds.ts';

/** The first line of a file, understood. */
export interface Header {
  /** The columns of the file, in its order; undefined for one that is passed over. */
  readonly columns: readonly (Column | undefined)[];
  /** The names as they are in the file. */
  readonly names: readonly string[];
}

/** What a result file adds: passed over, so that it can be corrected and imported. */
export const resultColumns = ['line', 'code', 'reason'] as const;

/** Throws a CommandFailure when the file can't be of this kind: nothing of it is imported then. */
export function readHeader(line: string, kind: ImportKind, file: string): Header {
  const names = cellsOf(line.replace(/^\u{feff}/u, ''));
  if (names === undefined)
    throw new CommandFailure(`The quotes in the header of ${file} do not match`);
  const unknown: string[] = [];
  const columns = names.map((name) => {
    const column = kind.columns.find((known) => plain(known.name) === plain(name));
    const isResult = resultColumns.some((known) => known === plain(name));
    if (column === undefined && !isResult) unknown.push(name);
    return column;
  });
  const missing = kind.columns.filter((column) => column.required && !columns.includes(column));
  const twice = columns.filter((column, at) => column && columns.indexOf(column) !== at);
  const problems = [
    ...missing.map(({ name }) => `the column ${name} is missing`),
    ...unknown.map((name) => `there is no column "${name}" for ${kind.name}`),
    ...twice.map((column) => `the column ${column?.name} is there twice`),
  ];
  if (problems.length === 0) return { columns, names };
  const expected = kind.columns.map(({ name }) => name).join(',');
  throw new CommandFailure(`The header of ${file}: ${problems.join('; ')}. Expected: ${expected}`);
}

/** `Account ID`, `account_id` and `accountId` are one column. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}
