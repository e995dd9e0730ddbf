import { accept, refuse, type CalendarDate, type Decision } from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { amountOf } from '../money/amounts.ts';
import { minus, Money, negated, Quantity } from '../money/money.ts';
import { tradeFault } from './command-faults.ts';
import type { BookTrade, CancelTrade, CorrectTrade, TradeTerms } from './commands.ts';
import { consequencesOf, type OwnPostings } from './consequences.ts';
import { summed } from './entitlements/recorded-actions.ts';
import type { AccountEvent, Movement, TradeId } from './events.ts';
import type { PlacedTrade } from './in-order.ts';
import { matchLots, namedLotFault, signedQuantity, type Fill, type Matching } from './lots.ts';
import { emptyPosition, positionOf, type Position } from './positions.ts';
import type { BookedTrade, RecordedTrade } from './recorded-trades.ts';
import type { AccountRejection, LotFault, NothingToActOn, RiskBreach } from './rejections.ts';
import { pastOf, restate, type Past, type Restatement } from './restatement.ts';
import { firstBreach, freeToSell, holdingBreach, type ProposedTrade } from './risk.ts';
import type { Account } from './state.ts';

export type AccountDecision = Decision<AccountEvent, AccountRejection>;

export function bookTrade(command: BookTrade, account: Account): AccountDecision {
  const { symbol, tradeId, tradeDate, market, history } = command;
  const trade = propose(command, symbol, account);
  const fault = tradeFault(trade, account, market.today);
  if (fault !== undefined) return refuse(fault);
  const past = history && pastOf(history);
  if (past !== undefined && isBooked(past, tradeId)) {
    return refuse({ code: 'TRADE_ALREADY_BOOKED', tradeId });
  }
  const position = positionOf(account.positions, symbol);
  if (position !== undefined && tradeDate < position.latestDate) {
    return bookOutOfOrder(command, past ?? pastOfHistory(history), trade, position, account);
  }
  const held = position?.quantity ?? Quantity.zero;
  const lots = position?.lots ?? [];
  const fill = fillOf(trade, market.settlementDate(tradeDate));
  const problem =
    firstBreach(trade, account, { cash: account.cash, quantity: held }, market) ??
    holdingBreach(trade.quantityChange, freeToSell(held, symbol, account), account) ??
    namedLotFault(lots, fill, account);
  if (problem !== undefined) return refuseTrade(trade, problem);
  return accept(tradeBooked(trade, fill, matchLots(lots, fill, account), account, undefined));
}

/** Books a trade dated before others of its symbol: as it would have been, and then what that changes. */
function bookOutOfOrder(
  { tradeId, symbol, market }: BookTrade,
  past: Past,
  trade: ProposedTrade,
  position: Position,
  account: Account,
): AccountDecision {
  const standing = { cash: account.cash, quantity: position.quantity };
  const breach = firstBreach(trade, account, standing, market);
  if (breach !== undefined) return refuseTrade(trade, breach);
  const fill = fillOf(trade, market.settlementDate(trade.tradeDate));
  const added: PlacedTrade = { trade: { ...fill, symbol }, place: past.trades.length };
  const restated = restate(past, [symbol], { added }, account);
  if ('problem' in restated) return refuseTrade(trade, restated.problem);
  const matching = matchingOf(added, restated);
  const own = [movementOf(symbol, trade.quantityChange, matching)];
  return accept(
    tradeBooked(trade, fill, matching, account, { replaces: null }),
    ...consequencesOf(account, past, restated, ownPostings(symbol, own), {
      effectiveFrom: trade.tradeDate,
      causeTradeId: tradeId,
      causeActionId: null,
      reason: `trade ${tradeId} was booked behind later trades`,
    }),
  );
}

export function cancelTrade(command: CancelTrade, account: Account): AccountDecision {
  const past = pastOfHistory(command.history);
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
  const restated = restate(past, [symbol], { without: original }, account);
  if ('problem' in restated) return refuse(restated.problem);
  const cancelled = tradeCancelled(original.trade, command.reason);
  const own = [movementOf(symbol, cancelled.data.quantityChange, cancelled.data)];
  return accept(
    cancelled,
    ...consequencesOf(account, past, restated, ownPostings(symbol, own), {
      effectiveFrom: tradeDate,
      causeTradeId: tradeId,
      causeActionId: null,
      reason: command.reason,
    }),
  );
}

export function correctTrade(command: CorrectTrade, account: Account): AccountDecision {
  const { replacement, reason, market } = command;
  const past = pastOfHistory(command.history);
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
  const added: PlacedTrade = { trade: { ...fill, symbol }, place: original.place };
  const restated = restate(past, [symbol], { without: original, added }, account);
  if ('problem' in restated) return refuseTrade(trade, restated.problem);
  const matching = matchingOf(added, restated);
  const cancelled = tradeCancelled(original.trade, reason);
  const own = summed(
    [movementOf(symbol, cancelled.data.quantityChange, cancelled.data)],
    [movementOf(symbol, trade.quantityChange, matching)],
  );
  return accept(
    cancelled,
    tradeBooked(trade, fill, matching, account, { replaces: command.tradeId }),
    ...consequencesOf(account, past, restated, ownPostings(symbol, own), {
      effectiveFrom: trade.tradeDate < tradeDate ? trade.tradeDate : tradeDate,
      causeTradeId: tradeId,
      causeActionId: null,
      reason,
    }),
  );
}

function movementOf(
  symbol: InstrumentSymbol,
  quantityChange: Quantity,
  { costChange, realizedPnl }: Pick<Matching, 'costChange' | 'realizedPnl'>,
): Movement {
  return { symbol, quantityChange, costChange, realizedPnl };
}

function ownPostings(symbol: InstrumentSymbol, movements: readonly Movement[]): OwnPostings {
  return { movements, actions: [], lotsOf: [symbol] };
}

function matchingOf(added: PlacedTrade, { matchings }: Restatement): Matching {
  const matching = matchings.get(added);
  if (matching === undefined) {
    throw new Error(`trade ${added.trade.tradeId} found no place in the order of trades`);
  }
  return matching;
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
export function pastOfHistory(history: readonly AccountEvent[] | undefined): Past {
  if (history === undefined) {
    throw new Error('this command is decided with the history of the account');
  }
  return pastOf(history);
}

function isBooked({ trades }: Past, tradeId: TradeId): boolean {
  return trades.some(({ trade }) => trade.tradeId === tradeId);
}

function liveTrade({ trades }: Past, tradeId: TradeId): RecordedTrade | NothingToActOn {
  const known = trades.findLast(({ trade }) => trade.tradeId === tradeId);
  if (known === undefined) return { code: 'TRADE_UNKNOWN', tradeId };
  return known.cancelled ? { code: 'TRADE_ALREADY_CANCELLED', tradeId } : known;
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
