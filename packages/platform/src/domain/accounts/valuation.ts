import type { InstrumentSymbol } from '../instruments/events.ts';
import { averageCost, marketValue } from '../money/amounts.ts';
import { minus, Money, plus, type Price, type Quantity } from '../money/money.ts';
import type { Portfolio, PortfolioPosition } from './portfolio.ts';

/** A portfolio at given prices. */
export interface Valuation {
  /** Ascending by symbol; without those that have become zero. */
  readonly positions: readonly PositionValuation[];
  readonly cash: Money;
  /** Of the positions that have a price. */
  readonly marketValue: Money;
  /** Cash and market value. */
  readonly total: Money;
  /** Of the positions that have a price. */
  readonly unrealizedPnl: Money;
  /** Of all positions ever held. */
  readonly realizedPnl: Money;
  /** Held without a price, and so neither in the value nor in the gain. */
  readonly unpriced: readonly InstrumentSymbol[];
}

export interface PositionValuation {
  readonly symbol: InstrumentSymbol;
  readonly quantity: Quantity;
  readonly cost: Money;
  readonly averageCost: Price;
  /** The price, and what follows from it: undefined where there is none. */
  readonly price: Price | undefined;
  readonly marketValue: Money | undefined;
  readonly unrealizedPnl: Money | undefined;
}

/** Prices must be on the basis of the quantities: raw with raw, never adjusted for a later split. */
export function valuePortfolio(
  portfolio: Portfolio,
  priceOf: (symbol: InstrumentSymbol) => Price | undefined,
): Valuation {
  const held = portfolio.positions.filter(({ quantity }) => quantity !== 0n);
  const positions = held.map((position) =>
    valuePosition(position, priceOf(position.symbol), portfolio),
  );
  const value = sum(positions.map((position) => position.marketValue));
  return {
    positions,
    cash: portfolio.cash,
    marketValue: value,
    total: plus(portfolio.cash, value),
    unrealizedPnl: sum(positions.map(({ unrealizedPnl }) => unrealizedPnl)),
    realizedPnl: sum(portfolio.positions.map(({ realizedPnl }) => realizedPnl)),
    unpriced: positions.filter(({ price }) => price === undefined).map(({ symbol }) => symbol),
  };
}

function valuePosition(
  { symbol, quantity, cost }: PortfolioPosition,
  price: Price | undefined,
  { currency }: Portfolio,
): PositionValuation {
  const value = price === undefined ? undefined : marketValue(quantity, price, currency);
  return {
    symbol,
    quantity,
    cost,
    averageCost: averageCost(cost, quantity),
    price,
    marketValue: value,
    unrealizedPnl: value === undefined ? undefined : minus(value, cost),
  };
}

function sum(amounts: readonly (Money | undefined)[]): Money {
  return amounts.reduce<Money>((total, amount) => plus(total, amount ?? Money.zero), Money.zero);
}
