import type { CalendarDate, EventLog } from '@counterfoil/event-store';
import { accountStream, type AccountEvent, type AccountId } from '../domain/accounts/events.ts';
import { foldAsOf } from '../domain/accounts/history.ts';
import type { PortfolioPosition } from '../domain/accounts/portfolio.ts';
import { valuePortfolio, type PositionValuation } from '../domain/accounts/valuation.ts';
import { Money, Price, Quantity } from '../domain/money/money.ts';
import type { MarketBook } from '../ledger/market-book.ts';
import { countAccounts, reportedAccounts } from '../queries/reports/accounts.ts';
import type { ViewDatabase } from '../queries/views.ts';
import type { ReportDefinition, ReportRow } from './report.ts';

export interface PositionsParts {
  readonly views: ViewDatabase;
  readonly log: Pick<EventLog, 'readStream'>;
  readonly market: Pick<MarketBook, 'priceOn'>;
}

const accountsAtOnce = 20;
const eventsAtOnce = 1_000;

/** An account is folded from all its events: it takes the time of so many rows of other reports. */
const rowsPerAccount = 100;

/**
 * What accounts hold at the end of a business date, by what the log knows of it up to the position of the
 * report (RC-08). Values are in the account's currency, by the last price until then.
 */
export function positionsReport({ views, log, market }: PositionsParts): ReportDefinition {
  /** The events of an account up to a position. */
  const eventsOf = async (id: AccountId, position: number): Promise<readonly AccountEvent[]> => {
    const events: AccountEvent[] = [];
    for (let from = 1; ; from += eventsAtOnce) {
      const page = await log.readStream(accountStream(id), { from, limit: eventsAtOnce });
      for (const event of page) {
        if (event.position > position) return events;
        events.push({ type: event.type, data: event.data } as AccountEvent);
      }
      if (page.length < eventsAtOnce) return events;
    }
  };

  const rowsOf = async (
    id: AccountId,
    asOf: CalendarDate,
    position: number,
  ): Promise<readonly ReportRow[]> => {
    const portfolio = foldAsOf(await eventsOf(id, position), { asOf });
    if (portfolio === undefined) return [];
    const valued = valuePortfolio(portfolio, (symbol) => market.priceOn(symbol, asOf)).positions;
    const held = new Map(portfolio.positions.map((each) => [each.symbol, each]));
    return valued.map((each) => ({
      account_id: id,
      currency: portfolio.currency,
      ...cellsOf(each, held.get(each.symbol)),
    }));
  };

  return {
    name: 'positions',
    title: 'Positions',
    columns: [
      { name: 'account_id', kind: 'text', width: 2.4 },
      { name: 'symbol', kind: 'text', width: 1.8 },
      { name: 'quantity', kind: 'decimal', unit: 'shares', width: 2 },
      { name: 'cost', kind: 'decimal', unit: 'currency', width: 2 },
      { name: 'average_cost', kind: 'decimal', unit: 'currency', width: 2 },
      { name: 'price', kind: 'decimal', unit: 'currency', width: 2 },
      { name: 'market_value', kind: 'decimal', unit: 'currency', width: 2 },
      { name: 'unrealized_pnl', kind: 'decimal', unit: 'currency', width: 2 },
      { name: 'realized_pnl', kind: 'decimal', unit: 'currency', width: 2 },
      { name: 'currency', kind: 'text', width: 1.4 },
    ],
    totalsBy: ['currency'],
    sums: ['cost', 'market_value', 'unrealized_pnl', 'realized_pnl'],
    cites: undefined,
    size: async ({ account }, _, limit) => {
      const accounts = await countAccounts(views, account, Math.ceil(limit / rowsPerAccount));
      return accounts * rowsPerAccount;
    },
    pages: async function* ({ account, as_of: asOf }, { position, looked }) {
      if (asOf === undefined) throw new RangeError('positions are of a date');
      for (let after: string | undefined; ;) {
        const accounts = await reportedAccounts(views, account, after, accountsAtOnce);
        const rows: ReportRow[] = [];
        for (const { account_id: id } of accounts) {
          rows.push(...(await rowsOf(id as AccountId, asOf as CalendarDate, position)));
        }
        looked?.(accounts.length * rowsPerAccount);
        yield rows;
        if (accounts.length < accountsAtOnce) return;
        after = accounts.at(-1)?.account_id;
      }
    },
  };
}

function cellsOf(valued: PositionValuation, held: PortfolioPosition | undefined): ReportRow {
  const { symbol, quantity, cost, averageCost, price, marketValue, unrealizedPnl } = valued;
  return {
    symbol,
    quantity: Quantity.format(quantity),
    cost: Money.format(cost),
    average_cost: Price.format(averageCost),
    price: price === undefined ? null : Price.format(price),
    market_value: marketValue === undefined ? null : Money.format(marketValue),
    unrealized_pnl: unrealizedPnl === undefined ? null : Money.format(unrealizedPnl),
    realized_pnl: Money.format(held?.realizedPnl ?? Money.zero),
  };
}
