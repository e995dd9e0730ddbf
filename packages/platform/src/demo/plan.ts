import { hash } from 'node:crypto';
import type { CalendarDate } from '@counterfoil/event-store';
import type { AccountId, Side, TradeId } from '../domain/accounts/events.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { amountOf } from '../domain/money/amounts.ts';
import { parseCurrency, type CurrencyCode } from '../domain/money/currency.ts';
import { minus, Money, Percentage, plus, Price, Quantity } from '../domain/money/money.ts';
import type { AccountInstruction } from '../ledger/instructions.ts';
import type { DemoAccount, DemoSymbol, Habit } from './cast.ts';
import { mistakes, type Mistake } from './incidents.ts';
import { priceWithin, type PricesOfDays } from './prices-of-days.ts';

/** A command of the demo. */
export interface PlannedCommand {
  readonly accountId: AccountId;
  /** Names it for ever: it takes effect once, however often the demo is loaded. */
  readonly key: string;
  readonly instruction: AccountInstruction;
  /** The code that it is refused with, for a mistake. */
  readonly refusedWith?: string | undefined;
}

/**
 * All that an account does, in order of dates. Chance has no part in it: what looks like chance is a hash
 * of account, symbol and date, so every load plans the same.
 */
export function planOf(account: DemoAccount, prices: PricesOfDays): readonly PlannedCommand[] {
  const book = openBook(account);
  const habits = account.habits.map((habit) => scheduled(habit, prices));
  for (const [place, date] of prices.days.entries()) {
    if (date < account.openedOn) continue;
    book.payIn(date);
    for (const habit of habits) follow(habit, place, date, book, prices);
    for (const mistake of mistakes) {
      if (mistake.accountId === account.id && mistake.date === date) book.err(mistake, prices);
    }
  }
  return book.commands;
}

/** A habit whose days are counted: places in the list of trading days. */
interface ScheduledHabit extends Habit {
  readonly first: number;
  readonly last: number;
}

function scheduled(habit: Habit, { days }: PricesOfDays): ScheduledHabit {
  const first = days.findIndex((day) => day >= habit.from);
  const last = days.findLastIndex((day) => day <= habit.to);
  return { ...habit, first, last };
}

/** The trade of a habit that falls on a day, if one does. */
function follow(
  habit: ScheduledHabit,
  place: number,
  date: CalendarDate,
  book: AccountBook,
  prices: PricesOfDays,
): void {
  const { symbol, first, last, everyDays, sellsOneIn, orderValue } = habit;
  const ending = place === last && habit.endsEmpty === true;
  if (place < first || place > last || (!ending && (place - first) % everyDays !== 0)) return;
  const day = prices.on(symbol, date);
  const price = day && priceWithin(day, chance(book.id, symbol, date, 'price'));
  if (price === undefined) return;
  const held = book.held(symbol);
  if (ending) {
    if (held > 0) book.trade(date, 'SELL', symbol, held, price);
    return;
  }
  const value = orderValue * (0.6 + 0.8 * chance(book.id, symbol, date, 'size'));
  const shares = Math.max(1, Math.floor(value / Number(Price.format(price))));
  const sells = sellsOneIn > 0 && chance(book.id, symbol, date, 'side') < 1 / sellsOneIn;
  if (sells && held >= 3) {
    book.trade(date, 'SELL', symbol, Math.min(shares, Math.floor(held / 3)), price);
  } else {
    book.trade(date, 'BUY', symbol, shares, price);
  }
}

/** From 0 up to, without, 1: the same for the same words. */
function chance(...words: readonly string[]): number {
  return Number.parseInt(hash('sha256', words.join(' ')).slice(0, 8), 16) / 2 ** 32;
}

const currency = parseCurrency('USD') as CurrencyCode;
const fees = Money.of('1.00');

/** An account's commands as they are made up, with what they leave it with. */
interface AccountBook {
  readonly id: AccountId;
  readonly commands: readonly PlannedCommand[];
  held(symbol: DemoSymbol): number;
  /** The yearly deposit, on the first trading day of a year after that of the opening. */
  payIn(date: CalendarDate): void;
  /** Unless there is not enough cash for it. */
  trade(date: CalendarDate, side: Side, symbol: DemoSymbol, shares: number, price: Price): void;
  err(mistake: Mistake, prices: PricesOfDays): void;
}

