import { accept, refuse, type Aggregate, type Decision } from '@counterfoil/event-store';
import {
  amendedAnnouncement,
  announcementFault,
  announcementFrom,
  isPayable,
  saysTheSame,
} from './announcement.ts';
import type {
  AmendAction,
  AnnounceAction,
  AnnouncementCommand,
  AnnouncementRejection,
  CompleteReversal,
  CorporateActionCommand,
  CorporateActionRejection,
  CustodianTotal,
  FailAttempt,
  ProcessingCommand,
  ProcessingRejection,
  ReviewCommand,
  StartProcessing,
  StateCustodianTotal,
} from './commands.ts';
import type { ActionTerms, ActionTotals, Announcement, CorporateActionEvent } from './events.ts';

// A corporate action: what is announced of it, version by version, and what was done about it. A later
// version never overwrites an earlier one: it supersedes, and whatever was posted is posted anew, or taken back
// until the later version is due.

export interface CorporateAction {
  /** Of the head announcement, from 1. */
  readonly version: number;
  readonly head: Announcement;
  readonly status: 'PENDING' | 'PROCESSING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
  readonly cancellation: Cancellation | undefined;
  /**
   * The version that was begun last, and neither completed nor reversed: accounts may hold postings of it,
   * whatever the status, and even if it is the head no more.
   */
  readonly underWay: UnderWay | undefined;
  /** What the accounts hold postings of: the version completed last and not reversed. */
  readonly posted: PostedVersion | undefined;
  /** Whether postings have been taken back after a cancellation; those of amended versions are not told of here. */
  readonly reversed: boolean;
  /** Of the head, or of the version that is taken back. */
  readonly failure: ActionFailure | undefined;
  /** Of the failure. */
  readonly review: { readonly assignee: string | undefined; readonly resolved: boolean };
  readonly custodian: CustodianTotal | undefined;
  /** What each announcement was called by its source, the first one first. */
  readonly references: readonly SourceReference[];
}

export interface Cancellation {
  readonly kind: 'WITHDRAWN' | 'CANCELLED';
  readonly reason: string;
}

export interface UnderWay {
  readonly version: number;
  readonly attempt: number;
  readonly announcement: Announcement;
  /** With what was looked up: the same for all accounts, whichever attempt comes to them. */
  readonly terms: ActionTerms;
  readonly progress: ActionProgress | undefined;
}

export interface ActionProgress {
  readonly throughAccount: string;
  readonly totals: ActionTotals;
}

export interface PostedVersion {
  readonly version: number;
  readonly announcement: Announcement;
  readonly terms: ActionTerms;
  readonly totals: ActionTotals;
}

export interface ActionFailure {
  readonly version: number;
  readonly attempt: number;
  readonly code: string;
  readonly error: string;
  /** Whether nobody tries again by himself: it waits for a review. */
  readonly last: boolean;
}

type SourceReference = Pick<Announcement, 'source' | 'sourceReference'>;

/** Undefined before it was announced. */
export type CorporateActionState = CorporateAction | undefined;

export const corporateActionDecider: Aggregate<
  CorporateActionCommand,
  CorporateActionState,
  CorporateActionEvent,
  CorporateActionRejection
> = { initial: undefined, decide, evolve };

type Decided<Rejection> = Decision<CorporateActionEvent, Rejection>;

function decide(
  command: CorporateActionCommand,
  action: CorporateActionState,
): Decided<CorporateActionRejection> {
  switch (command.type) {
    case 'StartProcessing':
    case 'RecordProgress':
    case 'CompleteProcessing':
    case 'FailAttempt':
    case 'CompleteReversal':
      return process(command, action);
    case 'AnnounceAction':
    case 'AmendAction':
    case 'CancelAction':
    case 'StateCustodianTotal':
    case 'AssignReview':
    case 'NoteReview':
    case 'RetryAction':
    case 'ResolveReview':
      return say(command, action);
  }
}

