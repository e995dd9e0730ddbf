import type { LineCommand, LineKind } from '../../api/bulk/line-commands.ts';
import type { Line } from '../../api/bulk/line-splitter.ts';
import type { Rejection } from '../../api/errors.ts';
import { fieldErrorsOf } from '../../api/validation.ts';
import { cellsOf } from '../../formats/csv.ts';
import { describeRejection } from '../../ledger/describe-rejection.ts';
import type { Header } from './header.ts';
import type { ImportKind } from './kinds.ts';

/** Why a line was not imported. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** A line as a command, or why it is none. */
export type Row =
  | { readonly kind: 'command'; readonly said: Said; readonly command: LineCommand }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'blank' };

/** A line as the bulk API would be told it. */
export type Said = Readonly<Record<string, string | boolean>>;

export const lineBytesMax = 65_536;

/** Makes commands of lines, by the same contracts as the bulk API does. */
export function createRowReader(
  kind: ImportKind,
  { columns }: Header,
  lineKind: LineKind,
): (line: Line) => Row {
  const columnOf = new Map(kind.columns.map((column) => [column.field, column.name]));
  const requiredAt = columns.flatMap((column, at) =>
    column?.required === true ? [{ at, name: column.name }] : [],
  );
  const unsaid = Object.fromEntries(
    kind.columns.flatMap(({ field, otherwise }) =>
      otherwise === undefined ? [] : [[field, otherwise]],
    ),
  );
  const sayOf = (cells: readonly string[]): Said => {
    const said: Record<string, string | boolean> = { command: kind.command, ...unsaid };
    for (const [at, column] of columns.entries()) {
      const cell = cells[at];
      if (column === undefined || cell === undefined || cell === '') continue;
      said[column.field] = column.flag === true ? flagOf(cell) : cell;
    }
    return said;
  };
  return (line) => {
    const cells = line.kind === 'text' ? cellsOf(line.text) : undefined;
    if (cells === undefined) return refused('LINE_MALFORMED', malformation(line));
    if (cells.length === 1 && cells[0] === '') return { kind: 'blank' };
    if (cells.length !== columns.length) {
      const reason = `it has ${cells.length} columns, and the header has ${columns.length}`;
      return refused('LINE_MALFORMED', reason);
    }
    const empty = requiredAt.find(({ at }) => cells[at] === '');
    if (empty !== undefined) return refused('LINE_INVALID', `${empty.name} is required`);
    const said = sayOf(cells);
    const { validator } = lineKind;
    if (validator.Check(said)) {
      return { kind: 'command', said, command: lineKind.prepare(said as never) };
    }
    const faults = fieldErrorsOf(validator, said, 'body').map(
      ({ pointer, detail }) => `${columnOf.get(pointer.slice(1)) ?? pointer} ${detail}`,
    );
    return refused('LINE_INVALID', faults.join('; '));
  };
}

function refused(code: string, reason: string): Row {
  return { kind: 'refused', refusal: { code, reason } };
}

function malformation(line: Line): string {
  switch (line.kind) {
    case 'text':
      return 'its quotes do not match (a record is one line)';
    case 'too-long':
      return `it has over ${lineBytesMax} bytes`;
    case 'not-utf8':
      return 'it is not UTF-8';
  }
}

// Anything else stays text, which the contract then refuses with what it expects.
function flagOf(cell: string): string | boolean {
  const text = cell.toLowerCase();
  return text === 'true' || text === 'false' ? text === 'true' : cell;
}

/** The refusal of a command, in the words of the API. */
export function refusalOf(rejection: Rejection, subject: string): Refusal {
  return { code: rejection.code, reason: describeRejection(rejection, subject) };
}
