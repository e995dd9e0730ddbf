import type { DemoSymbol } from './cast.ts';

// What goes wrong even in a demo. Prices are given relative to the close of the day, so that they fit it.

/** An order that the risk checks refuse. */
export interface Mistake {
  readonly accountId: string;
  readonly date: string;
  readonly side: 'BUY' | 'SELL';
  readonly symbol: DemoSymbol;
  readonly quantity: string;
  /** The day's close times this; 1 when the price is not what is wrong. */
  readonly priceTimes: number;
  /** Added to the price: half a cent is off the tick. */
  readonly priceOffset?: string;
  /** The code that it is refused with. */
  readonly refusedWith: string;
}

export const mistakes: readonly Mistake[] = [
  {
    accountId: 'DEMO-01',
    date: '2008-09-15',
    side: 'BUY',
    symbol: 'SPY',
    quantity: '5000',
    priceTimes: 1,
    refusedWith: 'INSUFFICIENT_BUYING_POWER',
  },
  {
    accountId: 'DEMO-02',
    date: '2008-10-10',
    side: 'BUY',
    symbol: 'SPY',
    quantity: '10',
    priceTimes: 10,
    refusedWith: 'PRICE_OUTSIDE_COLLAR',
  },
  {
    accountId: 'DEMO-04',
    date: '2020-03-16',
    side: 'BUY',
    symbol: 'AAPL',
    quantity: '5',
    priceTimes: 1,
    priceOffset: '0.005',
    refusedWith: 'PRICE_OFF_TICK',
  },
  {
    accountId: 'DEMO-06',
    date: '2010-05-06',
    side: 'SELL',
    symbol: 'IBM',
    quantity: '5000',
    priceTimes: 1,
    refusedWith: 'INSUFFICIENT_HOLDING',
  },
  {
    accountId: 'DEMO-09',
    date: '2020-03-23',
    side: 'BUY',
    symbol: 'SPY',
    quantity: '20000',
    priceTimes: 1,
    refusedWith: 'ORDER_NOTIONAL_EXCEEDED',
  },
  {
    accountId: 'DEMO-11',
    date: '2020-11-09',
    side: 'BUY',
    symbol: 'SPY',
    quantity: '5000',
    priceTimes: 1,
    refusedWith: 'CONCENTRATION_EXCEEDED',
  },
];

// What becomes known only when everything else is booked: the past changes, and `knownAt` shows how.

/** A purchase that was reported long after its date. */
export const lateTrade = {
  accountId: 'DEMO-08',
  date: '2020-03-23',
  symbol: 'SPY',
  quantity: '100',
} as const;

/** A trade that never was. */
export const cancelledTrade = {
  accountId: 'DEMO-10',
  symbol: 'SPY',
  /** The last trade on or before it. */
  date: '2020-06-30',
  reason: 'reported twice by the broker',
} as const;

/** A trade at another price than was first reported. */
export const correctedTrade = {
  accountId: 'DEMO-02',
  symbol: 'IBM',
  date: '2020-09-30',
  reason: 'the price was misread',
} as const;
