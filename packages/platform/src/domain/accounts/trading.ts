import { accept, refuse, type CalendarDate, type Decision } from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { amountOf } from '../money/amounts.ts';
import { minus, Money, negated, plus, Quantity } from '../money/money.ts';
import { tradeFault } from './command-faults.ts';
import type { BookTrade, CancelTrade, CorrectTrade, TradeTerms } from './commands.ts';
import type { AccountEvent, TradeId } from './events.ts';
import { matchLots, namedLotFault, signedQuantity, type Fill, type Matching } from './lots.ts';
import { emptyPosition, positionOf, type Position } from './positions.ts';
import { recordedTrades, type BookedTrade, type RecordedTrade } from './recorded-trades.ts';
import type { AccountRejection, LotFault, NothingToActOn, RiskBreach } from './rejections.ts';
import { restate, type OrderedPosition } from './restatement.ts';
import { firstBreach, holdingBreach, type ProposedTrade } from './risk.ts';
import type { Account } from './state.ts';

export type AccountDecision = Decision<AccountEvent, AccountRejection>;

export function bookTrade(command: BookTrade, account: Account): AccountDecision {
  const { symbol, tradeId, tradeDate, market, history } = command;
  const trade = propose(command, symbol, account);
  const fault = tradeFault(trade, account, market.today);
  if (fault !== undefined) return refuse(fault);
  const past = history && recordedTrades(history);
  if (past !== undefined && isBooked(past, tradeId)) {
    return refuse({ code: 'TRADE_ALREADY_BOOKED', tradeId });
  }
  const position = positionOf(account.positions, symbol);
  if (position !== undefined && tradeDate < position.lastTradeDate) {
    return bookOutOfOrder(command, past ?? pastTrades(history), trade, position, account);
  }
  const held = position?.quantity ?? Quantity.zero;
  const lots = position?.lots ?? [];
  const fill = fillOf(trade, market.settlementDate(tradeDate));
  const problem =
    firstBreach(trade, account, { cash: account.cash, quantity: held }, market) ??
    holdingBreach(trade.quantityChange, held, account) ??
    namedLotFault(lots, fill, account);
  if (problem !== undefined) return refuseTrade(trade, problem);
  return accept(tradeBooked(trade, fill, matchLots(lots, fill, account), account, undefined));
}

/** Books a trade dated before others of its symbol: as it would have been, and then what that changes. */
function bookOutOfOrder(
  { tradeId, symbol, market }: BookTrade,
  past: readonly RecordedTrade[],
  trade: ProposedTrade,
  position: Position,
  account: Account,
): AccountDecision {
  const standing = { cash: account.cash, quantity: position.quantity };
  const breach = firstBreach(trade, account, standing, market);
  if (breach !== undefined) return refuseTrade(trade, breach);
  const fill = fillOf(trade, market.settlementDate(trade.tradeDate));
  const added = { trade: fill, place: past.length };
  const restated = restate(past, symbol, { added }, account);
  if ('code' in restated) return refuseTrade(trade, restated);
  const matching = restated.added ?? unplaced(tradeId);
  return accept(
    tradeBooked(trade, fill, matching, account, { replaces: null }),
    positionRestated(position, restated.position, [matching], {
      effectiveFrom: trade.tradeDate,
      causeTradeId: tradeId,
      reason: `trade ${tradeId} was booked behind later trades`,
    }),
  );
}

export function cancelTrade(command: CancelTrade, account: Account): AccountDecision {
  const past = pastTrades(command.history);
  const original = liveTrade(past, command.tradeId);
  if ('code' in original) return refuse(original);
  if (account.status === 'CLOSED') return refuse({ code: 'ACCOUNT_CLOSED' });
  const { symbol, tradeId, tradeDate, amount } = original.trade;
  if (amount > 0n && account.cash < amount) {
    return refuse({
      code: 'INSUFFICIENT_BUYING_POWER',
      limit: Money.format(account.cash),
      actual: Money.format(amount),
    });
  }
  const restated = restate(past, symbol, { without: original }, account);
  if ('code' in restated) return refuse(restated);
  const cancelled = tradeCancelled(original.trade, command.reason);
  const position = positionOf(account.positions, symbol) ?? emptyPosition(symbol, tradeDate);
  return accept(
    cancelled,
    positionRestated(position, restated.position, [cancelled.data], {
      effectiveFrom: tradeDate,
      causeTradeId: tradeId,
      reason: command.reason,
    }),
  );
}

