import { divide } from '@counterfoil/event-store';
import { amountOf, roundedQuotient } from '../../money/amounts.ts';
import { Money, negated, Percentage, Price, Quantity, Ratio } from '../../money/money.ts';
import type { Election, Eligibility } from '../events.ts';
import { eligibleOf } from '../in-order.ts';
import {
  costLines,
  eligibleLine,
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
import { exchanged, reshaped, spunOff } from './share-calculation.ts';

// How an entitlement came about, line by line, for whoever has to explain it (CA-06). The values are what is
// posted; the formulas are arithmetic that leads to them, with words between the numbers.

/** The lines as they follow from each other. Exactly one of them is `net`: the change of cash. */
export function calculationOf(what: Calculated): readonly CalculationLine[] {
  return [eligibleLine(what), ...linesOf(what)];
}

/** Of what was taken back: its postings sum to zero. */
export function reversedCalculationOf(
  eligibility: Eligibility,
  reason: string,
): readonly CalculationLine[] {
  return [eligibleLine(eligibility), line('net', `everything is taken back: ${reason}`, '0')];
}

function linesOf(what: Calculated): readonly CalculationLine[] {
  switch (what.actionType) {
    case 'DIVIDEND':
      return dividend(what);
    case 'RETURN_OF_CAPITAL':
      return returnOfCapital(what);
    case 'STOCK_SPLIT':
    case 'STOCK_DIVIDEND':
      return reshaped(what);
    case 'MERGER':
    case 'SYMBOL_CHANGE':
      return exchanged(what);
    case 'SPIN_OFF':
      return spunOff(what);
    case 'RIGHTS_ISSUE':
      return exercised(what);
    case 'TENDER_OFFER':
      return tendered(what);
  }
}

const hundredPercent = Percentage.of('100');

function dividend(what: Calculated): readonly CalculationLine[] {
  const { terms, gross, tax, amount, currency } = what;
  const { amountPerShare, exchangeRate, withholdingPercent } = terms;
  const eligible = eligibleOf(what);
  const perShare = amountPerShare ?? Price.zero;
  const percent = withholdingPercent ?? Percentage.zero;
  const declaredText = `${shares(eligible)} x ${Price.format(perShare)}`;
  if (exchangeRate === null) {
    return [
      line('gross', declaredText, money(gross)),
      ...taxLines('tax', gross, tax, percent),
      netLine(`${money(gross)} ${less(tax, money)}`, what),
    ];
  }
  // The tax comes off before the rest is exchanged.
  const paidIn = terms.currency ?? currency;
  const declared = amountOf(eligible, perShare, paidIn);
  const withheld =
    eligible > 0n ? roundedQuotient(declared * percent, hundredPercent, paidIn) : Money.zero;
  const rate = Ratio.format(exchangeRate);
  return [
    line(`gross in ${paidIn}`, declaredText, money(declared)),
    ...taxLines(`tax in ${paidIn}`, declared, withheld, percent),
    netLine(`( ${money(declared)} ${less(withheld, money)} ) x ${rate}`, what),
    line('tax', `${money(withheld)} x ${rate}`, money(tax)),
    line('gross', `${money(amount)} + ${money(tax)}`, money(gross)),
  ];
}

function taxLines(
  name: string,
  gross: Money,
  tax: Money,
  percent: Percentage,
): readonly CalculationLine[] {
  if (percent === 0n) return [];
  const text = `${money(gross)} x ${Percentage.format(percent)} %`;
  return [line(name, gross < 0n ? 'none for who is short' : text, money(tax))];
}

function returnOfCapital(what: Calculated): readonly CalculationLine[] {
  const perShare = Price.format(what.terms.amountPerShare ?? Price.zero);
  return [netLine(`${shares(eligibleOf(what))} x ${perShare}`, what), ...costLines(what)];
}

function exercised(what: Calculated): readonly CalculationLine[] {
  const { symbol, terms, movements, election } = what;
  const eligible = eligibleOf(what);
  const { num, den } = ratioOf(terms);
  const offered = eligible > 0n ? wholeOf(eligible * num, den) : Quantity.zero;
  const offer = `${shares(eligible)} ${timesRatio(terms)} rounded down`;
  const taken = movementOf(movements, terms.otherSymbol ?? symbol).quantityChange;
  const chosen = chosenText(election, 'EXERCISE', `of ${shares(offered)}`);
  const price = Price.format(terms.subscriptionPrice ?? Price.zero);
  return [
    line('shares offered', eligible > 0n ? offer : 'none to who is not long', shares(offered)),
    line('shares subscribed', chosen, shares(taken)),
    netLine(taken === 0n ? 'no cash' : `${shares(negated(taken))} x ${price}`, what),
    ...costLines(what),
  ];
}

function tendered(what: Calculated): readonly CalculationLine[] {
  const { symbol, terms, movements, election } = what;
  const accepted = negated(movementOf(movements, symbol).quantityChange);
  const chosen = chosenText(election, 'TENDER', 'of what is held');
  const price = Price.format(terms.cashPerShare ?? Price.zero);
  return [
    ...acceptedLines(what, chosen, accepted),
    netLine(accepted === 0n ? 'no cash' : `${shares(accepted)} x ${price}`, what),
    ...costLines(what),
  ];
}

function acceptedLines(
  what: Calculated,
  chosen: string,
  accepted: Quantity,
): readonly CalculationLine[] {
  const { terms, election } = what;
  if (terms.ratioNew === null) return [line('shares accepted', chosen, shares(accepted))];
  const wanted = election?.option === 'TENDER' ? election.quantity : Quantity.zero;
  const eligible = eligibleOf(what);
  const offered = wanted < eligible ? wanted : eligible;
  const { num, den } = ratioOf(terms);
  // Who has sold since the ex-date tenders less than what was eligible; how much less is not kept.
  if (offered <= 0n || wholeOf(offered * num, den) !== accepted) {
    const part = `a part ${timesRatio(terms).slice(2)} of it`;
    return [line('shares accepted', `${chosen}, ${part}`, shares(accepted))];
  }
  return [
    line('shares tendered', chosen, shares(offered)),
    line(
      'shares accepted',
      `${shares(offered)} ${timesRatio(terms)} rounded down`,
      shares(accepted),
    ),
  ];
}

/** Who takes everything by default has chosen more than there is: no number that anyone has seen. */
function chosenText(election: Election | null, option: Election['option'], most: string): string {
  if (election?.option !== option) return `none chosen ${most}`;
  const chosen = election.quantity >= beyondAll ? 'all' : shares(election.quantity);
  return `${chosen} chosen ${most}`;
}

const beyondAll = Quantity.of('1000000000000');
const oneShare = Quantity.of('1');

function wholeOf(numerator: bigint, denominator: bigint): Quantity {
  return Quantity.units(divide(numerator, denominator * oneShare, 'down') * oneShare);
}
