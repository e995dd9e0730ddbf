import { divide } from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { marketValue } from '../money/amounts.ts';
import {
  magnitude,
  minus,
  Money,
  negated,
  Percentage,
  plus,
  Price,
  Quantity,
} from '../money/money.ts';
import type { TradeTerms } from './commands.ts';
import type { MarketView, TradableInstrument } from './market.ts';
import type { RiskBreach } from './rejections.ts';
import type { Account } from './state.ts';

/** A trade that is well formed, with what follows from its terms. */
export interface ProposedTrade extends TradeTerms {
  readonly symbol: InstrumentSymbol;
  /** The quantity, negative for a sell. */
  readonly quantityChange: Quantity;
  /** Quantity x price, rounded. */
  readonly notional: Money;
  /** The change of cash: the notional with its sign, less fees. */
  readonly amount: Money;
}

/**
 * The account that a trade meets: as it is, or, for a replacement, as it would be without the trade that
 * is replaced.
 */
export interface Standing {
  readonly cash: Money;
  /** Of the trade's symbol. */
  readonly quantity: Quantity;
}

/**
 * The first risk check that a trade breaks, of all but the last: whether there is enough to sell, which
 * depends on the trade's place in the order of trades. What only lowers an exposure is not held against
 * a limit on it.
 */
export function firstBreach(
  trade: ProposedTrade,
  account: Account,
  standing: Standing,
  market: MarketView,
): RiskBreach | undefined {
  const instrument = market.instrument(trade.symbol);
  return (
    accountBreach(account) ??
    (instrument === undefined
      ? { code: 'INSTRUMENT_UNKNOWN', symbol: trade.symbol }
      : instrumentBreach(trade, account, instrument)) ??
    collarBreach(trade, account, market) ??
    notionalBreach(trade, account) ??
    positionBreach(trade, account, standing) ??
    concentrationBreach(trade, account, standing, market) ??
    buyingPowerBreach(trade, account, standing)
  );
}

function accountBreach({ status }: Account): RiskBreach | undefined {
  switch (status) {
    case 'OPEN':
      return undefined;
    case 'SUSPENDED':
      return { code: 'ACCOUNT_SUSPENDED' };
    case 'CLOSED':
      return { code: 'ACCOUNT_CLOSED' };
  }
}

function instrumentBreach(
  { symbol, quantity, price }: ProposedTrade,
  account: Account,
  instrument: TradableInstrument,
): RiskBreach | undefined {
  const { currency, lotSize, tickSize, status } = instrument;
  if (currency !== account.currency) {
    return { code: 'CURRENCY_MISMATCH', limit: account.currency, actual: currency };
  }
  if (status !== 'TRADING') {
    return { code: status === 'HALTED' ? 'INSTRUMENT_HALTED' : 'INSTRUMENT_DELISTED', symbol };
  }
  if (quantity % lotSize !== 0n) {
    return {
      code: 'QUANTITY_NOT_IN_LOTS',
      limit: Quantity.format(lotSize),
      actual: Quantity.format(quantity),
    };
  }
  if (price % tickSize !== 0n) {
    return {
      code: 'PRICE_OFF_TICK',
      limit: Price.format(tickSize),
      actual: Price.format(price),
    };
  }
  return undefined;
}

const hundredPercent = Percentage.of('100');

/** An instrument without any price yet has no collar. */
function collarBreach(
  { symbol, price, tradeDate }: ProposedTrade,
  { limits }: Account,
  market: MarketView,
): RiskBreach | undefined {
  const last = market.priceOn(symbol, tradeDate);
  if (last === undefined) return undefined;
  const distance = magnitude(minus(price, last));
  return distance * hundredPercent > last * limits.priceCollarPercent
    ? {
        code: 'PRICE_OUTSIDE_COLLAR',
        limit: Percentage.format(limits.priceCollarPercent),
        actual: Price.format(price),
        lastPrice: Price.format(last),
      }
    : undefined;
}

function notionalBreach({ notional }: ProposedTrade, { limits }: Account): RiskBreach | undefined {
  return notional > limits.orderNotionalMax
    ? {
        code: 'ORDER_NOTIONAL_EXCEEDED',
        limit: Money.format(limits.orderNotionalMax),
        actual: Money.format(notional),
      }
    : undefined;
}

function positionBreach(
  { quantityChange }: ProposedTrade,
  { limits }: Account,
  { quantity }: Standing,
): RiskBreach | undefined {
  const held = magnitude(plus(quantity, quantityChange));
  return held > limits.positionQuantityMax && held > magnitude(quantity)
    ? {
        code: 'POSITION_LIMIT_EXCEEDED',
        limit: Quantity.format(limits.positionQuantityMax),
        actual: Quantity.format(held),
      }
    : undefined;
}

/**
 * The position's share of the portfolio after the trade: the traded symbol at the trade's price, the
 * others at their last, or at cost where there is none.
 */
function concentrationBreach(
  { symbol, quantityChange, price, amount }: ProposedTrade,
  { limits, positions, currency }: Account,
  { cash, quantity }: Standing,
  market: MarketView,
): RiskBreach | undefined {
  const limit = limits.concentrationPercentMax;
  const held = plus(quantity, quantityChange);
  if (limit >= hundredPercent || magnitude(held) <= magnitude(quantity)) return undefined;
  const exposure = magnitude(marketValue(held, price, currency));
  let portfolio = plus(plus(cash, amount), marketValue(held, price, currency));
  for (const position of positions) {
    if (position.symbol === symbol || position.quantity === 0n) continue;
    const last = market.priceOn(position.symbol, market.today);
    const value =
      last === undefined ? position.cost : marketValue(position.quantity, last, currency);
    portfolio = plus(portfolio, value);
  }
  if (portfolio > 0n && exposure * hundredPercent <= portfolio * limit) return undefined;
  return {
    code: 'CONCENTRATION_EXCEEDED',
    limit: Percentage.format(limit),
    // Without any value to be a share of, the whole of it.
    actual: Percentage.format(
      portfolio > 0n
        ? Percentage.units(divide(exposure * hundredPercent, portfolio, 'half-up'))
        : hundredPercent,
    ),
  };
}

/** There is no margin: a trade may not leave less than nothing, nor a debt greater than it found. */
function buyingPowerBreach(
  { amount }: ProposedTrade,
  account: Account,
  standing: Standing,
): RiskBreach | undefined {
  const left = plus(standing.cash, amount);
  return left < 0n && left < account.cash
    ? {
        code: 'INSUFFICIENT_BUYING_POWER',
        limit: Money.format(account.cash),
        actual: Money.format(minus(account.cash, left)),
      }
    : undefined;
}

/** The last risk check: without leave to sell short, nothing may be sold that is not held. */
export function holdingBreach(
  quantityChange: Quantity,
  held: Quantity,
  { shortSelling }: Account,
): RiskBreach | undefined {
  return !shortSelling && quantityChange < 0n && held + quantityChange < 0n
    ? {
        code: 'INSUFFICIENT_HOLDING',
        limit: Quantity.format(held),
        actual: Quantity.format(negated(quantityChange)),
      }
    : undefined;
}

/** What of a holding is not blocked, because it was tendered. */
export function freeToSell(
  held: Quantity,
  symbol: InstrumentSymbol,
  { elections }: Account,
): Quantity {
  let free = held;
  for (const { symbol: blocked, election } of elections) {
    if (blocked === symbol && election.option === 'TENDER') free = minus(free, election.quantity);
  }
  return free;
}
