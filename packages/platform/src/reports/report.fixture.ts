import { parseInstant, type Instant } from '@counterfoil/event-store';
import type { ReportDefinition, ReportRow, ReportWriter, RunningReport } from './report.ts';

/** A report of trades, with every kind of column, from rows that a test gives. */
const sampleDefinition: ReportDefinition = {
  name: 'trade-blotter',
  title: 'Trade blotter',
  columns: [
    { name: 'position', kind: 'integer', width: 1 },
    { name: 'recorded_at', kind: 'instant', width: 3 },
    { name: 'trade_id', kind: 'text', width: 3 },
    { name: 'trade_date', kind: 'date', width: 2 },
    { name: 'amount', kind: 'decimal', unit: 'currency', width: 2 },
    { name: 'quantity', kind: 'decimal', unit: 'shares', width: 2 },
    { name: 'currency', kind: 'text', width: 1 },
    { name: 'note', kind: 'text', width: 0 },
  ],
  totalsBy: ['currency'],
  sums: ['amount', 'quantity'],
  cites: 'position',
  size: async () => 0,
  pages: async function* () {
    yield* [];
  },
};

export const sampleCheckpoint =
  'counterfoil.example/log\n17\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n\n— counterfoil.example/log AAAA\n';

export function sampleReport(
  pages: readonly (readonly ReportRow[])[],
  parameters: Readonly<Record<string, string>> = {},
): RunningReport {
  return {
    definition: sampleDefinition,
    head: {
      position: 17,
      createdAt: parseInstant('2026-11-20T15:00:00Z') as Instant,
      parameters,
      checkpoint: sampleCheckpoint,
    },
    pages: (async function* () {
      yield* pages;
    })(),
  };
}

export function sampleRow(number: number, cells: ReportRow = {}): ReportRow {
  return {
    position: number,
    recorded_at: '2026-11-20T15:00:00.000000Z',
    trade_id: `T-${number}`,
    trade_date: '2026-11-20',
    amount: '-189.5',
    quantity: '10',
    currency: 'USD',
    note: null,
    ...cells,
  };
}

export async function writtenBy(write: ReportWriter, report: RunningReport): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of write(report)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The texts of a PDF that was not compressed, in the order in which they are drawn. */
export function textsOfPdf(pdf: Buffer): readonly string[] {
  const operands = pdf.toString('latin1').matchAll(/\((?<text>(?:\\.|[^\\()])*)\) Tj/g);
  return Array.from(operands, ({ groups }) => (groups?.['text'] ?? '').replaceAll(/\\(.)/g, '$1'));
}
