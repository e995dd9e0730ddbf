import { Compile } from 'typebox/compile';
import { TradeRecordRequest } from '../../domain/trade-records/contract.ts';
import { cellsOf } from '../../formats/csv.ts';
import type { Line } from '../bulk/line-splitter.ts';
import { Refusal } from '../problem.ts';
import { parseStrictly } from '../strict-json.ts';
import { fieldErrorsOf } from '../validation.ts';

/** Makes a record of a line; undefined for one that holds none. Throws a Refusal. */
export type ReadTradeLine = (line: Line) => TradeRecordRequest | undefined;

export const lineBytesMax = 16 * 1024;

const validator = Compile(TradeRecordRequest);

function valid(said: unknown): TradeRecordRequest {
  if (validator.Check(said)) return said;
  throw new Refusal(
    'REQUEST_INVALID',
    'The line does not fit.',
    fieldErrorsOf(validator, said, 'body'),
  );
}

/** Lines of JSON, each a record. */
export const readJsonLine: ReadTradeLine = (line) => {
  const text = textOf(line);
  if (text.trim() === '') return undefined;
  return valid(parseStrictly(text));
};

const columns = Object.keys(TradeRecordRequest.properties);
const required = TradeRecordRequest.required as readonly string[];
const dateColumns: ReadonlySet<string> = new Set(['maturity_date', 'created_date', 'trade_date']);

export type DateOrder = 'iso' | 'day-first';

/** Lines of CSV behind one that names the columns; an empty cell says nothing of its field. */
export function csvLineReader(dates: DateOrder): ReadTradeLine {
  let names: readonly string[] | undefined;
  return (line) => {
    const text = textOf(line);
    if (text.trim() === '') return undefined;
    const cells = cellsOf(text);
    if (cells === undefined) throw new Refusal('CSV_INVALID', 'Its quotation marks do not match.');
    if (names === undefined) {
      names = headerOf(cells);
      return undefined;
    }
    if (cells.length !== names.length) {
      throw new Refusal(
        'CSV_INVALID',
        `It has ${cells.length} cells, and there are ${names.length} columns.`,
      );
    }
    const said: Record<string, unknown> = {};
    for (const [place, name] of names.entries()) {
      const cell = cells[place] ?? '';
      if (cell !== '') said[name] = valueOf(name, cell, dates);
    }
    return valid(said);
  };
}

function headerOf(cells: readonly string[]): readonly string[] {
  const unknown = cells.filter((cell) => !columns.includes(cell));
  const missing = required.filter((name) => !cells.includes(name));
  const repeated = cells.filter((cell, place) => cells.indexOf(cell) !== place);
  const problems = [
    ...unknown.map((name) => `"${name.slice(0, 40)}" is no column`),
    ...missing.map((name) => `${name} is missing`),
    ...repeated.map((name) => `${name.slice(0, 40)} is there twice`),
  ];
  if (problems.length === 0) return cells;
  throw new HeaderInvalid(`${problems.join('; ')}. The columns are ${columns.join(', ')}.`);
}

/** The first line does not name the columns: nothing behind it can be read. */
export class HeaderInvalid extends Refusal {
  constructor(message: string) {
    super('CSV_INVALID', message);
  }
}

function valueOf(name: string, cell: string, dates: DateOrder): unknown {
  if (name === 'version' && /^\d{1,10}$/.test(cell)) return Number(cell);
  if (dates === 'iso' || !dateColumns.has(name)) return cell;
  const [, day = '', month = '', year = ''] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(cell) ?? [];
  // What is no such date is left as it is, for the refusal to show.
  return year === '' ? cell : `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

function textOf(line: Line): string {
  switch (line.kind) {
    case 'text':
      return line.text;
    case 'too-long':
      throw new Refusal('LINE_TOO_LONG', `The line has over ${lineBytesMax} bytes.`);
    case 'not-utf8':
      throw new Refusal('MALFORMED_JSON', 'The line is not UTF-8.');
  }
}
