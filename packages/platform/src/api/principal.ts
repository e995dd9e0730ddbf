import type { Cause } from '@counterfoil/event-store';
import type { FastifyRequest } from 'fastify';
import type { Authentication, Permission, Role } from '../domain/access/events.ts';
import type { AccountId } from '../domain/accounts/events.ts';

/** On whose behalf a request acts. */
export interface Principal {
  /** A user's (`USR-…`) or a service's; empty for somebody unknown. */
  readonly id: string;
  readonly how: Authentication;
  readonly roles: readonly Role[];
  /** An investor's own. */
  readonly accounts: readonly AccountId[];
  /** What an API key or a token leaves of what the roles give; undefined for all of it. */
  readonly permissions: readonly Permission[] | undefined;
  readonly sessionId: string | undefined;
}

/** Whoever has not said who he is. */
export const nobody: Principal = {
  id: '',
  how: 'NONE',
  roles: [],
  accounts: [],
  permissions: undefined,
  sessionId: undefined,
};

/** What a request says of who sent it. */
export interface Credentials {
  /** The header as it came. */
  readonly authorization: string | undefined;
  /** From which the request came. */
  readonly address: string;
}

/**
 * Finds out who sent a request. Throws, or rejects with, a Refusal: `UNAUTHENTICATED` when nothing was
 * presented, `TOKEN_INVALID` or `TOKEN_EXPIRED` when what was presented is no good. An answer at once
 * keeps a request from waiting for a turn of the event loop.
 */
export type Authenticate = (credentials: Credentials) => Principal | Promise<Principal>;

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal;
    /** The accounts that the principal is kept to, by the rule that let him in; undefined for all. */
    ownAccounts: readonly AccountId[] | undefined;
  }
}

/** Who and what caused the events of a request. */
export function causeOf({ principal, correlationId, id }: FastifyRequest): Cause {
  return {
    userId: principal.id,
    correlationId,
    causationId: id === correlationId ? undefined : id,
  };
}
