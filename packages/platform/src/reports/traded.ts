import type { EventLog } from '@counterfoil/event-store';
import {
  countTrades,
  datedTrades,
  recordedTrades,
  type AfterTrade,
  type ReportedTrades,
} from '../queries/reports/trades.ts';
import type { TradeRow, ViewDatabase } from '../queries/views.ts';
import { firstPositionSince, recordedRange } from './recorded-range.ts';
import type { ReportParameters, ReportScope } from './report.ts';

export interface TradedParts {
  readonly views: ViewDatabase;
  readonly log: Pick<EventLog, 'readAll'>;
}

const tradesAtOnce = 1_000;
/** Of the log, looked through at once. */
const positionsAtOnce = 5_000;

/** How many trades have to be looked at; no more than `limit` are counted. */
export async function countTraded(
  parts: TradedParts,
  parameters: ReportParameters,
  scope: ReportScope,
  limit: number,
): Promise<number> {
  const wanted = wantedOf(parameters, scope);
  return countTrades(parts.views, wanted, await startOf(parts, wanted), limit);
}

/** The trades that are asked for, in pages: by trade date for one account or symbol, else as recorded. */
export async function* traded(
  parts: TradedParts,
  parameters: ReportParameters,
  scope: ReportScope,
): AsyncIterable<readonly TradeRow[]> {
  const { views } = parts;
  const wanted = wantedOf(parameters, scope);
  if (wanted.account === undefined && wanted.symbol === undefined) {
    let after = await startOf(parts, wanted);
    for (; after < wanted.upTo; after += positionsAtOnce) {
      const page = await recordedTrades(views, wanted, after, after + positionsAtOnce);
      scope.looked?.(page.length);
      yield page;
    }
    return;
  }
  let after: AfterTrade | undefined;
  for (;;) {
    const page = await datedTrades(views, wanted, after, tradesAtOnce);
    scope.looked?.(page.length);
    yield page;
    if (page.length < tradesAtOnce) return;
    after = page.at(-1);
  }
}

function wantedOf(
  { account, symbol, status, from, to }: ReportParameters,
  { position }: ReportScope,
): ReportedTrades {
  return { account, symbol, status, from, to, upTo: position };
}

/** The position behind which all of it was recorded: no trade is dated ahead of its recording. */
async function startOf({ log }: TradedParts, { from, upTo }: ReportedTrades): Promise<number> {
  if (from === undefined) return 0;
  const { since } = recordedRange(from, undefined);
  if (since === undefined) return 0;
  // In the zone of the business dates, the day may have begun up to fourteen hours before it did in UTC.
  const began = (since - 14n * 3_600_000_000_000n) as typeof since;
  return (await firstPositionSince(log, began, upTo)) - 1;
}
