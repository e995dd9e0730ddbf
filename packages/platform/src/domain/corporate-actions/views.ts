import type { Cell, Projection, RecordedEvent, Row, RowChange } from '@counterfoil/event-store';
import { instantCell } from '../calendar/instant-cell.ts';
import { Money, Quantity } from '../money/money.ts';
import { dueOn } from './dates.ts';
import { actionOfStream, type Announcement, type CorporateActionEvent } from './events.ts';
import { termTexts, totalsTexts } from './term-texts.ts';

/** Every corporate action as it is now. What was before is in the log, action by action. */
const corporateActions: Projection<CorporateActionEvent> = {
  name: 'corporate_actions',
  version: 2,
  columns: {
    action_id: 'text',
    event_type: 'text',
    symbol: 'text',
    /** Those that are said, as an object of texts. */
    terms: 'text',
    ex_date: 'date',
    record_date: 'date',
    payment_date: 'date',
    effective_date: 'date',
    /** On which it is to be posted. */
    due_date: 'date',
    election_deadline: 'date',
    default_option: 'text',
    completeness: 'text',
    confirmation: 'text',
    source: 'text',
    source_reference: 'text',
    status: 'text',
    /** Of the head announcement. */
    version: 'integer',
    cancellation_kind: 'text',
    cancellation_reason: 'text',
    /** The version that was begun last, and neither completed nor reversed; null when there is none. */
    begun_version: 'integer',
    /** The last attempt at it. */
    attempts: 'integer',
    through_account: 'text',
    /** Up to that account, as an object. */
    progress: 'text',
    /** The version that the accounts hold postings of. */
    posted_version: 'integer',
    /** Of it, as an object. */
    totals: 'text',
    /** 1 when it was cancelled and its postings have been taken back, else 0. */
    reversed: 'integer',
    failed_attempt: 'integer',
    failed_at: 'instant',
    /** 1 when nobody tries again by himself, else 0. */
    failed_last: 'integer',
    error_code: 'text',
    error: 'text',
    assignee: 'text',
    /** 0 or 1. */
    review_resolved: 'integer',
    /** What it stated last, as an object. */
    custodian: 'text',
    announced_at: 'instant',
    started_at: 'instant',
    completed_at: 'instant',
    updated_at: 'instant',
    position: 'integer',
  },
  key: ['action_id'],
  indexes: [
    ['status', 'due_date', 'action_id'],
    ['status', 'posted_version', 'begun_version'],
    ['symbol', 'ex_date', 'action_id'],
    ['event_type', 'announced_at'],
    ['announced_at', 'action_id'],
    ['failed_last', 'review_resolved', 'failed_at'],
  ],
  types: [
    'ActionAnnounced',
    'ActionAmended',
    'ActionCancelled',
    'ActionProcessingStarted',
    'ActionProgressed',
    'ActionCompleted',
    'ActionAttemptFailed',
    'ActionReversed',
    'ActionReviewAssigned',
    'ActionReviewNoted',
    'ActionRetried',
    'ActionReviewResolved',
    'CustodianTotalStated',
  ],
  project: (recorded) => [projectAction(recorded)],
};

export const corporateActionProjections = [corporateActions];

export function projectAction(recorded: RecordedEvent<CorporateActionEvent>): RowChange {
  const event = recorded as CorporateActionEvent;
  const action_id = actionOfStream(recorded.stream);
  const key = [action_id];
  const at = instantCell(recorded.recordedAt);
  const last = { updated_at: at, position: recorded.position };
  if (event.type === 'ActionAnnounced') {
    const cells = announcementCells(event.data.announcement);
    return { key, row: { action_id, ...blank, ...cells, announced_at: at, ...last } };
  }
  return { key, update: (row) => row && { ...row, ...changedCells(event, row, at), ...last } };
}

const unreviewed = {
  failed_attempt: null,
  failed_at: null,
  failed_last: 0,
  error_code: null,
  error: null,
  assignee: null,
  review_resolved: 0,
};

const notBegun = { begun_version: null, attempts: 0, through_account: null, progress: null };

const blank = {
  ...unreviewed,
  ...notBegun,
  status: 'PENDING',
  version: 1,
  cancellation_kind: null,
  cancellation_reason: null,
  posted_version: null,
  totals: null,
  reversed: 0,
  custodian: null,
  started_at: null,
  completed_at: null,
};

function announcementCells(announcement: Announcement): Row {
  return {
    event_type: announcement.actionType,
    symbol: announcement.symbol,
    terms: JSON.stringify(termTexts(announcement)),
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

type LaterEvent = Exclude<CorporateActionEvent, { readonly type: 'ActionAnnounced' }>;

/** What an event changes; the status follows the decider's. */
function changedCells(event: LaterEvent, row: Row, at: string): Row {
  const isCancelled = row['status'] === 'CANCELLED';
  switch (event.type) {
    case 'ActionAmended': {
      const { version, announcement } = event.data;
      return { ...unreviewed, ...announcementCells(announcement), version, status: 'PENDING' };
    }
    case 'ActionCancelled': {
      const { kind, reason } = event.data;
      const cancellation = { cancellation_kind: kind, cancellation_reason: reason };
      return { ...unreviewed, ...cancellation, status: 'CANCELLED' };
    }
    case 'ActionProcessingStarted': {
      const { version, attempt } = event.data;
      const before = row['begun_version'] === version ? {} : notBegun;
      const begun = { begun_version: version, attempts: attempt, started_at: at };
      return { ...before, ...begun, status: 'PROCESSING' };
    }
    case 'ActionProgressed': {
      const { throughAccount, totals } = event.data;
      return { through_account: throughAccount, progress: JSON.stringify(totalsTexts(totals)) };
    }
    case 'ActionCompleted': {
      const { version, totals } = event.data;
      const posted = { posted_version: version, totals: JSON.stringify(totalsTexts(totals)) };
      const done = { ...notBegun, attempts: cell(row, 'attempts'), ...posted, completed_at: at };
      const isHead = version === row['version'] && !isCancelled;
      return isHead ? { ...unreviewed, ...done, status: 'COMPLETED' } : done;
    }
    case 'ActionAttemptFailed': {
      const { attempt, code, error, last } = event.data;
      return {
        status: isCancelled ? 'CANCELLED' : last ? 'FAILED' : 'PENDING',
        failed_attempt: attempt,
        failed_at: at,
        failed_last: last ? 1 : 0,
        error_code: code,
        error,
      };
    }
    case 'ActionReversed': {
      const reversed = isCancelled ? 1 : 0;
      return { ...unreviewed, ...notBegun, posted_version: null, totals: null, reversed };
    }
    case 'ActionReviewAssigned':
      return { assignee: event.data.assignee };
    case 'ActionReviewNoted':
      return {};
    case 'ActionRetried':
      return {
        ...unreviewed,
        assignee: cell(row, 'assignee'),
        status: isCancelled ? 'CANCELLED' : 'PENDING',
      };
    case 'ActionReviewResolved':
      return { review_resolved: 1 };
    case 'CustodianTotalStated':
      return { custodian: custodianCell(event.data) };
  }
}

function cell(row: Row, name: string): Cell {
  return row[name] ?? null;
}

type StatedTotal = Extract<LaterEvent, { readonly type: 'CustodianTotalStated' }>['data'];

function custodianCell({ custodian, eligible, cash, shares }: StatedTotal): string {
  return JSON.stringify({
    custodian,
    eligible: eligible === null ? null : Quantity.format(eligible),
    cash: cash === null ? null : Money.format(cash),
    shares: shares === null ? null : Quantity.format(shares),
  });
}