function say(
  command: AnnouncementCommand,
  action: CorporateActionState,
): Decided<AnnouncementRejection> {
  if (command.type === 'AnnounceAction') return announce(command, action);
  if (action === undefined) return refuse({ code: 'ACTION_UNKNOWN' });
  switch (command.type) {
    case 'AmendAction':
      return amend(command, action);
    case 'CancelAction': {
      const { kind, reason } = command;
      return action.status === 'CANCELLED'
        ? accept()
        : accept({ type: 'ActionCancelled', data: { kind, reason } });
    }
    case 'StateCustodianTotal':
      return stateCustodianTotal(command, action);
    case 'AssignReview':
    case 'NoteReview':
    case 'RetryAction':
    case 'ResolveReview':
      return reviewed(command, action);
  }
}

function announce(
  { draft, idempotencyKey, market }: AnnounceAction,
  action: CorporateActionState,
): Decided<AnnouncementRejection> {
  const announcement = announcementFrom(draft);
  if (action !== undefined) {
    return isKnown(announcement, action) || saysTheSame(announcement, action.head)
      ? accept()
      : refuse({ code: 'ACTION_ALREADY_ANNOUNCED' });
  }
  const fault = announcementFault(announcement, market);
  if (fault !== undefined) return refuse(fault);
  return accept({ type: 'ActionAnnounced', data: { announcement, idempotencyKey } });
}

/** Whether the source has said this before: repeated, or late, it does not become the head again. */
function isKnown({ source, sourceReference }: SourceReference, action: CorporateAction): boolean {
  return action.references.some(
    (known) =>
      sourceReference !== null &&
      known.source === source &&
      known.sourceReference === sourceReference,
  );
}

function amend(
  { expectedVersion, changes, reason, market }: AmendAction,
  action: CorporateAction,
): Decided<AnnouncementRejection> {
  const { version: actual, head } = action;
  if (isKnown(changes, action)) return accept();
  if (action.status === 'CANCELLED') return refuse({ code: 'ACTION_CANCELLED' });
  if (expectedVersion !== undefined && expectedVersion !== actual) {
    return refuse({ code: 'ACTION_VERSION_STALE', expected: expectedVersion, actual });
  }
  const announcement = amendedAnnouncement(head, changes);
  if (announcement.actionType !== head.actionType) {
    return refuse({ code: 'ACTION_IDENTITY_FIXED', field: 'event_type' });
  }
  if (announcement.symbol !== head.symbol) {
    return refuse({ code: 'ACTION_IDENTITY_FIXED', field: 'symbol' });
  }
  if (saysTheSame(announcement, head)) return accept();
  const fault = announcementFault(announcement, market);
  if (fault !== undefined) return refuse(fault);
  return accept({ type: 'ActionAmended', data: { version: actual + 1, announcement, reason } });
}

function stateCustodianTotal(
  { custodian, eligible, cash, shares }: StateCustodianTotal,
  { custodian: known }: CorporateAction,
): Decided<AnnouncementRejection> {
  const stated = { custodian, eligible, cash, shares };
  const alreadySo =
    known?.custodian === custodian &&
    known.eligible === eligible &&
    known.cash === cash &&
    known.shares === shares;
  return alreadySo ? accept() : accept({ type: 'CustodianTotalStated', data: stated });
}

function reviewed(
  command: ReviewCommand,
  { failure, status, review }: CorporateAction,
): Decided<AnnouncementRejection> {
  if (failure?.last !== true) return refuse({ code: 'ACTION_NOT_FAILED', status });
  if (command.type === 'ResolveReview' && review.resolved) return accept();
  if (review.resolved) return refuse({ code: 'ACTION_REVIEW_RESOLVED' });
  switch (command.type) {
    case 'AssignReview': {
      const { assignee } = command;
      return assignee === review.assignee
        ? accept()
        : accept({ type: 'ActionReviewAssigned', data: { assignee } });
    }
    case 'NoteReview':
      return accept({ type: 'ActionReviewNoted', data: { note: command.note } });
    case 'RetryAction':
      return accept({ type: 'ActionRetried', data: { reason: command.reason } });
    case 'ResolveReview':
      return accept({ type: 'ActionReviewResolved', data: { reason: command.reason } });
  }
}

