import { formatInstant } from '@counterfoil/event-store';
import type { ReportWriter } from './report.ts';
import { createTotals } from './totals.ts';

/** One JSON object. The totals stand behind the rows, as they are known only then. */
export const writeJson: ReportWriter = async function* ({ definition, head, pages }) {
  const { name, title, columns } = definition;
  const totals = createTotals(definition);
  const above = {
    format: 'counterfoil-report/1',
    report: name,
    title,
    parameters: head.parameters,
    created_at: formatInstant(head.createdAt),
    position: head.position,
    checkpoint: head.checkpoint,
    columns: columns.map(({ name: column, kind, unit }) => ({ name: column, kind, unit })),
  };
  yield Buffer.from(`${JSON.stringify(above).slice(0, -1)},"rows":[`);
  let separator = '\n';
  for await (const page of pages) {
    let text = '';
    for (const row of page) {
      totals.add(row);
      const cells = columns.map((column) => [column.name, row[column.name] ?? null]);
      text += separator + JSON.stringify(Object.fromEntries(cells));
      separator = ',\n';
    }
    if (text !== '') yield Buffer.from(text);
  }
  const below = { row_count: totals.rows(), totals: totals.lines().map(flat) };
  yield Buffer.from(`\n],${JSON.stringify(below).slice(1)}\n`);
};

function flat({ of, rows, sums }: ReturnType<ReturnType<typeof createTotals>['lines']>[number]) {
  return { ...of, rows, ...sums };
}
