import { Money, plus, Quantity } from '../money/money.ts';
import type { Lot } from './events.ts';
import { signedQuantity, type Fill, type Matching } from './lots.ts';

/** A position as it would be had everything that moves it been known in order. */
export interface OrderedPosition {
  readonly quantity: Quantity;
  readonly cost: Money;
  readonly realizedPnl: Money;
  readonly lots: readonly Lot[];
}

export const nothingHeld: OrderedPosition = {
  quantity: Quantity.zero,
  cost: Money.zero,
  realizedPnl: Money.zero,
  lots: [],
};

export function withMatching(
  position: OrderedPosition,
  { side, quantity }: Fill,
  { costChange, realizedPnl, lots }: Matching,
): OrderedPosition {
  return {
    quantity: plus(position.quantity, signedQuantity(side, quantity)),
    cost: plus(position.cost, costChange),
    realizedPnl: plus(position.realizedPnl, realizedPnl),
    lots,
  };
}
