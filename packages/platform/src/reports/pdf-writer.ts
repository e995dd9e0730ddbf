import { setImmediate } from 'node:timers/promises';
import { formatInstant } from '@counterfoil/event-store';
import { openPdf, type PdfPages } from './pdf-pages.ts';
import { drawTable, type Canvas, type TableColumn } from './pdf-table.ts';
import { printable, wrapped } from './pdf-text.ts';
import type { Column, ReportDefinition, ReportHead, ReportRow, ReportWriter } from './report.ts';
import { createTotals, type Total } from './totals.ts';

/** Drawn in one go: others have their turn in between. */
const rowsAtOnce = 50;

/** Pages to print: the titles of the columns on each, the totals and the checkpoint on the last. */
export function pdfWriter({ compress }: { readonly compress?: boolean } = {}): ReportWriter {
  return async function* writePdf({ definition, head, pages }) {
    const { title, columns } = definition;
    const totals = createTotals(definition);
    const printed = columns.filter(({ width }) => width > 0);
    const pdf = openPdf({
      title,
      footer: `Counterfoil - ${title}, up to position ${head.position} of the log`,
      createdAt: new Date(Number(head.createdAt / 1_000_000n)),
      compress,
    });
    const table = drawTable(pdf.canvas, printed.map(tableColumn), drawHead(pdf, definition, head));
    for await (const page of pages) {
      for (const [place, row] of page.entries()) {
        totals.add(row);
        table.row(printed.map((column) => cellText(row, column)));
        if (place % rowsAtOnce !== rowsAtOnce - 1) continue;
        const bytes = pdf.take();
        if (bytes !== undefined) yield bytes;
        await setImmediate();
      }
      const bytes = pdf.take();
      if (bytes !== undefined) yield bytes;
    }
    const y = drawTotals(pdf.canvas, definition, totals.lines(), totals.rows(), table.y());
    drawCheckpoint(pdf.canvas, head, y);
    pdf.end();
    for (let bytes = pdf.take(); bytes !== undefined; bytes = pdf.take()) yield bytes;
  };
}

function cellText(row: ReportRow, { name, kind }: Column): string {
  const text = String(row[name] ?? '');
  // The microseconds of a clock that counts milliseconds.
  return kind === 'instant' ? text.replace(/(\.\d{3})000Z$/, '$1Z') : text;
}

function tableColumn({ name, kind, width }: Column): TableColumn {
  const isNumber = kind === 'decimal' || kind === 'integer';
  return { title: titleOf(name), width, isNumber };
}

const textStyle = { size: 8 };
const textHeight = 11;

/** Answers where the rows can begin. */
function drawHead(
  { canvas, top }: PdfPages,
  { title }: ReportDefinition,
  head: ReportHead,
): number {
  canvas.text(title, canvas.left, top, { size: 16, bold: true });
  const asked = Object.entries(head.parameters).map(([name, value]) => `${name} ${value}`);
  const about = [
    asked.length === 0 ? 'Asked for without parameters' : `Asked for: ${asked.join(', ')}`,
    `Written at ${formatInstant(head.createdAt)} from the log up to position ${head.position}`,
  ];
  return drawLines(canvas, about, top + 24) + 6;
}

function drawTotals(
  canvas: Canvas,
  { totalsBy, sums }: ReportDefinition,
  lines: readonly Total[],
  rows: number,
  fromY: number,
): number {
  const y = heading(canvas, `Totals of ${rows} rows`, fromY, 40);
  if (lines.length === 0) return drawLines(canvas, ['There is nothing to report.'], y);
  const text = totalsBy.map((name) => ({ title: titleOf(name), width: 1, isNumber: false }));
  const numbers = ['rows', ...sums].map((name) => ({
    title: titleOf(name),
    width: 1,
    isNumber: true,
  }));
  const table = drawTable(canvas, [...text, ...numbers], y);
  for (const { of, rows: counted, sums: summed } of lines) {
    table.row([
      ...totalsBy.map((name) => of[name] ?? ''),
      String(counted),
      ...sums.map((name) => summed[name] ?? ''),
    ]);
  }
  return table.y();
}

function titleOf(name: string): string {
  return name.replaceAll('_', ' ');
}

/** As it was signed, line by line: what is printed can be typed and verified. */
function drawCheckpoint(canvas: Canvas, { checkpoint }: ReportHead, fromY: number): void {
  const lines = checkpoint.trimEnd().split('\n');
  const y = heading(canvas, 'Checkpoint of the log', fromY, lines.length * textHeight);
  drawLines(canvas, lines, y, { ...textStyle, fixed: true });
}

/** Draws a heading together with so much room below it, and answers where that begins. */
function heading(canvas: Canvas, text: string, fromY: number, room: number): number {
  let y = fromY + 16;
  if (y + 16 + room > canvas.bottom) y = canvas.newPage();
  canvas.text(text, canvas.left, y, { size: 10, bold: true });
  return y + 16;
}

function drawLines(
  canvas: Canvas,
  texts: readonly string[],
  fromY: number,
  style: { readonly size: number; readonly fixed?: boolean } = textStyle,
): number {
  const width = canvas.right - canvas.left;
  let y = fromY;
  for (const text of texts) {
    const lines = wrapped(printable(text), width, (part) => canvas.width(part, style), 20);
    for (const line of lines) {
      if (y + textHeight > canvas.bottom) y = canvas.newPage();
      canvas.text(line, canvas.left, y, style);
      y += textHeight;
    }
  }
  return y;
}
