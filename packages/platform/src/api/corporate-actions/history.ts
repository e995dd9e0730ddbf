import { formatInstant, type RecordedEvent } from '@counterfoil/event-store';
import { Type, type Static } from 'typebox';
import { InstantText } from '../../domain/calendar/contract.ts';
import type { ActionTotals, CorporateActionEvent } from '../../domain/corporate-actions/events.ts';
import { Money, Quantity } from '../../domain/money/money.ts';
import { announcementTexts } from '../../queries/action-facts.ts';
import { announcementAnswer, CorporateActionAnswer } from './answers.ts';

// All that happened to a corporate action, as people read it.

const HistoryEntry = Type.Object(
  {
    at: InstantText,
    by: Type.String(),
    event: Type.String(),
    version: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'Of the announcement that it concerns',
    }),
    summary: Type.String({ description: 'What happened, in a sentence' }),
    announcement: Type.Union([Type.Object(announcementAnswer), Type.Null()], {
      description: 'What was announced then',
    }),
    position: Type.Integer(),
  },
  { title: 'EventHistoryEntry' },
);
export type HistoryEntry = Static<typeof HistoryEntry>;

export const CorporateActionWithHistory = Type.Object(
  {
    ...CorporateActionAnswer.properties,
    history: Type.Array(HistoryEntry, { description: 'All that happened to it, the latest last' }),
  },
  { title: 'CorporateActionWithHistory' },
);
export type CorporateActionWithHistory = Static<typeof CorporateActionWithHistory>;

/** What happened, and who said so. */
export function historyEntry(recorded: RecordedEvent & CorporateActionEvent): HistoryEntry {
  const announcement =
    recorded.type === 'ActionAnnounced' || recorded.type === 'ActionAmended'
      ? announcementTexts(recorded.data.announcement)
      : null;
  return {
    at: formatInstant(recorded.recordedAt),
    by: recorded.metadata.userId,
    event: eventNames[recorded.type],
    version: recorded.type === 'ActionAnnounced' ? 1 : versionOf(recorded),
    summary: summaryOf(recorded),
    announcement,
    position: recorded.position,
  };
}

const eventNames: Readonly<Record<CorporateActionEvent['type'], string>> = {
  ActionAnnounced: 'ANNOUNCED',
  ActionAmended: 'AMENDED',
  ActionCancelled: 'CANCELLED',
  ActionProcessingStarted: 'PROCESSING_STARTED',
  ActionProgressed: 'PROGRESSED',
  ActionCompleted: 'COMPLETED',
  ActionAttemptFailed: 'ATTEMPT_FAILED',
  ActionReversed: 'REVERSED',
  ActionReviewAssigned: 'REVIEW_ASSIGNED',
  ActionReviewNoted: 'REVIEW_NOTED',
  ActionRetried: 'RETRIED',
  ActionReviewResolved: 'REVIEW_RESOLVED',
  CustodianTotalStated: 'CUSTODIAN_TOTAL_STATED',
};

function versionOf({ data }: CorporateActionEvent): number | null {
  return 'version' in data ? data.version : null;
}

function summaryOf(event: CorporateActionEvent): string {
  switch (event.type) {
    case 'ActionAnnounced':
      return `Announced by ${event.data.announcement.source}.`;
    case 'ActionAmended':
      return `Amended by ${event.data.announcement.source}: ${event.data.reason}.`;
    case 'ActionCancelled':
      return `${event.data.kind === 'WITHDRAWN' ? 'Withdrawn' : 'Cancelled'}: ${event.data.reason}.`;
    case 'ActionProcessingStarted':
      return `Attempt ${event.data.attempt} at posting version ${event.data.version} began.`;
    case 'ActionProgressed':
      return `Posted up to account ${event.data.throughAccount}: ${totalsOf(event.data.totals)}.`;
    case 'ActionCompleted':
      return `Version ${event.data.version} is posted: ${totalsOf(event.data.totals)}.`;
    case 'ActionAttemptFailed': {
      const { attempt, code, error, last } = event.data;
      const next = last ? 'It waits for a review' : 'It is tried again';
      return `Attempt ${attempt} failed (${code}): ${error}. ${next}.`;
    }
    case 'ActionReversed':
      return `The postings are taken back: ${totalsOf(event.data.totals)}.`;
    case 'ActionReviewAssigned':
      return `Assigned to ${event.data.assignee}.`;
    case 'ActionReviewNoted':
      return event.data.note;
    case 'ActionRetried':
      return `To be tried again: ${event.data.reason}.`;
    case 'ActionReviewResolved':
      return `Resolved: ${event.data.reason}.`;
    case 'CustodianTotalStated': {
      const { custodian, eligible, cash, shares } = event.data;
      const stated = [
        eligible === null ? [] : `${Quantity.format(eligible)} eligible`,
        cash === null ? [] : `${Money.format(cash)} in cash`,
        shares === null ? [] : `${Quantity.format(shares)} shares`,
      ].flat();
      return `${custodian} states ${stated.join(', ')}.`;
    }
  }
}

function totalsOf({ accounts, cash, shares }: ActionTotals): string {
  return `${accounts} accounts, ${Money.format(cash)} in cash, ${Quantity.format(shares)} shares`;
}
