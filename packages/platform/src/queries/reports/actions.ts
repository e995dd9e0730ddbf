import { queried } from '../failure.ts';
import type { CorporateActionRow, ViewDatabase } from '../views.ts';

export interface ReportedActions {
  readonly symbol?: string | undefined;
  readonly event_type?: string | undefined;
  readonly status?: string | undefined;
  /** The first ex-date. */
  readonly from?: string | undefined;
  /** The last ex-date, included. */
  readonly to?: string | undefined;
}

/** An action with the currency of its symbol. */
export interface ReportedAction extends CorporateActionRow {
  readonly instrument_currency: string | null;
}

export type AfterAction = Pick<CorporateActionRow, 'announced_at' | 'action_id'>;

/** Corporate actions in the order in which they were announced, at most `limit`, behind the one given. */
export function announcedActions(
  views: ViewDatabase,
  wanted: ReportedActions,
  after: AfterAction | undefined,
  limit: number,
): Promise<readonly ReportedAction[]> {
  let query = filtered(views, wanted)
    .leftJoin('instruments', 'instruments.symbol', 'corporate_actions.symbol')
    .selectAll('corporate_actions')
    .select('instruments.currency as instrument_currency')
    .orderBy('announced_at')
    .orderBy('action_id')
    .limit(limit);
  if (after !== undefined) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('announced_at', 'action_id'), '>', tuple(after.announced_at, after.action_id)),
    );
  }
  return queried(query.execute());
}

/** How many actions there are, whatever is wanted of them; counts no further than `limit`. */
export async function countActions(views: ViewDatabase, limit: number): Promise<number> {
  const counted = views.selectFrom('corporate_actions').select('action_id').limit(limit);
  const query = views
    .selectFrom(counted.as('looked'))
    .select(({ fn }) => fn.countAll().as('count'));
  const [row] = await queried(query.execute());
  return Number(row?.count ?? 0);
}

function filtered(views: ViewDatabase, { symbol, event_type, status, from, to }: ReportedActions) {
  let query = views.selectFrom('corporate_actions');
  if (symbol !== undefined) query = query.where('corporate_actions.symbol', '=', symbol);
  if (event_type !== undefined) {
    query = query.where('event_type', '=', event_type as CorporateActionRow['event_type']);
  }
  if (status !== undefined) {
    query = query.where('corporate_actions.status', '=', status as CorporateActionRow['status']);
  }
  if (from !== undefined) query = query.where('ex_date', '>=', from);
  if (to !== undefined) query = query.where('ex_date', '<=', to);
  return query;
}
