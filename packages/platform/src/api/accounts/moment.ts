import { formatInstant, type CalendarDate, type Clock } from '@counterfoil/event-store';
import { DateIn, InstantIn, instantOf } from '../../domain/calendar/contract.ts';
import type { MarketBook } from '../../ledger/market-book.ts';
import type { BusinessMoment } from '../../ledger/temporal-queries.ts';
import { optional } from '../operation.ts';
import { Refusal } from '../problem.ts';

/** The two times that a question about the past can name (LG-12). */
export const temporalQuery = {
  asOf: optional(DateIn, 'As at the end of this business date'),
  knownAt: optional(InstantIn, 'As the log knew it at this instant'),
};

export interface MomentQuery {
  readonly asOf?: CalendarDate;
  readonly knownAt?: string;
}

/** The moment that a query asks for; undefined for the present. What lies ahead is refused. */
export function momentOf(
  { asOf, knownAt }: MomentQuery,
  market: Pick<MarketBook, 'today'>,
  clock: Clock,
): BusinessMoment | undefined {
  if (asOf === undefined && knownAt === undefined) return undefined;
  const today = market.today();
  if (asOf !== undefined && asOf > today) {
    throw new Refusal('AS_OF_INVALID', `asOf is ${asOf}, and today is ${today}.`);
  }
  const known = knownAt === undefined ? undefined : instantOf(knownAt);
  const now = clock();
  if (known !== undefined && known > now) {
    throw new Refusal('AS_OF_INVALID', `knownAt is ${knownAt}, and it is ${formatInstant(now)}.`);
  }
  return { asOf, knownAt: known };
}
