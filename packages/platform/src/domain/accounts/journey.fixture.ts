import { addDays, calendarDate, fold, type CalendarDate } from '@counterfoil/event-store';
import { Money, Price, Quantity } from '../money/money.ts';
import { decideOn, marketOf, symbolOf, tradeIdOf } from './account.fixture.ts';
import { accountDecider } from './account.ts';
import type { AccountCommand, OpenAccount, TradeTerms } from './commands.ts';
import type { AccountEvent, Side } from './events.ts';
import { positionOf } from './positions.ts';
import type { TrueTrade } from './slow-ledger.fixture.ts';
import type { AccountState } from './state.ts';

// Random lives of an account: trades in and out of order, cancelled, corrected, refused.

export type Step =
  | (TradeStep & { readonly kind: 'trade'; readonly symbol: string; readonly named: boolean })
  | (TradeStep & { readonly kind: 'correct'; readonly pick: number })
  | { readonly kind: 'cancel'; readonly pick: number }
  | { readonly kind: 'cash'; readonly cents: number; readonly daysAgo: number };

interface TradeStep {
  readonly side: Side;
  readonly shares: number;
  readonly priceCents: number;
  readonly feeCents: number;
  /** Before the day of the step; most trades are of the day itself. */
  readonly daysAgo: number;
}

export interface Journey {
  readonly opening: OpenAccount;
  readonly steps: readonly Step[];
}

export const lastDay = calendarDate('2026-11-20');
export const firstDay = calendarDate('2026-10-01');

export interface Travelled {
  readonly opening: OpenAccount;
  readonly events: readonly AccountEvent[];
  readonly state: AccountState;
  /** What is true of the trades at the end: cancelled ones left out, corrected ones as corrected. */
  readonly truth: readonly TrueTrade[];
  readonly codes: readonly string[];
}

/** Lives through a journey; `onStep` sees every command with the state before it and the decision. */
export function travel(
  { opening, steps }: Journey,
  onStep: (
    command: AccountCommand,
    before: AccountState,
    events: readonly AccountEvent[],
  ) => void = () => {},
): Travelled {
  const events: AccountEvent[] = [...accountDecider.decide(opening, undefined).events];
  let state = fold(accountDecider, events);
  let truth: readonly TrueTrade[] = [];
  const codes: string[] = [];
  for (const [n, step] of steps.entries()) {
    // The days of the journey go by as the steps do.
    const today = addDays(firstDay, Math.floor((n * 50) / steps.length));
    const command = commandOf(step, n, today, state, events);
    const decision = decideOn(state, events, command);
    onStep(command, state, events);
    codes.push(decision.rejection?.code ?? command.type);
    for (const event of decision.events) {
      events.push(event);
      state = accountDecider.evolve(state, event);
    }
    if (decision.rejection === undefined) truth = truthAfter(truth, command);
  }
  return { opening, events, state, truth, codes };
}

function commandOf(
  step: Step,
  n: number,
  today: CalendarDate,
  state: AccountState,
  events: readonly AccountEvent[],
): AccountCommand {
  const market = marketOf({ today });
  switch (step.kind) {
    case 'trade': {
      const symbol = symbolOf(step.symbol);
      const lots = state && positionOf(state.positions, symbol)?.lots;
      const first = lots?.[step.shares % lots.length];
      const command = { type: 'BookTrade' as const, symbol, market, ...termsOf(step, n, today) };
      if (!step.named || first === undefined || state?.costMethod === 'AVERAGE') return command;
      return { ...command, lots: [{ lotId: first.lotId, quantity: command.quantity }] };
    }
    case 'cancel':
      return {
        type: 'CancelTrade',
        tradeId: tradeIdOf(bookedId(step.pick, events)),
        reason: 'bust',
      };
    case 'correct': {
      const tradeId = tradeIdOf(bookedId(step.pick, events));
      const replacement = termsOf(step, n, today);
      return { type: 'CorrectTrade', tradeId, replacement, reason: 'misread', market };
    }
    case 'cash': {
      const amount = Money.units(BigInt(Math.abs(step.cents)) * 100n);
      const effectiveDate = daysBefore(today, step.daysAgo);
      const type = step.cents < 0 ? 'Withdraw' : 'Deposit';
      return { type, amount, effectiveDate, reference: 'wire', market };
    }
  }
}

function termsOf(step: TradeStep, n: number, today: CalendarDate): TradeTerms {
  return {
    tradeId: tradeIdOf(`T${n}`),
    side: step.side,
    quantity: Quantity.of(String(step.shares)),
    price: Price.units(BigInt(step.priceCents) * 1_000_000n),
    fees: Money.units(BigInt(step.feeCents) * 100n),
    tradeDate: daysBefore(today, step.daysAgo),
  };
}

function daysBefore(today: CalendarDate, days: number): CalendarDate {
  const date = addDays(today, -days);
  return date < firstDay ? firstDay : date;
}

function bookedId(pick: number, events: readonly AccountEvent[]): string {
  const booked = events.flatMap((event) =>
    event.type === 'TradeBooked' ? [event.data.tradeId] : [],
  );
  return booked[pick % booked.length] ?? 'none';
}

function truthAfter(truth: readonly TrueTrade[], command: AccountCommand): readonly TrueTrade[] {
  switch (command.type) {
    case 'BookTrade':
      return [...truth, trueTrade(command, command.symbol)];
    case 'CancelTrade':
      return truth.filter(({ tradeId }) => tradeId !== command.tradeId);
    case 'CorrectTrade':
      return truth.map((trade) =>
        trade.tradeId === command.tradeId ? trueTrade(command.replacement, trade.symbol) : trade,
      );
    case 'PostEntitlement':
    case 'ReverseEntitlement':
    case 'MakeElection':
    case 'OpenAccount':
    case 'Deposit':
    case 'Withdraw':
    case 'SetLimits':
    case 'SuspendAccount':
    case 'ReinstateAccount':
    case 'CloseAccount':
      return truth;
  }
}

function trueTrade(terms: TradeTerms, symbol: string): TrueTrade {
  const shares = Number(terms.quantity / 100_000_000n);
  const gross = BigInt(shares) * (terms.price / 1_000_000n);
  const fees = terms.fees / 100n;
  const cents = terms.side === 'BUY' ? gross + fees : gross - fees;
  return { tradeId: terms.tradeId, symbol, side: terms.side, shares, cents, date: terms.tradeDate };
}

/** The true trades in the order in which they count: by date, and within a day as they became known. */
export function inOrder(truth: readonly TrueTrade[], symbol?: string): readonly TrueTrade[] {
  return truth
    .filter((trade) => symbol === undefined || trade.symbol === symbol)
    .toSorted((left, right) => (left.date < right.date ? -1 : left.date > right.date ? 1 : 0));
}
