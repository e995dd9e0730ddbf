import {
  accept,
  formatInstant,
  refuse,
  type Aggregate,
  type Decision,
  type Instant,
  type StreamId,
} from '@counterfoil/event-store';
import type { HoldId, RetentionEvent } from './events.ts';

// What is recorded is never changed. Erasing somebody destroys the key to it, and that may be done only once the
// time is over for which it has to be kept, and nobody has asked for it to be kept longer.

export interface RetentionState {
  /** In the order in which they were placed; released ones are not among them. */
  readonly holds: ReadonlyMap<HoldId, LegalHold>;
  /** Ids of holds that were released. */
  readonly released: ReadonlySet<HoldId>;
  readonly erased: ReadonlySet<StreamId>;
}

export interface LegalHold {
  readonly holdId: HoldId;
  readonly subject: StreamId;
  readonly reason: string;
}

export type RetentionCommand = PlaceLegalHold | ReleaseLegalHold | EraseSubject;

export interface PlaceLegalHold {
  readonly type: 'PlaceLegalHold';
  readonly holdId: HoldId;
  readonly subject: StreamId;
  readonly reason: string;
}

export interface ReleaseLegalHold {
  readonly type: 'ReleaseLegalHold';
  readonly holdId: HoldId;
  readonly reason: string;
}

export interface EraseSubject {
  readonly type: 'EraseSubject';
  readonly subject: StreamId;
  readonly reason: string;
  /** Up to which what is recorded of him has to be kept; undefined when nothing is recorded. */
  readonly keptUntil: Instant | undefined;
  readonly now: Instant;
}

/** The first that applies, in this order. */
export type RetentionRejection =
  | { readonly code: 'HOLD_UNKNOWN' }
  | { readonly code: 'SUBJECT_UNKNOWN'; readonly subject: StreamId }
  | { readonly code: 'SUBJECT_ERASED'; readonly subject: StreamId }
  | { readonly code: 'LEGAL_HOLD'; readonly holdId: HoldId }
  | { readonly code: 'RETENTION_IN_FORCE'; readonly until: string };

type RetentionDecision = Decision<RetentionEvent, RetentionRejection>;

const initial: RetentionState = { holds: new Map(), released: new Set(), erased: new Set() };

export const retentionDecider: Aggregate<
  RetentionCommand,
  RetentionState,
  RetentionEvent,
  RetentionRejection
> = { initial, decide, evolve };

function decide(command: RetentionCommand, state: RetentionState): RetentionDecision {
  switch (command.type) {
    case 'PlaceLegalHold':
      return placeHold(command, state);
    case 'ReleaseLegalHold':
      return releaseHold(command, state);
    case 'EraseSubject':
      return erase(command, state);
  }
}

function placeHold(
  { holdId, subject, reason }: PlaceLegalHold,
  { erased }: RetentionState,
): RetentionDecision {
  if (erased.has(subject)) return refuse({ code: 'SUBJECT_ERASED', subject });
  return accept({ type: 'LegalHoldPlaced', data: { holdId, subject, reason } });
}

function releaseHold(
  { holdId, reason }: ReleaseLegalHold,
  { holds, released }: RetentionState,
): RetentionDecision {
  if (released.has(holdId)) return accept();
  if (!holds.has(holdId)) return refuse({ code: 'HOLD_UNKNOWN' });
  return accept({ type: 'LegalHoldReleased', data: { holdId, reason } });
}

function erase(command: EraseSubject, { holds, erased }: RetentionState): RetentionDecision {
  const { subject, reason, keptUntil, now } = command;
  if (erased.has(subject)) return accept();
  if (keptUntil === undefined) return refuse({ code: 'SUBJECT_UNKNOWN', subject });
  for (const hold of holds.values()) {
    if (hold.subject === subject) return refuse({ code: 'LEGAL_HOLD', holdId: hold.holdId });
  }
  if (now < keptUntil) {
    return refuse({ code: 'RETENTION_IN_FORCE', until: formatInstant(keptUntil) });
  }
  return accept({ type: 'SubjectErased', data: { subject, reason } });
}

function evolve(state: RetentionState, event: RetentionEvent): RetentionState {
  const { holds, released, erased } = state;
  switch (event.type) {
    case 'LegalHoldPlaced':
      return { ...state, holds: new Map([...holds, [event.data.holdId, event.data]]) };
    case 'LegalHoldReleased': {
      const { holdId } = event.data;
      const left = new Map([...holds].filter(([id]) => id !== holdId));
      return { ...state, holds: left, released: new Set([...released, holdId]) };
    }
    case 'SubjectErased':
      return { ...state, erased: new Set([...erased, event.data.subject]) };
  }
}
