import { parseCalendarDate } from '../kernel/calendar-date.ts';
import { formatInstant, parseInstant } from '../kernel/instant.ts';
import type { Cell, ColumnType } from '../kernel/projection.ts';

/**
 * The one form of every value, so that a row is the same whether it was folded a moment ago or comes back
 * from the database, and the same on each engine: a fold can't tell where a batch ended.
 */

/** A fold made a value that its column can't hold. */
export class UnfitCell extends Error {
  override readonly name = 'UnfitCell';
}

/** The canonical form of a value for a column of this type; null stays null. Throws UnfitCell. */
export function canonicalCell(type: ColumnType, value: unknown): Cell {
  if (value === null) return null;
  if (type === 'integer') return canonicalInteger(value);
  if (typeof value !== 'string') throw unfit(type, value);
  switch (type) {
    case 'text':
      return canonicalText(value);
    case 'decimal':
      return canonicalDecimal(value);
    case 'date':
      return canonicalDate(value);
    case 'instant':
      return canonicalInstant(value);
    case 'json':
      return canonicalJson(value);
  }
}

function canonicalInteger(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw unfit('integer', value);
  // Minus zero comes back from a database as zero.
  return value + 0;
}

/**
 * PostgreSQL takes no U+0000, and UTF-8 has no lone surrogates. Such text reaches an event only past the
 * checks at the edge, and then must not stop a read model for everyone: U+FFFD stands in, as Unicode
 * advises (chapter 5.22).
 */
function canonicalText(text: string): string {
  return text.isWellFormed() && !text.includes('\0')
    ? text
    : text.toWellFormed().replaceAll('\0', '\uFFFD');
}

const canonicalDecimalPattern = /^(?:-?(?:0\.\d*[1-9]|[1-9]\d*(?:\.\d*[1-9])?)|0)$/;
const decimalPattern = /^(-?)0*(\d*?)(?:\.(\d*?)0*)?$/;

// PostgreSQL's numeric takes 16,383 digits behind the point; money needs nowhere near this many.
const decimalTextMax = 1000;

/** Decimal text without leading zeros, trailing zeros, a bare point or a minus zero. */
function canonicalDecimal(text: string): string {
  if (text.length > decimalTextMax) throw unfit('decimal', text);
  if (canonicalDecimalPattern.test(text)) return text;
  const match = decimalPattern.exec(text);
  if (match === null || !/\d/.test(text)) throw unfit('decimal', text);
  const [, sign = '', whole = '', fraction = ''] = match;
  const digits = fraction === '' ? whole || '0' : `${whole || '0'}.${fraction}`;
  return digits === '0' ? digits : sign + digits;
}

function canonicalDate(text: string): string {
  if (parseCalendarDate(text) === undefined) throw unfit('date', text);
  return text;
}

// Day 31 of a shorter month passes: the text sorts as it reads, and a full parse costs twenty times more.
const canonicalInstantPattern =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/;

/** UTC with six digits of a second, so that texts sort as time does; digits beyond are cut off. */
function canonicalInstant(text: string): string {
  if (canonicalInstantPattern.test(text)) return text;
  const instant = parseInstant(text);
  if (instant === undefined) throw unfit('instant', text);
  // 3, 6 or 9 digits of a second, as many as the instant needs.
  const formatted = formatInstant(instant);
  return `${formatted.slice(0, -1).padEnd(26, '0').slice(0, 26)}Z`;
}

/** Kept as written: parsing and printing again would round long numbers. */
function canonicalJson(text: string): string {
  const kept = canonicalText(text);
  try {
    JSON.parse(kept);
  } catch {
    throw unfit('json', text);
  }
  return kept;
}

const expectations: Readonly<Record<ColumnType, string>> = {
  text: 'a string',
  integer: 'a whole number between -2^53 and 2^53',
  decimal: 'decimal text such as "-12.5"',
  date: 'a day such as "2026-05-20"',
  instant: 'an RFC 3339 instant such as "2026-05-20T09:30:00.000000Z"',
  json: 'JSON text',
};

function unfit(type: ColumnType, value: unknown): UnfitCell {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value);
  return new UnfitCell(`expected ${expectations[type]} or null, got ${shown}`);
}
