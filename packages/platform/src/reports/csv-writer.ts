import { formatInstant } from '@counterfoil/event-store';
import { cellOf } from '../formats/csv.ts';
import { cellsOfRow, type ColumnKind, type ReportWriter } from './report.ts';
import { createTotals } from './totals.ts';

// RFC 4180 wants the same number of fields in each record. So what stands above and below the rows is
// written as records too, and the first field says what each is: head, row or total.

/** Names what the fields of a head and of a total mean. */
const leading = ['record', 'name', 'value'] as const;

const lineEnd = '\r\n';

/** CSV as RFC 4180 has it, in UTF-8. */
export const writeCsv: ReportWriter = async function* ({ definition, head, pages }) {
  const { title, columns } = definition;
  const totals = createTotals(definition);
  const blank = ','.repeat(columns.length);
  const about = (name: string, value: string): string =>
    `head,${textCell(name)},${textCell(value)}${blank}${lineEnd}`;

  let text = [...leading, ...columns.map(({ name }) => name)].join(',') + lineEnd;
  text += about('title', title);
  for (const [name, value] of Object.entries(head.parameters)) text += about(name, value);
  text += about('created_at', formatInstant(head.createdAt));
  text += about('position', String(head.position));
  text += about('checkpoint', head.checkpoint);
  yield Buffer.from(text);

  for await (const page of pages) {
    text = '';
    for (const row of page) {
      totals.add(row);
      text += 'row,,';
      for (const [place, cell] of cellsOfRow(definition, row).entries()) {
        text += `,${csvCell(cell, columns[place]?.kind ?? 'text')}`;
      }
      text += lineEnd;
    }
    if (text !== '') yield Buffer.from(text);
  }

  text = '';
  for (const { of, rows, sums } of totals.lines()) {
    const cells = cellsOfRow(definition, { ...of, ...sums });
    text += `total,rows,${rows}`;
    for (const [place, cell] of cells.entries()) {
      text += `,${csvCell(cell, columns[place]?.kind ?? 'text')}`;
    }
    text += lineEnd;
  }
  text += `total,row_count,${totals.rows()}${blank}${lineEnd}`;
  yield Buffer.from(text);
};

function csvCell(cell: string | number | null, kind: ColumnKind): string {
  if (cell === null) return '';
  // Numbers, dates and times are made here, and -5 has to stay a number.
  return kind === 'text' ? textCell(String(cell)) : cellOf(String(cell));
}

// Spreadsheets take a cell for a formula by its first sign, the full-width forms included (OWASP, "CSV
// Injection"). The apostrophe that keeps them from it also stands before an apostrophe that was there
// already, so that taking away the first one always gives back the text.
const isRisky = /^['=+\-@\t\r\n＝＋－＠]/;

/** A text as a cell that no spreadsheet runs. */
export function textCell(text: string): string {
  return cellOf(isRisky.test(text) ? `'${text}` : text);
}
