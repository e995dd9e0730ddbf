import { addDays, type CalendarDate } from '@counterfoil/event-store';
import { Price, Ratio } from '../money/money.ts';
import type { ActionType, Announcement } from './events.ts';
import { termText } from './term-texts.ts';

/** What is unusual about an announcement: it may be right, and somebody should look. */
export interface RedFlag {
  readonly code:
    | 'DIVIDEND_LARGE'
    | 'AMOUNT_LOOKS_LIKE_YIELD'
    | 'RATIO_UNUSUAL'
    | 'EX_DATE_FAR_AWAY';
  readonly detail: string;
}

/** `lastPrice` is the symbol's; without one, amounts can't be judged. */
export function redFlags(
  announcement: Announcement,
  lastPrice: Price | undefined,
  today: CalendarDate,
): readonly RedFlag[] {
  return [
    amountFlag(announcement, lastPrice),
    ratioFlag(announcement),
    exDateFlag(announcement, today),
  ].filter((flag) => flag !== undefined);
}

// A dividend is a few percent of the price a year at most. What comes to less than 0.02 % at once is rather
// a yield, 0.0052 for 0.52 %, or has its point misplaced.
const yieldLikeShare = 5_000n;

function amountFlag(
  { actionType, terms: { amountPerShare: amount, currency } }: Announcement,
  lastPrice: Price | undefined,
): RedFlag | undefined {
  // A price in another currency says nothing about it.
  if (actionType !== 'DIVIDEND' || amount === null || currency !== null) return undefined;
  if (lastPrice === undefined || lastPrice <= 0n) return undefined;
  const compared = `The dividend is ${Price.format(amount)}, and the last price is ${Price.format(lastPrice)}`;
  if (20n * amount > lastPrice) {
    return { code: 'DIVIDEND_LARGE', detail: `${compared}: it is over 5 % of it.` };
  }
  return yieldLikeShare * amount < lastPrice
    ? {
        code: 'AMOUNT_LOOKS_LIKE_YIELD',
        detail: `${compared}: it may be a yield in place of an amount per share.`,
      }
    : undefined;
}

// Mergers and spin-offs do have ratios such as 0.241917:1.
const inSmallIntegers: ReadonlySet<ActionType> = new Set([
  'STOCK_SPLIT',
  'STOCK_DIVIDEND',
  'RIGHTS_ISSUE',
]);

function ratioFlag({ actionType, terms }: Announcement): RedFlag | undefined {
  const { ratioNew, ratioOld } = terms;
  if (!inSmallIntegers.has(actionType) || ratioNew === null || ratioOld === null) {
    return undefined;
  }
  return isSmallInteger(ratioNew) && isSmallInteger(ratioOld)
    ? undefined
    : {
        code: 'RATIO_UNUSUAL',
        detail: `The ratio is ${termText(terms, 'ratioNew')}: it is usually in whole numbers up to 100.`,
      };
}

function isSmallInteger(side: Ratio): boolean {
  return side % Ratio.of('1') === 0n && side <= Ratio.of('100');
}

function exDateFlag({ exDate }: Announcement, today: CalendarDate): RedFlag | undefined {
  return exDate > addDays(today, 365)
    ? {
        code: 'EX_DATE_FAR_AWAY',
        detail: `The ex-date is ${exDate}, and today is ${today}: it is over a year away.`,
      }
    : undefined;
}
