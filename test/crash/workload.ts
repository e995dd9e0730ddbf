import { addDays, calendarDate, instantFromMilliseconds } from '@counterfoil/event-store';
import type { AccountId, TradeId } from '../../packages/platform/src/domain/accounts/events.ts';
import type { InstrumentSymbol } from '../../packages/platform/src/domain/instruments/events.ts';
import { Money, Price, Quantity } from '../../packages/platform/src/domain/money/money.ts';
import type {
  AccountInstruction,
  PricesInstruction,
} from '../../packages/platform/src/ledger/instructions.ts';
import { randomOf, type Random } from '../simulation/random.ts';

/** One request of the load. All that it asks for follows from its number, so that a log of numbers will do. */
export type Order = {
  /** Its events carry it as their correlation id, and the effect is claimed under it. */
  readonly key: string;
} & (
  | { readonly kind: 'account'; readonly id: AccountId; readonly instruction: AccountInstruction }
  | {
      readonly kind: 'prices';
      readonly symbol: InstrumentSymbol;
      readonly instruction: PricesInstruction;
    }
);

/** The load of one round: which round of which run it is. */
export interface Load {
  readonly seed: number;
  readonly round: number;
}

export const symbols = ['AAPL', 'IBM'] as readonly string[] as readonly InstrumentSymbol[];

// Two accounts that every round writes to, three that are new in it, one of a round before.
const hotAccounts = 2;
const newAccounts = 3;

/** The order with this number, from 0. */
export function orderOf(load: Load, number: number): Order {
  const { seed, round } = load;
  const random = randomOf(Math.imul(seed, 1_000_003) + Math.imul(round, 65_537) + number);
  const key = `${seed}.${round}.${number}`;
  const opened = openedFirst(load)[number];
  if (opened !== undefined) {
    return { key, kind: 'account', id: opened, instruction: openAccount(opened) };
  }
  if (random.chance(0.02)) {
    const symbol = random.pick(symbols);
    return { key, kind: 'prices', symbol, instruction: markPrice(random, load, number) };
  }
  const hot = random.chance(0.4);
  const id = hot ? hotAccount(random.below(hotAccounts)) : quietAccount(random, load);
  return { key, kind: 'account', id, instruction: accountInstruction(random, load, number, hot) };
}

function openedFirst({ round }: Load): readonly AccountId[] {
  const fresh = Array.from({ length: newAccounts }, (_, n) => newAccount(round, n));
  const hot = Array.from({ length: hotAccounts }, (_, n) => hotAccount(n));
  return round === 1 ? [...hot, ...fresh] : fresh;
}

function hotAccount(n: number): AccountId {
  return `HOT-${n}` as AccountId;
}

function newAccount(round: number, n: number): AccountId {
  return `R${round}-${n}` as AccountId;
}

function quietAccount(random: Random, { seed, round }: Load): AccountId {
  const older = randomOf(seed + round).between(1, round);
  return newAccount(random.chance(0.8) ? round : older, random.below(newAccounts));
}

function openAccount(accountId: AccountId): AccountInstruction {
  return {
    type: 'OpenAccount',
    accountId,
    ownerName: accountId,
    ownerKind: 'CORPORATE',
    currency: 'USD',
    initialBalance: Money.of('100000000'),
    costMethod: 'FIFO',
    shortSelling: false,
    openedOn: firstDay,
  };
}

const firstDay = calendarDate('2020-01-02');

/** `hot` accounts grow long: they get nothing that takes reading all of their past. */
function accountInstruction(
  random: Random,
  { seed, round }: Load,
  number: number,
  hot: boolean,
): AccountInstruction {
  const kind = random.next();
  const tradeIdOf = (n: number): TradeId => `T${seed}.${round}.${n}` as TradeId;
  const terms = {
    tradeId: tradeIdOf(number),
    side: random.chance(0.55) ? ('BUY' as const) : ('SELL' as const),
    quantity: Quantity.of(String(random.between(1, 20))),
    price: Price.of(`${random.between(295, 305)}.${random.between(10, 99)}`),
    fees: Money.of('1'),
    // Some come late, and restate what came before.
    tradeDate: addDays(firstDay, hot ? round : random.between(1, 5)),
  };
  if (!hot && kind < 0.05) {
    return { type: 'CancelTrade', tradeId: tradeIdOf(random.below(number)), reason: 'bust' };
  }
  if (!hot && kind < 0.1) {
    const tradeId = tradeIdOf(random.below(number));
    return { type: 'CorrectTrade', tradeId, replacement: terms, reason: 'misread' };
  }
  if (kind < 0.25) {
    return {
      type: random.chance(0.7) ? 'Deposit' : 'Withdraw',
      amount: Money.of(String(random.between(1, 900))),
      effectiveDate: firstDay,
      reference: 'wire',
    };
  }
  return { type: 'BookTrade', symbol: random.pick(symbols), ...terms };
}

// 2026-01-01T00:00:00Z; each mark is later than those of lower numbers, most of the time in order.
const marksFromMs = 1_767_225_600_000;

function markPrice(random: Random, { round }: Load, number: number): PricesInstruction {
  return {
    type: 'MarkPrice',
    price: Price.of(`300.${random.between(10, 99)}`),
    markedAt: instantFromMilliseconds(marksFromMs + round * 1_000_000 + number),
    source: 'crash test',
  };
}
