import type { Money, Quantity } from '../money/money.ts';
import type {
  ActionMarket,
  AnnouncementChanges,
  AnnouncementDraft,
  AnnouncementFault,
} from './announcement.ts';
import type { ActionTerms, ActionTotals } from './events.ts';

export type CorporateActionCommand = AnnouncementCommand | ProcessingCommand;

/** What sources and people say of an action. */
export type AnnouncementCommand =
  | AnnounceAction
  | AmendAction
  | CancelAction
  | StateCustodianTotal
  | ReviewCommand;

/** What is done about an action that failed. */
export type ReviewCommand = AssignReview | NoteReview | RetryAction | ResolveReview;

/** What whoever posts an action to the accounts reports. */
export type ProcessingCommand =
  | StartProcessing
  | RecordProgress
  | CompleteProcessing
  | FailAttempt
  | CompleteReversal;

export interface AnnounceAction {
  readonly type: 'AnnounceAction';
  readonly draft: AnnouncementDraft;
  readonly idempotencyKey: string | null;
  readonly market: ActionMarket;
}

export interface AmendAction {
  readonly type: 'AmendAction';
  /** The version that the changes were made to; undefined for the head, whichever it is. */
  readonly expectedVersion: number | undefined;
  readonly changes: AnnouncementChanges;
  readonly reason: string;
  readonly market: ActionMarket;
}

export interface CancelAction {
  readonly type: 'CancelAction';
  readonly kind: 'WITHDRAWN' | 'CANCELLED';
  readonly reason: string;
}

export interface CustodianTotal {
  readonly custodian: string;
  readonly eligible: Quantity | null;
  readonly cash: Money | null;
  readonly shares: Quantity | null;
}

export interface StateCustodianTotal extends CustodianTotal {
  readonly type: 'StateCustodianTotal';
}

export interface AssignReview {
  readonly type: 'AssignReview';
  readonly assignee: string;
}

export interface NoteReview {
  readonly type: 'NoteReview';
  readonly note: string;
}

export interface RetryAction {
  readonly type: 'RetryAction';
  readonly reason: string;
}

export interface ResolveReview {
  readonly type: 'ResolveReview';
  readonly reason: string;
}

/**
 * Takes a version up, or takes it up again after a failed attempt or the end of the process. `terms` are
 * the announced ones with what was looked up; what an earlier attempt at the version looked up stays.
 */
export interface StartProcessing {
  readonly type: 'StartProcessing';
  readonly version: number;
  readonly terms: ActionTerms;
}

export interface RecordProgress {
  readonly type: 'RecordProgress';
  readonly version: number;
  readonly throughAccount: string;
  readonly totals: ActionTotals;
}

export interface CompleteProcessing {
  readonly type: 'CompleteProcessing';
  readonly version: number;
  readonly totals: ActionTotals;
}

export interface FailAttempt {
  readonly type: 'FailAttempt';
  /** The head, begun or not; the one that is taken back. */
  readonly version: number;
  readonly work: 'post' | 'take back';
  readonly code: string;
  readonly error: string;
  readonly last: boolean;
}

/** Nothing is left in the accounts of a version that was cancelled, or that an amendment has moved away. */
export interface CompleteReversal {
  readonly type: 'CompleteReversal';
  readonly version: number;
  readonly totals: ActionTotals;
}

/** Why a command is refused: the first that applies, in the order of the two unions. */
export type CorporateActionRejection = AnnouncementRejection | ProcessingRejection;

export type AnnouncementRejection =
  | { readonly code: 'ACTION_UNKNOWN' }
  | { readonly code: 'ACTION_ALREADY_ANNOUNCED' }
  | { readonly code: 'ACTION_CANCELLED' }
  /** The changes were made to another version than the head. */
  | {
      readonly code: 'ACTION_VERSION_STALE';
      readonly expected: number;
      readonly actual: number;
    }
  /** Type and symbol never change. */
  | { readonly code: 'ACTION_IDENTITY_FIXED'; readonly field: 'event_type' | 'symbol' }
  | AnnouncementFault
  | { readonly code: 'ACTION_NOT_FAILED'; readonly status: string }
  | { readonly code: 'ACTION_REVIEW_RESOLVED' };

export type ProcessingRejection =
  | { readonly code: 'ACTION_UNKNOWN' }
  | { readonly code: 'ACTION_CANCELLED' }
  | { readonly code: 'ACTION_NOT_HEAD'; readonly version: number; readonly head: number }
  /** It is preliminary or unconfirmed. */
  | { readonly code: 'ACTION_NOT_PAYABLE' }
  | { readonly code: 'ACTION_ALREADY_COMPLETED'; readonly version: number }
  /** It waits for a review. */
  | { readonly code: 'ACTION_FAILED' }
  | { readonly code: 'ACTION_NOT_UNDER_WAY'; readonly version: number }
  | { readonly code: 'ACTION_NOTHING_TO_REVERSE' };
