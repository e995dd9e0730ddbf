import type { CalendarDate } from '@counterfoil/event-store';
import type { PositionAnswer, PositionWithLots } from '../../domain/accounts/contract.ts';
import type { InstrumentSymbol } from '../../domain/instruments/events.ts';
import { marketValue } from '../../domain/money/amounts.ts';
import { currency as currencyOf } from '../../domain/money/currency.ts';
import { minus, Money, Price, Quantity } from '../../domain/money/money.ts';
import type { MarketBook } from '../../ledger/market-book.ts';
import type { PortfolioAsOf } from '../../ledger/temporal-queries.ts';
import type { ValuedPositionRow } from '../../queries/positions.ts';

/** A position of the read models, at the last price, in shares of today. */
export function positionOfRow(
  row: ValuedPositionRow,
  market: Pick<MarketBook, 'onBasisOf' | 'today'>,
): PositionAnswer {
  const { currency, cost } = row;
  const lastPrice = lastPriceOf(row, market);
  const value =
    lastPrice === undefined
      ? undefined
      : marketValue(Quantity.of(row.quantity), lastPrice, currencyOf(currency));
  return {
    accountId: row.account_id,
    symbol: row.symbol,
    currency,
    quantity: row.quantity,
    averageCost: row.average_cost,
    cost,
    lastPrice: lastPrice === undefined ? null : Price.format(lastPrice),
    marketValue: value === undefined ? null : Money.format(value),
    unrealizedPnl: value === undefined ? null : Money.format(minus(value, Money.of(cost))),
    realizedPnl: row.realized_pnl,
    updatedAt: row.updated_at,
  };
}

function lastPriceOf(
  { symbol, last_price: price, last_price_date: date }: ValuedPositionRow,
  market: Pick<MarketBook, 'onBasisOf' | 'today'>,
): Price | undefined {
  if (price === null || date === null) return undefined;
  const dated = { price: Price.of(price), date: date as CalendarDate };
  return market.onBasisOf(symbol as InstrumentSymbol, dated, market.today());
}

export type Seen = Pick<PortfolioAsOf, 'portfolio' | 'valuation'>;

/** The positions of a portfolio that was folded from the log, in order of their symbols. */
export function pastPositions(
  { portfolio, valuation }: Seen,
  includeClosed: boolean,
): readonly PositionAnswer[] {
  const { accountId, currency } = portfolio;
  const valued = new Map(valuation.positions.map((position) => [position.symbol, position]));
  return portfolio.positions
    .filter(({ quantity }) => includeClosed || quantity !== 0n)
    .map(({ symbol, quantity, cost, realizedPnl }) => {
      const worth = valued.get(symbol);
      return {
        accountId,
        symbol,
        currency,
        quantity: Quantity.format(quantity),
        averageCost: Price.format(worth?.averageCost ?? Price.zero),
        cost: Money.format(cost),
        lastPrice: worth?.price === undefined ? null : Price.format(worth.price),
        marketValue: moneyOrNull(worth?.marketValue),
        unrealizedPnl: moneyOrNull(worth?.unrealizedPnl),
        realizedPnl: Money.format(realizedPnl),
        updatedAt: null,
      };
    });
}

function moneyOrNull(amount: Money | undefined): string | null {
  return amount === undefined ? null : Money.format(amount);
}

type Lot = Seen['portfolio']['positions'][number]['lots'][number];

export function lotAnswer(lot: Lot): PositionWithLots['lots'][number] {
  return {
    lotId: lot.lotId,
    openedOn: lot.openedOn,
    settlementDate: lot.settlementDate,
    quantity: Quantity.format(lot.quantity),
    cost: Money.format(lot.cost),
  };
}
