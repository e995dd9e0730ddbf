import {
  accept,
  refuse,
  type Aggregate,
  type Decision,
  type Instant,
} from '@counterfoil/event-store';
import type { Authentication } from '../access/events.ts';
import type { SecretHash, SessionEvent, UserId } from './events.ts';

// A login and what follows from it. Its refresh token is good for one use, and gives the next one (RFC 9700,
// section 4.14.2): whichever comes a second time shows that somebody else has it too.

export type SessionState = Session | undefined;

export interface Session {
  readonly userId: UserId;
  readonly how: Authentication;
  readonly tokenHash: SecretHash;
  readonly usedHashes: ReadonlySet<SecretHash>;
  readonly refreshedAt: Instant;
  readonly expiresAt: Instant;
  readonly isOver: boolean;
}

const idleMax = 7n * 24n * 3_600_000_000_000n;

export type SessionCommand =
  | {
      readonly type: 'StartSession';
      readonly userId: UserId;
      readonly how: Authentication;
      readonly loginPosition: number;
      readonly tokenHash: SecretHash;
      readonly at: Instant;
      readonly expiresAt: Instant;
    }
  | {
      readonly type: 'RefreshSession';
      readonly presented: SecretHash;
      readonly next: SecretHash;
      readonly at: Instant;
    }
  | { readonly type: 'EndSession'; readonly at: Instant };

export type SessionRejection = {
  readonly code: 'SESSION_UNKNOWN' | 'SESSION_OVER' | 'REFRESH_TOKEN_REUSED';
};

type Decided = Decision<SessionEvent, SessionRejection>;

export const sessionDecider: Aggregate<
  SessionCommand,
  SessionState,
  SessionEvent,
  SessionRejection
> = { initial: undefined, decide, evolve };

function decide(command: SessionCommand, session: SessionState): Decided {
  if (command.type === 'StartSession') {
    const { type: _, ...data } = command;
    if (session !== undefined) throw new Error('a session began twice: ids are made to differ');
    return accept({ type: 'SessionStarted', data });
  }
  if (session === undefined) return refuse({ code: 'SESSION_UNKNOWN' });
  switch (command.type) {
    case 'RefreshSession':
      return refresh(command, session);
    case 'EndSession':
      return session.isOver ? accept() : accept({ type: 'SessionEnded', data: { at: command.at } });
  }
}

function refresh(
  { presented, next, at }: Extract<SessionCommand, { readonly type: 'RefreshSession' }>,
  session: Session,
): Decided {
  const { tokenHash, usedHashes, refreshedAt, expiresAt, isOver } = session;
  if (isOver) return refuse({ code: 'SESSION_OVER' });
  if (usedHashes.has(presented)) {
    return refuse({ code: 'REFRESH_TOKEN_REUSED' }, { type: 'RefreshTokenReused', data: { at } });
  }
  // Somebody guesses: that ends nobody's session.
  if (presented !== tokenHash) return refuse({ code: 'SESSION_UNKNOWN' });
  return at >= expiresAt || at - refreshedAt >= idleMax
    ? refuse({ code: 'SESSION_OVER' })
    : accept({ type: 'SessionRefreshed', data: { tokenHash: next, at } });
}

function evolve(session: SessionState, event: SessionEvent): SessionState {
  if (event.type === 'SessionStarted') {
    const { userId, how, tokenHash, at, expiresAt } = event.data;
    const usedHashes: ReadonlySet<SecretHash> = new Set();
    return { userId, how, tokenHash, usedHashes, refreshedAt: at, expiresAt, isOver: false };
  }
  return session && changed(session, event);
}

function changed(
  session: Session,
  event: Exclude<SessionEvent, { readonly type: 'SessionStarted' }>,
): Session {
  switch (event.type) {
    case 'SessionRefreshed': {
      const { tokenHash, at } = event.data;
      const usedHashes = new Set([...session.usedHashes, session.tokenHash]);
      return { ...session, tokenHash, usedHashes, refreshedAt: at };
    }
    case 'RefreshTokenReused':
    case 'SessionEnded':
      return { ...session, isOver: true };
  }
}
