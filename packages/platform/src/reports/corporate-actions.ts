import type { EventLog, RecordedEvent } from '@counterfoil/event-store';
import {
  corporateActionStream,
  type ActionId,
  type CorporateActionEvent,
} from '../domain/corporate-actions/events.ts';
import { actionRow } from '../queries/corporate-actions.ts';
import {
  announcedActions,
  countActions,
  type AfterAction,
  type ReportedAction,
} from '../queries/reports/actions.ts';
import type { ViewDatabase } from '../queries/views.ts';
import type { ReportDefinition, ReportRow } from './report.ts';

export interface ActionRegisterParts {
  readonly views: ViewDatabase;
  readonly log: Pick<EventLog, 'readStream'>;
}

const actionsAtOnce = 500;
const eventsAtOnce = 1_000;

/** Corporate actions with what became of each (RC-08), in the order in which they were announced. */
export function actionRegister({ views, log }: ActionRegisterParts): ReportDefinition {
  /** The row as it was at a position; undefined when the action was not announced by then. */
  const asItWas = async (
    row: ReportedAction,
    position: number,
  ): Promise<ReportedAction | undefined> => {
    if (row.position <= position) return row;
    const events: RecordedEvent<CorporateActionEvent>[] = [];
    const stream = corporateActionStream(row.action_id as ActionId);
    for (let from = 1; ; from += eventsAtOnce) {
      const page = await log.readStream(stream, { from, limit: eventsAtOnce });
      events.push(...(page as typeof events).filter((event) => event.position <= position));
      if (page.length < eventsAtOnce) break;
    }
    const before = actionRow(events);
    return before && { ...before, instrument_currency: row.instrument_currency };
  };

  return {
    name: 'corporate-actions',
    title: 'Register of corporate actions',
    columns: [
      { name: 'position', kind: 'integer', width: 1.6 },
      { name: 'action_id', kind: 'text', width: 5.2 },
      { name: 'event_type', kind: 'text', width: 2.8 },
      { name: 'symbol', kind: 'text', width: 1.6 },
      { name: 'terms', kind: 'text', width: 3.8 },
      { name: 'ex_date', kind: 'date', width: 2.3 },
      { name: 'record_date', kind: 'date', width: 0 },
      { name: 'payment_date', kind: 'date', width: 0 },
      { name: 'effective_date', kind: 'date', width: 0 },
      { name: 'due_date', kind: 'date', width: 2.3 },
      { name: 'status', kind: 'text', width: 2.6 },
      { name: 'version', kind: 'integer', width: 0 },
      { name: 'reason', kind: 'text', width: 2.4 },
      { name: 'accounts', kind: 'integer', width: 1.9 },
      { name: 'eligible', kind: 'decimal', unit: 'shares', width: 2 },
      { name: 'gross', kind: 'decimal', unit: 'currency', width: 2 },
      { name: 'tax', kind: 'decimal', unit: 'currency', width: 1.6 },
      { name: 'cash', kind: 'decimal', unit: 'currency', width: 2 },
      { name: 'shares', kind: 'decimal', unit: 'shares', width: 1.6 },
      { name: 'currency', kind: 'text', width: 1.9 },
      { name: 'source', kind: 'text', width: 0 },
      { name: 'announced_at', kind: 'instant', width: 0 },
      { name: 'completed_at', kind: 'instant', width: 0 },
    ],
    totalsBy: ['currency', 'status'],
    sums: ['gross', 'tax', 'cash'],
    cites: 'position',
    size: (_, __, limit) => countActions(views, limit),
    pages: async function* (parameters, { position, looked }) {
      for (let after: AfterAction | undefined; ;) {
        const page = await announcedActions(views, parameters, after, actionsAtOnce);
        const rows: ReportRow[] = [];
        for (const row of page) {
          const before = await asItWas(row, position);
          if (before !== undefined) rows.push(registerRow(before));
        }
        looked?.(page.length);
        yield rows;
        if (page.length < actionsAtOnce) return;
        after = page.at(-1);
      }
    },
  };
}

function registerRow(action: ReportedAction): ReportRow {
  const totals = JSON.parse(action.totals ?? '{}') as ReportRow;
  const terms = JSON.parse(action.terms) as Readonly<Record<string, string>>;
  const { reversed: _, failed_last: __, ...cells } = action;
  return {
    ...cells,
    ...totals,
    terms: Object.entries(terms)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    reason: action.cancellation_reason ?? action.error,
    currency: action.instrument_currency,
  };
}
