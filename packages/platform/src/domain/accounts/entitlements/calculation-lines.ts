import type { ActionTerms } from '../../corporate-actions/events.ts';
import type { CurrencyCode } from '../../money/currency.ts';
import { magnitude, Money, negated, plus, Quantity, Ratio } from '../../money/money.ts';
import type { Eligibility, EntitledAction, Movement } from '../events.ts';
import { eligibleOf } from '../in-order.ts';
import type { Entitlement } from './effect.ts';

// The words of calculations (see `calculation.ts`), and the lines that several types of actions share.

/** One step, such as `gross`: `280 x 0.205` = `57.4`. Decimals are text without trailing zeros. */
export interface CalculationLine {
  readonly line: string;
  readonly formula: string;
  readonly value: string;
}

/** What an account was posted by, and what it got. */
export interface Calculated
  extends Pick<EntitledAction, 'actionType' | 'symbol' | 'election'>, Eligibility, Entitlement {
  readonly terms: ActionTerms;
  /** The account's. */
  readonly currency: CurrencyCode;
}

export function line(name: string, formula: string, value: string): CalculationLine {
  return { line: name, formula, value };
}

export const money = (value: Money): string => Money.format(value);
export const shares = (value: Quantity): string => Quantity.format(value);

/** `- 5`, and `+ 5` for less than zero: so that nothing reads `- -5`. */
export function less<Value extends bigint>(value: Value, format: (value: Value) => string): string {
  return value < 0n ? `+ ${format(magnitude(value))}` : `- ${format(value)}`;
}

/** `x 7`, or `x 1 / 8`. */
export function timesRatio({ ratioNew, ratioOld }: ActionTerms): string {
  const over = ratioOld === null || ratioOld === one ? '' : ` / ${Ratio.format(ratioOld)}`;
  return `x ${Ratio.format(ratioNew ?? Ratio.zero)}${over}`;
}

const one = Ratio.of('1');

export function ratioOf({ ratioNew, ratioOld }: ActionTerms) {
  return { num: ratioNew ?? Ratio.zero, den: ratioOld ?? one };
}

export function eligibleLine(eligibility: Eligibility): CalculationLine {
  const { settled, pendingReceipts, pendingDeliveries } = eligibility;
  const formula =
    `${shares(settled)} settled + ${shares(pendingReceipts)} bought and not settled ` +
    `- ${shares(pendingDeliveries)} sold and not settled`;
  return line('eligible quantity', formula, shares(eligibleOf(eligibility)));
}

export function netLine(formula: string, { amount }: Calculated): CalculationLine {
  return line('net', formula, money(amount));
}

/** What the movements realize: where there is no income, cash = gain + the cost that has gone. */
export function costLines({ movements, amount }: Calculated): readonly CalculationLine[] {
  const changes = movements.filter(({ costChange }) => costChange !== 0n);
  const gone = negated(sum(changes.map(({ costChange }) => costChange)));
  const gain = sum(movements.map(({ realizedPnl }) => realizedPnl));
  if (changes.length === 0 && gain === 0n) return [];
  const [first, ...others] = changes;
  const parts = others.map(({ symbol, costChange }) => ` ${less(costChange, money)} of ${symbol}`);
  const formula =
    first === undefined
      ? 'none'
      : `${money(negated(first.costChange))} of ${first.symbol}${parts.join('')}`;
  return [
    line('cost realized', formula, money(gone)),
    line('realized gain', `${money(amount)} of cash ${less(gone, money)} of cost`, money(gain)),
  ];
}

function sum(amounts: readonly Money[]): Money {
  return amounts.reduce((total, amount) => plus(total, amount), Money.zero);
}

const none = { costChange: Money.zero, realizedPnl: Money.zero, quantityChange: Quantity.zero };

/** What a symbol moves by; nothing for one that does not. */
export function movementOf(movements: readonly Movement[], symbol: Movement['symbol'] | null) {
  return movements.find((movement) => movement.symbol === symbol) ?? none;
}