function process(
  command: ProcessingCommand,
  action: CorporateActionState,
): Decided<ProcessingRejection> {
  if (action === undefined) return refuse({ code: 'ACTION_UNKNOWN' });
  switch (command.type) {
    case 'StartProcessing':
      return start(command, action);
    case 'RecordProgress': {
      const { version, throughAccount, totals } = command;
      return action.underWay?.version === version
        ? accept({ type: 'ActionProgressed', data: { version, throughAccount, totals } })
        : refuse({ code: 'ACTION_NOT_UNDER_WAY', version });
    }
    case 'CompleteProcessing': {
      const { version, totals } = command;
      return action.underWay?.version === version
        ? accept({ type: 'ActionCompleted', data: { version, totals } })
        : refuse({ code: 'ACTION_NOT_UNDER_WAY', version });
    }
    case 'FailAttempt':
      return failAttempt(command, action);
    case 'CompleteReversal':
      return completeReversal(command, action);
  }
}

function start(
  { version, terms }: StartProcessing,
  action: CorporateAction,
): Decided<ProcessingRejection> {
  const { version: head, status, underWay, failure } = action;
  if (status === 'CANCELLED') return refuse({ code: 'ACTION_CANCELLED' });
  if (version !== head) return refuse({ code: 'ACTION_NOT_HEAD', version, head });
  if (!isPayable(action.head)) return refuse({ code: 'ACTION_NOT_PAYABLE' });
  if (status === 'COMPLETED') return refuse({ code: 'ACTION_ALREADY_COMPLETED', version });
  if (status === 'FAILED') return refuse({ code: 'ACTION_FAILED' });
  const begun = underWay?.version === version ? underWay : undefined;
  // Whoever had it before has died, or failed; after a retry the count begins anew.
  const attempt =
    status === 'PROCESSING' ? (begun?.attempt ?? 0) + 1 : nextAttempt(version, failure);
  const data = { version, attempt, terms: begun ? lookedUpBefore(terms, begun.terms) : terms };
  return accept({ type: 'ActionProcessingStarted', data });
}

/** The attempts at taking back a version before do not count. */
function nextAttempt(version: number, failure: ActionFailure | undefined): number {
  return failure?.version === version ? failure.attempt + 1 : 1;
}

/** The terms of an earlier attempt, which accounts may have been posted by, and what it did not find. */
function lookedUpBefore(terms: ActionTerms, before: ActionTerms): ActionTerms {
  const found = Object.entries(before).filter(([, value]) => value !== null);
  return { ...terms, ...Object.fromEntries(found) };
}

function completeReversal(
  { version, totals }: CompleteReversal,
  action: CorporateAction,
): Decided<ProcessingRejection> {
  return version === versionToReverse(action)
    ? accept({ type: 'ActionReversed', data: { version, totals } })
    : refuse({ code: 'ACTION_NOTHING_TO_REVERSE' });
}

/**
 * The version whose postings may be taken back: of a cancelled action, or of one that was amended. Whether those
 * of the amended one are, or are replaced by the new version's, is for the day to say: see `put-off.ts`.
 * Undefined where there are none.
 */
export function versionToReverse(action: CorporateAction): number | undefined {
  const { status, version, posted, underWay } = action;
  const isSuperseded = status === 'PENDING' && (underWay ?? posted)?.version !== version;
  return status === 'CANCELLED' || isSuperseded ? (posted ?? underWay)?.version : undefined;
}

function failAttempt(command: FailAttempt, action: CorporateAction): Decided<ProcessingRejection> {
  const { version, code, error, last } = command;
  const attempt = failingAttempt(command, action);
  return attempt === undefined
    ? refuse({ code: 'ACTION_NOT_UNDER_WAY', version })
    : accept({ type: 'ActionAttemptFailed', data: { version, attempt, code, error, last } });
}

/** Which attempt at a version it is that fails; undefined when none is to be made. */
function failingAttempt(
  { version, work }: Pick<FailAttempt, 'version' | 'work'>,
  action: CorporateAction,
): number | undefined {
  const { status, version: head, underWay, failure } = action;
  if (work === 'take back') {
    const isToBeMade = version === versionToReverse(action) && failure?.last !== true;
    return isToBeMade ? nextAttempt(version, failure) : undefined;
  }
  switch (status) {
    case 'PROCESSING':
      return underWay?.version === version ? underWay.attempt : undefined;
    case 'PENDING':
      // It could not even begin: something that it needs was not found.
      return version === head ? nextAttempt(version, failure) : undefined;
    case 'CANCELLED':
    case 'COMPLETED':
    case 'FAILED':
      return undefined;
  }
}

