import type { InstrumentSymbol } from '../../instruments/events.ts';
import type { Money, Quantity } from '../../money/money.ts';
import type { Movement } from '../events.ts';
import type { OrderedPosition } from '../ordered-position.ts';

/** What a holder gets. Negative amounts are paid. For each: amount = realized gains - costs + gross - tax. */
export interface Entitlement {
  /** Income before tax. */
  readonly gross: Money;
  readonly tax: Money;
  /** Part of the amount. */
  readonly cashInLieu: Money;
  /** Of a share, which cash was paid for or which was dropped; below zero where it was rounded up. */
  readonly fraction: Quantity;
  /** Change of cash. */
  readonly amount: Money;
  /** By symbol, of what changes. */
  readonly movements: readonly Movement[];
}

export interface Effect extends Entitlement {
  /** The positions as they are then, of the symbols that change. */
  readonly positions: ReadonlyMap<InstrumentSymbol, OrderedPosition>;
}

export type Holdings = (symbol: InstrumentSymbol) => OrderedPosition;
