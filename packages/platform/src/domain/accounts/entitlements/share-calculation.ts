import { amountOf, roundedQuotient } from '../../money/amounts.ts';
import {
  minus,
  Money,
  negated,
  Percentage,
  plus,
  Price,
  Quantity,
  Ratio,
} from '../../money/money.ts';
import { eligibleOf } from '../in-order.ts';
import {
  costLines,
  less,
  line,
  money,
  movementOf,
  netLine,
  ratioOf,
  shares,
  timesRatio,
  type Calculated,
  type CalculationLine,
} from './calculation-lines.ts';

// How the shares came about that an action gives by a ratio; see `calculation.ts`.

/** A split, or shares besides those held. */
export function reshaped(what: Calculated): readonly CalculationLine[] {
  const { actionType, terms, cashInLieu } = what;
  const eligible = eligibleOf(what);
  const { num, den } = ratioOf(terms);
  const isAdded = actionType === 'STOCK_DIVIDEND';
  const times = `${shares(eligible)} ${timesRatio(terms)}`;
  const exact = {
    formula: isAdded ? `${shares(eligible)} + ${times}` : times,
    numerator: eligible * (isAdded ? num + den : num),
    denominator: den,
  };
  return [
    ...sharesLines('new quantity', exact, what),
    netLine(cashText(Money.zero, cashInLieu), what),
    ...costLines(what),
  ];
}

/** A merger, or a new symbol. */
export function exchanged(what: Calculated): readonly CalculationLine[] {
  const { terms, cashInLieu, currency } = what;
  const { otherSymbol, cashPerShare, ratioNew } = terms;
  const eligible = eligibleOf(what);
  const cash = amountOf(eligible, cashPerShare ?? Price.zero, currency);
  const times = `${shares(eligible)} x ${Price.format(cashPerShare ?? Price.zero)}`;
  const paid = cashPerShare === null ? [] : [line('cash for the shares', times, money(cash))];
  const net = netLine(cashText(cash, cashInLieu), what);
  if (otherSymbol === null || ratioNew === null) return [...paid, net, ...costLines(what)];
  const exact = byRatio(what);
  return [
    ...paid,
    ...sharesLines(`shares of ${otherSymbol}`, exact, what),
    net,
    ...(cashPerShare === null ? [] : gainLines(what, exact, cash)),
    ...costLines(what),
  ];
}

/** What of the gain is recognized, and what the new shares take on of the cost. */
function gainLines(
  { symbol, terms, movements, currency }: Calculated,
  { formula, numerator, denominator }: ExactShares,
  cash: Money,
): readonly CalculationLine[] {
  const { otherPrice, otherSymbol } = terms;
  const { costChange, realizedPnl: recognized } = movementOf(movements, symbol);
  const cost = negated(costChange);
  const price = otherPrice ?? Price.zero;
  const value = roundedQuotient(numerator * price, denominator * scaleLoss, currency);
  const gain = minus(plus(cash, value), cost);
  return [
    line(`value of ${otherSymbol}`, `${formula} x ${Price.format(price)}`, money(value)),
    line('gain', `${money(cash)} + ${money(value)} ${less(cost, money)} of cost`, money(gain)),
    line('recognized gain', `of the gain no more than the cash, and no loss`, money(recognized)),
    line(
      `cost taken on by ${otherSymbol}`,
      `${money(cost)} ${less(cash, money)} + ${money(recognized)}`,
      money(plus(minus(cost, cash), recognized)),
    ),
  ];
}

export function spunOff(what: Calculated): readonly CalculationLine[] {
  const { symbol, terms, movements, cashInLieu } = what;
  const { basisPercent, otherSymbol, otherPrice, ownPrice } = terms;
  const { num, den } = ratioOf(terms);
  const child = `${Ratio.format(num)} x ${Price.format(otherPrice ?? Price.zero)}`;
  const parent = `${Ratio.format(den)} x ${Price.format(ownPrice ?? Price.zero)}`;
  const part =
    basisPercent === null
      ? `( ${child} ) / ( ${child} + ${parent} ) of the cost of ${symbol}`
      : `${Percentage.format(basisPercent)} % of the cost of ${symbol}`;
  const given = negated(movementOf(movements, symbol).costChange);
  return [
    ...sharesLines(`shares of ${otherSymbol}`, byRatio(what), what),
    netLine(cashText(Money.zero, cashInLieu), what),
    line(`cost given to ${otherSymbol}`, part, money(given)),
    ...costLines(what),
  ];
}

/** Shares as a ratio has them, in units of quantity, and how to say it. */
interface ExactShares {
  readonly formula: string;
  readonly numerator: bigint;
  readonly denominator: bigint;
}

function byRatio(what: Calculated): ExactShares {
  const { num, den } = ratioOf(what.terms);
  const eligible = eligibleOf(what);
  const formula = `${shares(eligible)} ${timesRatio(what.terms)}`;
  return { formula, numerator: eligible * num, denominator: den };
}

/** The shares as the ratio has them, what of them is a fraction, and what is paid for that. */
function sharesLines(
  name: string,
  { formula, numerator, denominator }: ExactShares,
  { fraction, cashInLieu, terms }: Calculated,
): readonly CalculationLine[] {
  const exact = Quantity.units(numerator / denominator);
  const total = minus(exact, fraction);
  const lines = [line(name, formula, shares(exact))];
  if (fraction !== 0n) {
    lines.push(line('fraction', `${shares(exact)} ${less(total, shares)}`, shares(fraction)));
  }
  if (cashInLieu !== 0n && terms.priceInLieu !== null) {
    // A third of a share is paid for as that, not as the decimals that are kept of it.
    const isExact = numerator % denominator === 0n;
    const paidFor = isExact ? shares(fraction) : `( ${formula} ${less(total, shares)} )`;
    const text = `${paidFor} x ${Price.format(terms.priceInLieu)}`;
    lines.push(line('cash in lieu', text, money(cashInLieu)));
  }
  return lines;
}

function cashText(cash: Money, inLieu: Money): string {
  if (inLieu === 0n) return cash === 0n ? 'no cash' : `${money(cash)} for the shares`;
  if (cash === 0n) return `${money(inLieu)} in lieu`;
  return `${money(cash)} for the shares ${less(negated(inLieu), money)} in lieu`;
}

const scaleLoss = 10n ** BigInt(Quantity.scale + Price.scale - Money.scale);
