import type { CalendarDate } from '@counterfoil/event-store';
import type { ActionId } from '../corporate-actions/events.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import { Money, Quantity } from '../money/money.ts';
import type { Lot } from './events.ts';

/** What an account holds, or once held, of one instrument. Quantity zero has cost exactly zero. */
export interface Position {
  readonly symbol: InstrumentSymbol;
  /** Negative when short. */
  readonly quantity: Quantity;
  /** Has the sign of the quantity. */
  readonly cost: Money;
  /** Since the account was opened. */
  readonly realizedPnl: Money;
  /** Oldest first; all of the direction of the quantity, which they sum to, as they do to the cost. */
  readonly lots: readonly Lot[];
  /**
   * The latest date of what bears on it: of its trades, and of the actions that it is entitled to. What is
   * dated before has to be put in order.
   */
  readonly latestDate: CalendarDate;
  /** The actions that were posted for holding it, each in the version that is in force. */
  readonly entitledTo: readonly EntitledTo[];
}

export interface EntitledTo {
  readonly actionId: ActionId;
  readonly actionVersion: number;
}

/**
 * Ascending by symbol. A sorted list is searched in a few comparisons and copied in one sweep of memory,
 * which for the tens of positions of an account is several times faster than a Map.
 */
export type Positions = readonly Position[];

export function positionOf(positions: Positions, symbol: InstrumentSymbol): Position | undefined {
  const position = positions[placeOf(positions, symbol)];
  return position?.symbol === symbol ? position : undefined;
}

export function withPosition(positions: Positions, position: Position): Positions {
  const at = placeOf(positions, position.symbol);
  return positions[at]?.symbol === position.symbol
    ? positions.with(at, position)
    : positions.toSpliced(at, 0, position);
}

/** Where the symbol is, or would be. */
function placeOf(positions: Positions, symbol: InstrumentSymbol): number {
  let from = 0;
  let to = positions.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((positions[middle] as Position).symbol < symbol) from = middle + 1;
    else to = middle;
  }
  return from;
}

export function emptyPosition(symbol: InstrumentSymbol, date: CalendarDate): Position {
  return {
    symbol,
    quantity: Quantity.zero,
    cost: Money.zero,
    realizedPnl: Money.zero,
    lots: [],
    latestDate: date,
    entitledTo: [],
  };
}
