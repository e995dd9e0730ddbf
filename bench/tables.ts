import { describeTarget, formatValue, isReached, spreadOf } from './figures.ts';
import type { Figure } from './scenario.ts';

/** The figures as Markdown: a table for each name of one, and one that holds them against their targets. */
export function figureTables(figures: readonly Figure[]): string {
  const names = [...new Set(figures.map(({ table }) => table))];
  return names
    .map((name) =>
      figureTable(
        name,
        figures.filter(({ table }) => table === name),
      ),
    )
    .concat(targetTable(figures.filter(({ target }) => target !== undefined)))
    .filter((text) => text !== '')
    .join('\n');
}

function figureTable(name: string, figures: readonly Figure[]): string {
  const columns = [...new Set(figures.map(({ column }) => column))];
  const rows = [...new Set(figures.map(({ row }) => row))];
  const cell = (row: string, column: string): string => {
    const figure = figures.find((one) => one.row === row && one.column === column);
    return figure === undefined ? '-' : rangeOf(figure);
  };
  // The unit stands with the name of the table, or, when columns differ in it, with each column.
  const units = [...new Set(figures.map(({ unit }) => unit))];
  const unitOf = (column: string): string =>
    units.length === 1 ? '' : `, ${figures.find((one) => one.column === column)?.unit}`;
  return layOut(
    [
      units.length === 1 ? `${name}, ${units[0]}` : name,
      ...columns.map((column) => column + unitOf(column)),
    ],
    rows.map((row) => [row, ...columns.map((column) => cell(row, column))]),
  );
}

/** The median, and in brackets the lowest and the highest round. */
function rangeOf({ rounds }: Figure): string {
  const { median, lowest, highest } = spreadOf(rounds);
  if (rounds.length === 1) return formatValue(median);
  return `${formatValue(median)} (${formatValue(lowest)} to ${formatValue(highest)})`;
}

function targetTable(figures: readonly Figure[]): string {
  if (figures.length === 0) return '';
  return layOut(
    ['target', 'must be', 'is', ''],
    figures.flatMap(({ table: name, row, column, unit, rounds, target }) =>
      target === undefined
        ? []
        : [
            [
              `${name}: ${row}, ${column}`,
              describeTarget(target, unit),
              formatValue(spreadOf(rounds).median),
              isReached(target, rounds) ? 'reached' : '**missed**',
            ],
          ],
    ),
  );
}

/** Laid out as the formatter would. */
function layOut(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, column, widths[column] ?? 0)).join(' | ')} |\n`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return line(head) + `| ${rule.join(' | ')} |\n` + rows.map(line).join('');
}

function pad(cell: string, column: number, width: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
