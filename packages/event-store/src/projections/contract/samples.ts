import type { Projection, Row } from '../../kernel/projection.ts';

/** What the read models of the suite count. */
export interface CountedEvent {
  readonly type: 'Counted';
  readonly data: { readonly name: string; readonly by: number };
}

function totalled(row: Row | undefined, { name, by }: CountedEvent['data']): Row | undefined {
  if (by === 13) throw new Error('thirteen brings bad luck');
  const total = Number(row?.['total'] ?? 0) + by;
  const changes = Number(row?.['changes'] ?? 0) + 1;
  // A row that comes back to nothing goes.
  return total === 0 ? undefined : { name, total, changes, note: null };
}

/** A row for each name, updated; it can't fold a thirteen. */
export const totals: Projection<CountedEvent> = {
  name: 'totals',
  version: 1,
  columns: { name: 'text', total: 'integer', changes: 'integer', note: 'text' },
  key: ['name'],
  indexes: [['total'], ['name', 'changes']],
  types: ['Counted'],
  project: ({ data }) => [{ key: [data.name], update: (row) => totalled(row, data) }],
};

/** The same with a note in every row. */
export const annotatedTotals: Projection<CountedEvent> = {
  ...totals,
  version: 2,
  project: ({ data }) => [
    {
      key: [data.name],
      update: (row) => {
        const folded = totalled(row, data);
        return folded && { ...folded, note: 'v2' };
      },
    },
  ],
};

/** A row for each event, written without a look at what was there; each thirteenth is taken away again. */
export const journal: Projection<CountedEvent> = {
  name: 'journal',
  version: 1,
  columns: { position: 'integer', name: 'text', amount: 'decimal', at: 'instant' },
  key: ['position'],
  indexes: [],
  types: ['Counted'],
  project: ({ data, position }) => [
    {
      key: [position],
      row: { position, name: data.name, amount: `${data.by}.50`, at: '2026-05-20T10:00:00Z' },
    },
    ...(position % 13 === 0 ? [{ key: [position - 1], update: () => undefined }] : []),
  ],
};

/** What `totals` holds after these events, reckoned without any of the machinery. */
export function totalsOf(events: readonly CountedEvent['data'][]): readonly object[] {
  const rows = new Map<string, Row>();
  for (const data of events) {
    const row = totalled(rows.get(data.name), data);
    if (row === undefined) rows.delete(data.name);
    else rows.set(data.name, row);
  }
  return [...rows.values()].toSorted((left, right) =>
    String(left['name']) < String(right['name']) ? -1 : 1,
  );
}

/** A projection of one row for each event, to try what a fold may return. */
export function written(
  columns: Projection['columns'],
  row: Row,
  key: readonly (string | number)[],
): Projection<CountedEvent> {
  return {
    name: 'written',
    version: 1,
    columns,
    key: Object.keys(columns).slice(0, 1),
    indexes: [],
    types: ['Counted'],
    project: () => [{ key, row }],
  };
}
