import { parse } from 'csv-parse/sync';

// No value of ours holds a line break, so a record is one line. That keeps a stray quotation mark from
// swallowing the lines behind it, and every line is judged by itself.

/** The cells of one line (RFC 4180), without blanks around them; undefined when its quotes do not match. */
export function cellsOf(line: string): readonly string[] | undefined {
  // Without quotes, nearly all lines, a comma is a comma.
  if (!line.includes('"')) return line.split(',').map((cell) => cell.trim());
  try {
    return parse(line, { relax_column_count: true, trim: true })[0];
  } catch {
    return undefined;
  }
}

/** A value as a cell. */
export function cellOf(value: string): string {
  return /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
