import type { CalendarDate } from '@counterfoil/event-store';
import { dueOn, stageOn, type Stage } from '../domain/corporate-actions/dates.ts';
import type { Announcement } from '../domain/corporate-actions/events.ts';
import { termsOfTexts, termTexts } from '../domain/corporate-actions/term-texts.ts';
import { camvOf, caevOf, termsWithDefaults } from '../domain/corporate-actions/terms.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import type { CorporateActionRow } from './views.ts';

// What follows from a corporate action as it is stored.

/** The head announcement that a row holds. */
export function announcementOfRow(row: CorporateActionRow): Announcement {
  const { event_type: actionType, terms } = row;
  const texts = JSON.parse(terms) as Readonly<Record<string, string>>;
  return {
    actionType,
    symbol: row.symbol as InstrumentSymbol,
    terms: termsWithDefaults(actionType, termsOfTexts(actionType, texts)),
    exDate: row.ex_date as CalendarDate,
    recordDate: row.record_date as CalendarDate | null,
    paymentDate: row.payment_date as CalendarDate | null,
    effectiveDate: row.effective_date as CalendarDate,
    electionDeadline: row.election_deadline as CalendarDate | null,
    defaultOption: row.default_option as Announcement['defaultOption'],
    completeness: row.completeness,
    confirmation: row.confirmation,
    source: row.source,
    sourceReference: row.source_reference,
  };
}

/** An announcement as clients hear it. */
export function announcementTexts(announcement: Announcement) {
  return {
    event_type: announcement.actionType,
    caev: caevOf(announcement),
    camv: camvOf(announcement.actionType),
    symbol: announcement.symbol,
    terms: { ...termTexts(announcement) },
    ex_date: announcement.exDate,
    record_date: announcement.recordDate,
    payment_date: announcement.paymentDate,
    effective_date: announcement.effectiveDate,
    due_date: dueOn(announcement),
    election_deadline: announcement.electionDeadline,
    default_option: announcement.defaultOption,
    completeness: announcement.completeness,
    confirmation: announcement.confirmation,
    source: announcement.source,
    source_reference: announcement.sourceReference,
  };
}

/** How far the action of a row has come, by a date. */
export function stageOfRow(
  { status, reversed }: Pick<CorporateActionRow, 'status' | 'reversed'>,
  head: Announcement,
  today: CalendarDate,
): Stage {
  return stageOn({ head, status, reversed: reversed === 1 }, today);
}
