import {
  addDays,
  calendarDate,
  fold,
  plainSensitive,
  type Decision,
} from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { currency } from '../money/currency.ts';
import { Money, Price, Quantity } from '../money/money.ts';
import { accountDecider } from './account.ts';
import type {
  AccountCommand,
  BookTrade,
  CancelTrade,
  CorrectTrade,
  Deposit,
  OpenAccount,
  TradeTerms,
  Withdraw,
} from './commands.ts';
import type { AccountEvent, AccountId, Lot, Side, TradeId } from './events.ts';
import type { MarketView, TradableInstrument } from './market.ts';
import type { OrderedPosition } from './ordered-position.ts';
import type { AccountRejection } from './rejections.ts';
import type { Account, AccountState } from './state.ts';

// The words that the tests of this folder are written in.

export const symbolOf = (text: string) => text as InstrumentSymbol;
export const tradeIdOf = (text: string) => text as TradeId;

export interface MarketFixture {
  readonly today?: string;
  /** By symbol and date (`AAPL 2020-01-02`), or by symbol for all dates that have none. */
  readonly prices?: Readonly<Record<string, string>>;
  readonly instruments?: Readonly<Record<string, Partial<TradableInstrument>>>;
}

const listed: TradableInstrument = {
  currency: currency('USD'),
  lotSize: Quantity.of('1'),
  tickSize: Price.of('0.01'),
  status: 'TRADING',
};

/** AAPL, IBM and MSFT trade in dollars, by single shares and cents; trades settle on the next day. */
export function marketOf(market: MarketFixture = {}): MarketView {
  const { today = '2026-11-20', prices = {}, instruments = {} } = market;
  const book: MarketFixture['instruments'] = { AAPL: {}, IBM: {}, MSFT: {}, ...instruments };
  return {
    today: calendarDate(today),
    instrument: (symbol) => {
      const known = book[symbol];
      return known && { ...listed, ...known };
    },
    priceOn: (symbol, date) => {
      const price = prices[`${symbol} ${date}`] ?? prices[symbol];
      return price === undefined ? undefined : Price.of(price);
    },
    settlementDate: (tradeDate) => addDays(tradeDate, 1),
  };
}

const quiet = marketOf();

export function open(changed: Partial<OpenAccount> = {}): OpenAccount {
  return {
    type: 'OpenAccount',
    accountId: 'A1' as AccountId,
    ownerName: plainSensitive('Ada Lovelace'),
    ownerKind: 'INDIVIDUAL',
    currency: 'USD',
    initialBalance: Money.of('100000'),
    costMethod: 'FIFO',
    shortSelling: false,
    openedOn: calendarDate('2020-01-01'),
    market: quiet,
    ...changed,
  };
}

export interface TradeExtras {
  readonly fees?: string;
  /** Named lots: `{ T1: '5' }`. */
  readonly lots?: Readonly<Record<string, string>>;
  readonly market?: MarketView;
}

export function terms(
  side: Side,
  tradeId: string,
  quantity: string,
  price: string,
  tradeDate: string,
  { fees = '0', lots }: TradeExtras = {},
): TradeTerms {
  const named = Object.entries(lots ?? {}).map(([lotId, size]) => ({
    lotId: tradeIdOf(lotId),
    quantity: Quantity.of(size),
  }));
  return {
    side,
    tradeId: tradeIdOf(tradeId),
    quantity: Quantity.of(quantity),
    price: Price.of(price),
    fees: Money.of(fees),
    tradeDate: calendarDate(tradeDate),
    ...(lots === undefined ? {} : { lots: named }),
  };
}

/** `buy('T1', '10 AAPL', '300.35', '2020-01-02')` */
export const buy = tradeOf('BUY');
export const sell = tradeOf('SELL');

function tradeOf(side: Side) {
  return (
    tradeId: string,
    what: string,
    price: string,
    tradeDate: string,
    extras: TradeExtras = {},
  ): BookTrade => {
    const [quantity = '', symbol = ''] = what.split(' ');
    return {
      type: 'BookTrade',
      symbol: symbolOf(symbol),
      market: extras.market ?? quiet,
      ...terms(side, tradeId, quantity, price, tradeDate, extras),
    };
  };
}

export function deposit(amount: string, effectiveDate: string, market = quiet): Deposit {
  return {
    type: 'Deposit',
    amount: Money.of(amount),
    effectiveDate: calendarDate(effectiveDate),
    reference: 'wire',
    market,
  };
}

export function withdraw(amount: string, effectiveDate: string, market = quiet): Withdraw {
  return { ...deposit(amount, effectiveDate, market), type: 'Withdraw' };
}

export function cancel(tradeId: string): CancelTrade {
  return { type: 'CancelTrade', tradeId: tradeIdOf(tradeId), reason: 'busted' };
}

export function correct(tradeId: string, replacement: TradeTerms): CorrectTrade {
  return {
    type: 'CorrectTrade',
    tradeId: tradeIdOf(tradeId),
    replacement,
    reason: 'misread',
    market: quiet,
  };
}

/** Decides as the engine does: with the past of the account where that is needed. */
export function when(
  events: readonly AccountEvent[],
  command: AccountCommand,
): Decision<AccountEvent, AccountRejection> {
  return decideOn(fold(accountDecider, events), events, command);
}

export function decideOn(
  state: AccountState,
  events: readonly AccountEvent[],
  command: AccountCommand,
): Decision<AccountEvent, AccountRejection> {
  const { history } = accountDecider;
  return accountDecider.decide(
    history?.neededFor(command, state) ? history.supply(command, events) : command,
    state,
  );
}

/** The events after commands that must all be accepted. */
export function given(...commands: readonly AccountCommand[]): readonly AccountEvent[] {
  const events: AccountEvent[] = [];
  for (const command of commands) {
    const { events: added, rejection } = when(events, command);
    if (rejection !== undefined) {
      throw new Error(`given ${command.type}, refused: ${JSON.stringify(rejection)}`);
    }
    events.push(...added);
  }
  return events;
}

export function accountAfter(events: readonly AccountEvent[]): Account {
  const account = fold(accountDecider, events);
  if (account === undefined) throw new Error('no account was opened');
  return account;
}

/** `10 cost 3003.5 realized 0: T1 10 for 3003.5` */
export function describePosition(position: OrderedPosition | undefined): string {
  if (position === undefined) return 'never held';
  const { quantity, cost, realizedPnl, lots } = position;
  const totals = `${Quantity.format(quantity)} cost ${Money.format(cost)} realized ${Money.format(realizedPnl)}`;
  return lots.length === 0 ? totals : `${totals}: ${lots.map(describeLot).join(', ')}`;
}

function describeLot({ lotId, quantity, cost }: Lot): string {
  return `${lotId} ${Quantity.format(quantity)} for ${Money.format(cost)}`;
}
