import {
  createCommandHandler,
  type Cause,
  type Clock,
  type EventStore,
  type Instant,
} from '@counterfoil/event-store';
import { Refusal } from '../api/problem.ts';
import type { Authentication } from '../domain/access/events.ts';
import { sessionStream, type SessionId, type UserId } from '../domain/users/events.ts';
import { sessionDecider } from '../domain/users/session.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { IdentityBook } from './identity-book.ts';
import { newSessionId } from './random-ids.ts';
import { newRefreshToken, readRefreshToken } from './secrets.ts';

/** What a login gives. */
export interface Tokens {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly refreshToken: string;
}

/** A login that was recorded. */
export interface Login {
  readonly userId: UserId;
  readonly how: Authentication;
  /** In the log: whatever ends sessions later ends what follows from it. */
  readonly position: number;
}

/** By which request; the user is known here. */
export type RequestCause = Omit<Cause, 'userId'>;

/** What follows from logins. All resolve once it is durable and known to the book. */
export interface Sessions {
  start(login: Login, cause: RequestCause): Promise<Tokens>;
  /** Rejects with a Refusal (REFRESH_TOKEN_INVALID), and ends the session when the token came before. */
  refresh(refreshToken: string, cause: RequestCause): Promise<Tokens>;
  end(id: SessionId, cause: Cause): Promise<void>;
}

const lifetime = 30n * 24n * 3_600_000_000_000n;

export interface SessionParts {
  readonly store: EventStore;
  readonly book: IdentityBook;
  readonly tokens: AccessTokens;
  readonly clock: Clock;
}

export function createSessions({ store, book, tokens, clock }: SessionParts): Sessions {
  const sessions = createCommandHandler(store, sessionDecider);

  const issue = async (
    userId: UserId,
    sessionId: SessionId,
    refreshToken: string,
  ): Promise<Tokens> => {
    const roles = book.user(userId)?.roles ?? [];
    const claims = { subject: userId, sessionId, clientId: 'counterfoil', roles };
    const { token, expiresInSeconds } = await tokens.issue(claims);
    return { accessToken: token, expiresInSeconds, refreshToken };
  };

  const sessionOf = async (id: SessionId) => {
    const session = book.session(id);
    if (session !== undefined) return session;
    // It may have begun elsewhere just now.
    await book.catchUp();
    return book.session(id);
  };

  return {
    start: async ({ userId, how, position: loginPosition }, cause) => {
      const id = newSessionId();
      const { hash: tokenHash, text } = newRefreshToken(id);
      const at = clock();
      const result = await sessions.handle(
        sessionStream(id),
        {
          type: 'StartSession',
          userId,
          how,
          loginPosition,
          tokenHash,
          at,
          expiresAt: (at + lifetime) as Instant,
        },
        { cause: { ...cause, userId } },
      );
      if (result.kind !== 'accepted') throw new Error('a session could not begin');
      await book.reach(result.position ?? 0);
      return issue(userId, id, text);
    },
    refresh: async (refreshToken, cause) => {
      const presented = readRefreshToken(refreshToken);
      const session = presented && (await sessionOf(presented.sessionId));
      if (presented === undefined || session === undefined) throw refused();
      const { sessionId } = presented;
      const next = newRefreshToken(sessionId);
      const result = await sessions.handle(
        sessionStream(sessionId),
        { type: 'RefreshSession', presented: presented.hash, next: next.hash, at: clock() },
        { cause: { ...cause, userId: session.userId } },
      );
      if (result.kind === 'accepted') return issue(session.userId, sessionId, next.text);
      // A reuse has ended it: nobody gets an answer before that holds here.
      if (result.kind === 'rejected') await book.reach(result.position ?? 0);
      throw refused();
    },
    end: async (id, cause) => {
      const command = { type: 'EndSession', at: clock() } as const;
      const result = await sessions.handle(sessionStream(id), command, { cause });
      if (result.kind === 'accepted') await book.reach(result.position ?? 0);
    },
  };
}

/** One answer, whatever is the matter with the token. */
function refused(): Refusal {
  return new Refusal('REFRESH_TOKEN_INVALID', 'The refresh token is good for nothing.');
}
