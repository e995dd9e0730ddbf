import { addDays, divide, type CalendarDate } from '@counterfoil/event-store';
import type { ActionTerms, Announcement } from '../domain/corporate-actions/events.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import type { CurrencyCode } from '../domain/money/currency.ts';
import { Price, Quantity, Ratio } from '../domain/money/money.ts';

/** What has to be looked up for an action before it can be posted. */
export interface TermSources {
  /** The raw close of a date, or of the last day before it that has one; of none before `since`. */
  closeAtOrBefore(
    symbol: InstrumentSymbol,
    date: CalendarDate,
    since?: CalendarDate,
  ): Promise<Price | undefined>;
  currencyOf(symbol: InstrumentSymbol): CurrencyCode | undefined;
  /** How many shares are tendered, over all accounts. */
  tendered(announcement: Announcement): Promise<Quantity>;
}

/** An action that can't be posted as it is announced: somebody has to say more, or record more. */
export class Unresolved extends Error {
  override readonly name = 'Unresolved';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The terms with all that a posting takes: prices of fractions and of what is received, and how much of what
 * was tendered is accepted. Kept with the action when processing starts, so that every account is posted by
 * the same. Rejects with an Unresolved.
 */
export async function resolvedTerms(
  announcement: Announcement,
  sources: TermSources,
): Promise<ActionTerms> {
  const { actionType, symbol, terms } = announcement;
  const known = knownInstruments(announcement, sources);
  switch (actionType) {
    case 'DIVIDEND':
    case 'RETURN_OF_CAPITAL':
      return withRate(terms, known, actionType);
    case 'STOCK_SPLIT':
    case 'STOCK_DIVIDEND':
      return withPriceInLieu(announcement, async () => {
        const close = await sources.closeAtOrBefore(symbol, dayBefore(announcement));
        return close && onNewBasis(close, announcement);
      });
    case 'MERGER':
      return withMergerPrices(announcement, sources);
    case 'SPIN_OFF':
      return withSpinOffPrices(announcement, sources);
    case 'TENDER_OFFER':
      return withAcceptance(announcement, sources);
    case 'RIGHTS_ISSUE':
      return terms;
    case 'SYMBOL_CHANGE':
      // All of it goes over as it is.
      return { ...terms, ratioNew: Ratio.of('1'), ratioOld: Ratio.of('1'), fractions: 'DIST' };
  }
}

/** The currency of the shares. Throws where an instrument that the action names is not listed. */
function knownInstruments(
  { symbol, terms }: Announcement,
  { currencyOf }: TermSources,
): CurrencyCode {
  for (const named of terms.otherSymbol === null ? [symbol] : [symbol, terms.otherSymbol]) {
    if (currencyOf(named) === undefined) {
      throw new Unresolved('INSTRUMENT_UNKNOWN', `${named} is not listed: list it, then retry`);
    }
  }
  const currency = currencyOf(symbol) as CurrencyCode;
  const other = terms.otherSymbol === null ? currency : currencyOf(terms.otherSymbol);
  if (other !== currency) {
    throw new Unresolved(
      'CURRENCY_MISMATCH',
      `${symbol} is in ${currency} and ${terms.otherSymbol} in ${other}: such a change has to be booked by hand`,
    );
  }
  return currency;
}

function withRate(
  terms: ActionTerms,
  currency: CurrencyCode,
  actionType: 'DIVIDEND' | 'RETURN_OF_CAPITAL',
): ActionTerms {
  if (terms.currency === null || terms.currency === currency) return terms;
  if (actionType === 'DIVIDEND' && terms.exchangeRate !== null) return terms;
  throw new Unresolved(
    'EXCHANGE_RATE_MISSING',
    `it is paid in ${terms.currency} to accounts in ${currency}: amend it with an exchange_rate, or an amount in ${currency}`,
  );
}

async function withPriceInLieu(
  { terms, symbol, actionType }: Announcement,
  look: () => Promise<Price | undefined>,
): Promise<ActionTerms> {
  const { fractions, priceInLieu, ratioNew, ratioOld } = terms;
  if (priceInLieu !== null || ratioNew === null || ratioOld === null) return terms;
  if (fractions !== 'CINL' && fractions !== 'BUYU') return terms;
  const price = await look();
  if (price !== undefined) return { ...terms, priceInLieu: price };
  // Whole shares stay whole; whoever holds a part of one keeps the same part of each new one.
  if (ratioNew % ratioOld === 0n) return { ...terms, fractions: 'DIST' };
  throw new Unresolved(
    'PRICE_UNAVAILABLE',
    `no price for the fractions of the ${actionType} of ${terms.otherSymbol ?? symbol}: amend it with a price_in_lieu, or record a price and retry`,
  );
}

/** A price of the old shares, of the new ones. */
function onNewBasis(close: Price, { actionType, terms }: Announcement): Price {
  const { ratioNew, ratioOld } = terms;
  if (ratioNew === null || ratioOld === null) return close;
  const after = actionType === 'STOCK_DIVIDEND' ? ratioNew + ratioOld : ratioNew;
  return Price.units(divide(close * ratioOld, after, 'half-up'));
}

async function withMergerPrices(
  announcement: Announcement,
  sources: TermSources,
): Promise<ActionTerms> {
  const { otherSymbol, cashPerShare, ratioNew } = announcement.terms;
  if (otherSymbol === null || ratioNew === null) return announcement.terms;
  const { effectiveDate, terms: said } = announcement;
  const look = async (): Promise<Price | undefined> =>
    said.otherPrice ?? (await sources.closeAtOrBefore(otherSymbol, effectiveDate));
  const terms = await withPriceInLieu(announcement, look);
  if (cashPerShare === null || terms.otherPrice !== null) return terms;
  const otherPrice = await look();
  if (otherPrice !== undefined) return { ...terms, otherPrice };
  throw new Unresolved(
    'PRICE_UNAVAILABLE',
    `no price of ${otherSymbol} to value the shares with: amend the merger with an acquirer_price, or record a price and retry`,
  );
}

async function withSpinOffPrices(
  announcement: Announcement,
  sources: TermSources,
): Promise<ActionTerms> {
  const { symbol, exDate, effectiveDate } = announcement;
  const { otherSymbol } = announcement.terms;
  if (otherSymbol === null) throw new Unresolved('TERM_MISSING', 'a spin-off names its child');
  const child = () => sources.closeAtOrBefore(otherSymbol, effectiveDate);
  const terms = await withPriceInLieu(announcement, child);
  if (terms.basisPercent !== null) return terms;
  const otherPrice = terms.otherPrice ?? (await child());
  // Before the ex-date the child is still in the price of the parent.
  const ownPrice = terms.ownPrice ?? (await sources.closeAtOrBefore(symbol, effectiveDate, exDate));
  if (otherPrice !== undefined && ownPrice !== undefined) {
    return { ...terms, otherPrice, ownPrice };
  }
  throw new Unresolved(
    'PRICE_UNAVAILABLE',
    `no prices of ${symbol} (since ${exDate}) and ${otherSymbol} to divide the cost by: amend the spin-off with a basis_percent, or record prices and retry`,
  );
}

/** Where more is tendered than is accepted, each holder's part. */
async function withAcceptance(
  announcement: Announcement,
  sources: TermSources,
): Promise<ActionTerms> {
  const { terms } = announcement;
  const { acceptedQuantityMax } = terms;
  if (acceptedQuantityMax === null) return terms;
  const tendered = await sources.tendered(announcement);
  if (tendered <= acceptedQuantityMax) return terms;
  return {
    ...terms,
    ratioNew: Ratio.units(acceptedQuantityMax * ratioGain),
    ratioOld: Ratio.units(tendered * ratioGain),
  };
}

const ratioGain = 10n ** BigInt(Ratio.scale - Quantity.scale);

function dayBefore({ exDate }: Announcement): CalendarDate {
  return addDays(exDate, -1);
}
