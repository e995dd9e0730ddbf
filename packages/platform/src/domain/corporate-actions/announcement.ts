import type { CalendarDate } from '@counterfoil/event-store';
import type { BusinessCalendar } from '../calendar/business-calendar.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import type { CurrencyCode } from '../money/currency.ts';
import { dateFault, effectiveDateDefault, electionOptions, type DateFault } from './dates.ts';
import type { ActionTerms, ActionType, Announcement } from './events.ts';
import { termFault, type TermFault } from './term-faults.ts';
import { termsWithDefaults } from './terms.ts';

/** An announcement as a source makes it: what is left out has a default. */
export interface AnnouncementDraft extends DraftDates {
  readonly actionType: ActionType;
  readonly symbol: InstrumentSymbol;
  readonly terms: Partial<ActionTerms>;
  readonly exDate: CalendarDate;
  readonly source: string;
  readonly sourceReference: string | null;
}

interface DraftDates {
  readonly recordDate?: CalendarDate | null | undefined;
  readonly paymentDate?: CalendarDate | null | undefined;
  /** Defaults to the ex-date where shares move, and to the payment date where cash does. */
  readonly effectiveDate?: CalendarDate | undefined;
  readonly electionDeadline?: CalendarDate | null | undefined;
  /** Defaults to NO_ACTION where holders have a choice. */
  readonly defaultOption?: Announcement['defaultOption'] | undefined;
  /** Defaults to COMPLETE. */
  readonly completeness?: Announcement['completeness'] | undefined;
  /** Defaults to CONFIRMED. */
  readonly confirmation?: Announcement['confirmation'] | undefined;
}

/**
 * What is to be different: fields left out stay as they are, null takes one away. `terms` stand in place of
 * all terms there were, `amountPerShare` of that one alone. Who says so is always said anew.
 */
export interface AnnouncementChanges extends DraftDates {
  readonly actionType?: ActionType | undefined;
  readonly symbol?: InstrumentSymbol | undefined;
  readonly terms?: Partial<ActionTerms> | undefined;
  readonly amountPerShare?: ActionTerms['amountPerShare'] | undefined;
  readonly exDate?: CalendarDate | undefined;
  readonly source: string;
  readonly sourceReference: string | null;
}

export function announcementFrom(draft: AnnouncementDraft): Announcement {
  const { actionType, symbol, exDate, source, sourceReference } = draft;
  const { recordDate = null, paymentDate = null, electionDeadline = null } = draft;
  const hasChoice = electionOptions[actionType] !== undefined;
  return {
    actionType,
    symbol,
    terms: termsWithDefaults(actionType, draft.terms),
    exDate,
    recordDate,
    paymentDate,
    effectiveDate: draft.effectiveDate ?? effectiveDateDefault({ actionType, exDate, paymentDate }),
    electionDeadline,
    defaultOption: draft.defaultOption ?? (hasChoice ? 'NO_ACTION' : null),
    completeness: draft.completeness ?? 'COMPLETE',
    confirmation: draft.confirmation ?? 'CONFIRMED',
    source,
    sourceReference,
  };
}

/** The announcement with the changes. An effective date that followed from others follows them again. */
export function amendedAnnouncement(
  head: Announcement,
  changes: AnnouncementChanges,
): Announcement {
  const { terms = head.terms, amountPerShare, effectiveDate, ...others } = changes;
  const followed = head.effectiveDate === effectiveDateDefault(head);
  return announcementFrom({
    ...head,
    ...said(others),
    terms: amountPerShare === undefined ? terms : { ...terms, amountPerShare },
    effectiveDate: effectiveDate ?? (followed ? undefined : head.effectiveDate),
  });
}

/** Without the fields that are undefined, which would hide what they are spread over. */
function said<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as never;
}

/** Whether enough is known for it to be posted. */
export function isPayable({
  completeness,
  confirmation,
}: Pick<Announcement, 'completeness' | 'confirmation'>): boolean {
  return completeness === 'COMPLETE' && confirmation === 'CONFIRMED';
}

/** Whether two announcements say the same, whoever says it. */
export function saysTheSame(one: Announcement, other: Announcement): boolean {
  const { terms, source: _, sourceReference: __, ...fields } = one;
  return (
    Object.entries(fields).every(([name, value]) => other[name as keyof Announcement] === value) &&
    Object.entries(terms).every(([name, value]) => other.terms[name as keyof ActionTerms] === value)
  );
}

/** What an announcement is held against. */
export interface ActionMarket {
  readonly calendar: BusinessCalendar;
  /** Of an instrument; undefined when it is not listed. */
  currencyOf(symbol: InstrumentSymbol): CurrencyCode | undefined;
}

/** What is wrong with an announcement: the first that applies, in this order. */
export type AnnouncementFault =
  | { readonly code: 'INSTRUMENT_UNKNOWN'; readonly symbol: InstrumentSymbol }
  | TermFault
  | DateFault;

export function announcementFault(
  announcement: Announcement,
  { calendar, currencyOf }: ActionMarket,
): AnnouncementFault | undefined {
  const { symbol } = announcement;
  const currency = currencyOf(symbol);
  if (currency === undefined) return { code: 'INSTRUMENT_UNKNOWN', symbol };
  return termFault(announcement, currency) ?? dateFault(announcement, calendar);
}