function openBook(account: DemoAccount): AccountBook {
  const id = account.id as AccountId;
  const commands: PlannedCommand[] = [];
  const shares = new Map<DemoSymbol, number>();
  let cash = Money.of(account.initialBalance);
  let paidInYear = account.openedOn.slice(0, 4);
  const add = (name: string, instruction: AccountInstruction, refusedWith?: string): void => {
    commands.push({ accountId: id, key: `demo/${id}/${name}`, instruction, refusedWith });
  };
  add('open', opening(account, id));
  if (account.limits !== undefined) add('limits', limits(account.limits));

  return {
    id,
    commands,
    held: (symbol) => shares.get(symbol) ?? 0,
    payIn: (date) => {
      const year = date.slice(0, 4);
      const amount = Money.of(account.yearlyDeposit);
      if (year === paidInYear || amount === 0n) return;
      paidInYear = year;
      cash = plus(cash, amount);
      const reference = `contribution for ${year}`;
      add(`deposit/${year}`, { type: 'Deposit', amount, effectiveDate: date, reference });
    },
    trade: (date, side, symbol, count, price) => {
      const quantity = Quantity.of(String(count));
      const notional = amountOf(quantity, price, currency);
      const left =
        side === 'BUY' ? minus(minus(cash, notional), fees) : minus(plus(cash, notional), fees);
      if (left < 0n) return;
      cash = left;
      shares.set(symbol, (shares.get(symbol) ?? 0) + (side === 'BUY' ? count : -count));
      const tradeId = tradeIdOf(symbol, date);
      add(`trade/${tradeId}`, order(tradeId, { date, side, symbol, quantity, price }));
    },
    err: (mistake, prices) => {
      const { date, side, symbol, refusedWith } = mistake;
      const tradeId = `${tradeIdOf(symbol, date)}-mistake` as TradeId;
      const quantity = Quantity.of(mistake.quantity);
      const price = priceOfMistake(mistake, prices);
      const instruction = order(tradeId, {
        date: date as CalendarDate,
        side,
        symbol,
        quantity,
        price,
      });
      add(`trade/${tradeId}`, instruction, refusedWith);
    },
  };
}

/** An account trades a symbol once a day at most, so this names the trade. */
export function tradeIdOf(symbol: DemoSymbol, date: string): TradeId {
  return `${symbol}-${date}` as TradeId;
}

function opening(account: DemoAccount, accountId: AccountId): AccountInstruction {
  const { ownerName, ownerKind, costMethod, openedOn, initialBalance } = account;
  return {
    type: 'OpenAccount',
    accountId,
    ownerName,
    ownerKind,
    currency,
    initialBalance: Money.of(initialBalance),
    costMethod,
    shortSelling: false,
    openedOn: openedOn as CalendarDate,
  };
}

function limits(set: NonNullable<DemoAccount['limits']>): AccountInstruction {
  const { orderNotionalMax, concentrationPercentMax } = set;
  return {
    type: 'SetLimits',
    limits: {
      ...(orderNotionalMax === undefined ? {} : { orderNotionalMax: Money.of(orderNotionalMax) }),
      ...(concentrationPercentMax === undefined
        ? {}
        : { concentrationPercentMax: Percentage.of(concentrationPercentMax) }),
    },
  };
}

export interface Terms {
  readonly date: CalendarDate;
  readonly side: Side;
  readonly symbol: DemoSymbol;
  readonly quantity: Quantity;
  readonly price: Price;
}

export function order(
  tradeId: TradeId,
  { date, side, symbol, quantity, price }: Terms,
): AccountInstruction {
  return {
    type: 'BookTrade',
    tradeId,
    side,
    symbol: symbol as string as InstrumentSymbol,
    quantity,
    price,
    fees,
    tradeDate: date,
  };
}

function priceOfMistake(mistake: Mistake, prices: PricesOfDays): Price {
  const day = prices.on(mistake.symbol, mistake.date);
  if (day === undefined) throw new Error(`there was no trading on ${mistake.date}`);
  const cents = day.close - (day.close % Price.of('0.01'));
  const offset = Price.of(mistake.priceOffset ?? '0');
  return Price.units(cents * BigInt(mistake.priceTimes) + offset);
}