function evolve(action: CorporateActionState, event: CorporateActionEvent): CorporateActionState {
  if (event.type === 'ActionAnnounced') return announced(event.data.announcement);
  if (action === undefined) return undefined;
  switch (event.type) {
    case 'ActionAmended': {
      const { version, announcement } = event.data;
      const { source, sourceReference } = announcement;
      return {
        ...action,
        ...unreviewed,
        version,
        head: announcement,
        status: 'PENDING',
        references: [...action.references, { source, sourceReference }],
      };
    }
    case 'ActionCancelled':
      return { ...action, ...unreviewed, status: 'CANCELLED', cancellation: event.data };
    case 'ActionProcessingStarted':
    case 'ActionProgressed':
    case 'ActionCompleted':
    case 'ActionAttemptFailed':
    case 'ActionReversed':
      return processed(action, event);
    case 'ActionReviewAssigned':
      return { ...action, review: { ...action.review, assignee: event.data.assignee } };
    case 'ActionReviewNoted':
      return action;
    case 'ActionRetried':
      return {
        ...action,
        failure: undefined,
        status: action.status === 'CANCELLED' ? 'CANCELLED' : 'PENDING',
      };
    case 'ActionReviewResolved':
      return { ...action, review: { ...action.review, resolved: true } };
    case 'CustodianTotalStated':
      return { ...action, custodian: event.data };
  }
}

const unreviewed = { failure: undefined, review: { assignee: undefined, resolved: false } };

function announced(announcement: Announcement): CorporateAction {
  const { source, sourceReference } = announcement;
  return {
    ...unreviewed,
    version: 1,
    head: announcement,
    status: 'PENDING',
    cancellation: undefined,
    underWay: undefined,
    posted: undefined,
    reversed: false,
    custodian: undefined,
    references: [{ source, sourceReference }],
  };
}

type ProcessingEvent = Extract<
  CorporateActionEvent,
  {
    readonly type:
      | 'ActionProcessingStarted'
      | 'ActionProgressed'
      | 'ActionCompleted'
      | 'ActionAttemptFailed'
      | 'ActionReversed';
  }
>;

function processed(action: CorporateAction, event: ProcessingEvent): CorporateAction {
  const { underWay, status } = action;
  switch (event.type) {
    case 'ActionProcessingStarted': {
      const { version, attempt, terms } = event.data;
      const progress = underWay?.version === version ? underWay.progress : undefined;
      const begun = { version, attempt, announcement: action.head, terms, progress };
      return { ...action, status: 'PROCESSING', underWay: begun };
    }
    case 'ActionProgressed': {
      const { throughAccount, totals } = event.data;
      const progress = { throughAccount, totals };
      return { ...action, underWay: underWay && { ...underWay, progress } };
    }
    case 'ActionCompleted':
      return completed(action, event.data.totals);
    case 'ActionAttemptFailed': {
      const { last } = event.data;
      return {
        ...action,
        status: status === 'CANCELLED' ? 'CANCELLED' : last ? 'FAILED' : 'PENDING',
        failure: event.data,
      };
    }
    case 'ActionReversed': {
      // What was amended goes on: its new version is posted when it falls due.
      const reversed = status === 'CANCELLED';
      return { ...action, ...unreviewed, underWay: undefined, posted: undefined, reversed };
    }
  }
}

function completed(action: CorporateAction, totals: ActionTotals): CorporateAction {
  const { underWay, status, version: head } = action;
  if (underWay === undefined) return action;
  const { version, announcement, terms } = underWay;
  const posted = { version, announcement, terms, totals };
  // What was amended or cancelled meanwhile is not done with: it is posted anew, or taken back.
  return version === head && status !== 'CANCELLED'
    ? { ...action, ...unreviewed, status: 'COMPLETED', underWay: undefined, posted }
    : { ...action, underWay: undefined, posted };
}