export function correctTrade(command: CorrectTrade, account: Account): AccountDecision {
  const { replacement, reason, market } = command;
  const past = pastTrades(command.history);
  const original = liveTrade(past, command.tradeId);
  if ('code' in original) return refuse(original);
  const { symbol, side, quantity, amount, tradeDate } = original.trade;
  const trade = propose(replacement, symbol, account);
  const fault = tradeFault(trade, account, market.today);
  if (fault !== undefined) return refuse(fault);
  const { tradeId } = replacement;
  if (isBooked(past, tradeId)) return refuse({ code: 'TRADE_ALREADY_BOOKED', tradeId });
  const position = positionOf(account.positions, symbol) ?? emptyPosition(symbol, tradeDate);
  const standing = {
    cash: minus(account.cash, amount),
    quantity: minus(position.quantity, signedQuantity(side, quantity)),
  };
  const breach = firstBreach(trade, account, standing, market);
  if (breach !== undefined) return refuseTrade(trade, breach);
  const fill = fillOf(trade, market.settlementDate(trade.tradeDate));
  const added = { trade: fill, place: original.place };
  const restated = restate(past, symbol, { without: original, added }, account);
  if ('code' in restated) return refuseTrade(trade, restated);
  const matching = restated.added ?? unplaced(tradeId);
  const cancelled = tradeCancelled(original.trade, reason);
  return accept(
    cancelled,
    tradeBooked(trade, fill, matching, account, { replaces: command.tradeId }),
    positionRestated(position, restated.position, [cancelled.data, matching], {
      effectiveFrom: trade.tradeDate < tradeDate ? trade.tradeDate : tradeDate,
      causeTradeId: tradeId,
      reason,
    }),
  );
}

function propose(terms: TradeTerms, symbol: InstrumentSymbol, account: Account): ProposedTrade {
  const { tradeId, side, quantity, price, fees, tradeDate, lots } = terms;
  const notional = amountOf(quantity, price, account.currency);
  const gross = side === 'BUY' ? negated(notional) : notional;
  return {
    tradeId,
    side,
    symbol,
    quantity,
    price,
    fees,
    tradeDate,
    lots,
    quantityChange: signedQuantity(side, quantity),
    notional,
    amount: minus(gross, fees),
  };
}

function fillOf(trade: ProposedTrade, settlementDate: CalendarDate): Fill {
  const { tradeId, side, quantity, amount, tradeDate, lots = null } = trade;
  return { tradeId, side, quantity, amount, tradeDate, settlementDate, lots };
}

/** Throws when the engine did not supply the history that `neededFor` asked for: a defect. */
function pastTrades(history: readonly AccountEvent[] | undefined): readonly RecordedTrade[] {
  if (history === undefined) {
    throw new Error('this command is decided with the history of the account');
  }
  return recordedTrades(history);
}

function isBooked(past: readonly RecordedTrade[], tradeId: TradeId): boolean {
  return past.some(({ trade }) => trade.tradeId === tradeId);
}

function liveTrade(
  past: readonly RecordedTrade[],
  tradeId: TradeId,
): RecordedTrade | NothingToActOn {
  const known = past.findLast(({ trade }) => trade.tradeId === tradeId);
  if (known === undefined) return { code: 'TRADE_UNKNOWN', tradeId };
  return known.cancelled ? { code: 'TRADE_ALREADY_CANCELLED', tradeId } : known;
}

function unplaced(tradeId: TradeId): never {
  throw new Error(`trade ${tradeId} found no place in the order of trades`);
}

function tradeBooked(
  trade: ProposedTrade,
  { settlementDate, lots }: Fill,
  { costChange, realizedPnl }: Matching,
  { currency }: Account,
  restated: { readonly replaces: TradeId | null } | undefined,
): AccountEvent {
  const { tradeId, side, symbol, quantity, price, fees, amount, tradeDate } = trade;
  return {
    type: 'TradeBooked',
    data: {
      tradeId,
      side,
      symbol,
      quantity,
      price,
      fees,
      currency,
      amount,
      costChange,
      realizedPnl,
      tradeDate,
      settlementDate,
      lots,
      replaces: restated?.replaces ?? null,
      lotsRestated: restated !== undefined,
    },
  };
}

function tradeCancelled(trade: BookedTrade, reason: string) {
  const { tradeId, symbol, side, quantity, tradeDate, settlementDate } = trade;
  return {
    type: 'TradeCancelled' as const,
    data: {
      tradeId,
      symbol,
      quantityChange: negated(signedQuantity(side, quantity)),
      amount: negated(trade.amount),
      costChange: negated(trade.costChange),
      realizedPnl: negated(trade.realizedPnl),
      tradeDate,
      settlementDate,
      reason,
    },
  };
}

/** The position in order, and what is missing to it once the postings of the same decision are made. */
function positionRestated(
  before: Position,
  inOrder: OrderedPosition,
  postings: readonly { readonly costChange: Money; readonly realizedPnl: Money }[],
  cause: {
    readonly effectiveFrom: CalendarDate;
    readonly causeTradeId: TradeId;
    readonly reason: string;
  },
): AccountEvent {
  let { cost, realizedPnl } = before;
  for (const posting of postings) {
    cost = plus(cost, posting.costChange);
    realizedPnl = plus(realizedPnl, posting.realizedPnl);
  }
  return {
    type: 'PositionRestated',
    data: {
      symbol: before.symbol,
      lots: inOrder.lots,
      costChange: minus(inOrder.cost, cost),
      realizedPnlChange: minus(inOrder.realizedPnl, realizedPnl),
      ...cause,
    },
  };
}

function refuseTrade(trade: ProposedTrade, problem: RiskBreach | LotFault): AccountDecision {
  const { tradeId, side, symbol, quantity, price, tradeDate } = trade;
  return refuse(problem, {
    type: 'TradeRefused',
    data: {
      tradeId,
      side,
      symbol,
      quantity,
      price,
      tradeDate,
      code: problem.code,
      limit: 'limit' in problem ? problem.limit : null,
      actual: 'actual' in problem ? problem.actual : null,
    },
  });
}
