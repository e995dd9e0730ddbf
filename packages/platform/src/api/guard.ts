import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { AccessDecision, Decisions } from '../access/decisions.ts';
import { decideAccess } from '../domain/access/access.ts';
import type { AccountId } from '../domain/accounts/events.ts';
import { unknownAccount } from './accounts/unknown-account.ts';
import type { LimitFailures } from './front-door/rate-limits.ts';
import type { Access, DocumentedSchema, Guarded } from './operation.ts';
import { nobody, type Authenticate, type Principal } from './principal.ts';
import { pathOf, Refusal } from './problem.ts';

/** A route says nothing of who may call it, or contradicts the rules: nothing is served then. */
export class UnguardedRoute extends Error {
  override readonly name = 'UnguardedRoute';
}

export interface AuthenticationParts {
  readonly authenticate: Authenticate;
  /** Where decisions are recorded; undefined where nobody wants to know. */
  readonly decisions?: Decisions | undefined;
  readonly limitFailures: LimitFailures | undefined;
}

/** Finds out who sent a request, before anything of its body is read. Public routes do not ask. */
export function authenticateRequests(server: FastifyInstance, parts: AuthenticationParts): void {
  // Declared beforehand, so that all requests have one shape.
  server.decorateRequest('principal');
  server.decorateRequest('ownAccounts');
  server.addHook('onRequest', (request, _, done) => {
    request.principal = nobody;
    done();
  });
  hookGuarded(server, (guarded) => authenticationOf(guarded, parts));
}

/**
 * Lets nobody do what the rules do not let him do: holds who sent a request against the rule of its route,
 * and has the decision recorded. A route without a rule stops the start.
 */
export function guardRoutes(server: FastifyInstance, decisions: Decisions | undefined): void {
  hookGuarded(server, (guarded) => admissionOf(guarded, decisions));
}

type Hook = (request: FastifyRequest, _: unknown, done: (failure?: Error) => void) => void;

interface GuardedRoute extends Guarded {
  /** Its id. */
  readonly operation: string;
}

/** Has a hook run for each route that is not public. */
function hookGuarded(server: FastifyInstance, hookOf: (route: GuardedRoute) => Hook): void {
  server.addHook('onRoute', (route) => {
    const access = accessOf(route);
    if (access === 'public') return;
    const { operationId: operation } = route.schema as DocumentedSchema;
    route.onRequest = [route.onRequest ?? [], hookOf({ ...access, operation })].flat();
  });
}

function accessOf({ schema, url, method }: RouteOptions): Access {
  // The pages of the documentation, and answers to browsers that ask whether they may ask, are made by
  // plugins that know no rules.
  if (/^\/docs(\/|$)/.test(url) || (url === '*' && method === 'OPTIONS')) return 'public';
  const documented: Partial<DocumentedSchema> | undefined = schema;
  const access = documented?.['x-access'];
  if (access === undefined) {
    throw new UnguardedRoute(`${url} does not say who may call it: give its operation an access`);
  }
  if (access !== 'public') checkOwnership(access, url);
  return access;
}

/** Where an investor is let in to what belongs to accounts, something must keep him to his own. */
function checkOwnership({ resource, permission, ownBy }: Guarded, url: string): void {
  const investor = { roles: ['INVESTOR'] as const, permissions: undefined };
  const verdict = decideAccess(investor, resource, permission);
  const wanted = verdict.allowed && verdict.ownOnly;
  if (wanted && ownBy === undefined) {
    throw new UnguardedRoute(
      `${url} lets investors in and does not keep them to their accounts: say ownBy`,
    );
  }
  if (!wanted && ownBy !== undefined) {
    throw new UnguardedRoute(`${url} says ownBy, and no investor gets there: drop it`);
  }
}

function authenticationOf(route: GuardedRoute, parts: AuthenticationParts): Hook {
  const { authenticate, decisions, limitFailures } = parts;

  /** Of somebody whose credentials are no good, or who has none. */
  const turnAway = async (request: FastifyRequest, failure: unknown): Promise<Error> => {
    if (!(failure instanceof Refusal)) return failure as Error;
    const rule = unknownRules[failure.code] ?? failure.code;
    return (
      (await limitFailures?.(request)) ??
      record(decisions, decisionOf(request, route, { allowed: false, rule })) ??
      failure
    );
  };

  return (request, _, done) => {
    const admit = (principal: Principal): void => {
      request.principal = principal;
      done();
    };
    const end = (refusal: Error): void => done(refusal);
    const refuse = (failure: unknown): void => {
      turnAway(request, failure).then(end, end);
    };
    const { headers, ip: address } = request;
    try {
      const found = authenticate({ authorization: headers.authorization, address });
      if (found instanceof Promise) found.then(admit, refuse);
      else admit(found);
    } catch (failure) {
      refuse(failure);
    }
  };
}

const unknownRules: Partial<Record<Refusal['code'], string>> = {
  UNAUTHENTICATED: 'no credentials',
  TOKEN_INVALID: 'credentials that are no good',
  TOKEN_EXPIRED: 'a token past its time',
};

function admissionOf(route: GuardedRoute, decisions: Decisions | undefined): Hook {
  const { resource, permission, ownBy } = route;

  const judge = (request: FastifyRequest): Refusal | undefined => {
    const { principal } = request;
    const verdict = decideAccess(principal, resource, permission);
    const { rule, allowed } = verdict;
    if (!allowed) {
      const decision = decisionOf(request, route, { allowed, rule });
      return record(decisions, decision) ?? forbidden(rule);
    }
    if (verdict.ownOnly) {
      request.ownAccounts = principal.accounts;
      const { accountId } = request.params as { readonly accountId: AccountId };
      if (ownBy === 'PATH' && !principal.accounts.includes(accountId)) {
        return othersRefused(request, route, accountId, decisions);
      }
    }
    return record(decisions, decisionOf(request, route, { allowed, rule }));
  };

  return (request, _, done) => done(judge(request));
}

function forbidden(rule: string): Refusal {
  return new Refusal('FORBIDDEN', `What you were given does not suffice: ${rule}.`);
}

/**
 * For a stream of commands, each of which has a rule of its own beside that of the stream. A rule is asked
 * once for all lines of a kind; what is denied is recorded, and what is allowed was with the stream.
 */
export function guardLines(
  request: FastifyRequest,
  decisions: Decisions | undefined,
): (command: string, access: Guarded) => Refusal | undefined {
  const asked = new Map<string, Refusal | undefined>();
  const ask = (operation: string, access: Guarded): Refusal | undefined => {
    const { resource, permission } = access;
    const { allowed, rule } = decideAccess(request.principal, resource, permission);
    if (allowed) return undefined;
    const decision = decisionOf(request, { ...access, operation }, { allowed, rule });
    return record(decisions, decision) ?? forbidden(rule);
  };
  return (command, access) => {
    if (!asked.has(command)) asked.set(command, ask(command, access));
    return asked.get(command);
  };
}

/**
 * For what names an account elsewhere than in its path: other people's accounts are as unknown as those
 * that there are not. Throws a Refusal, having recorded that.
 */
export function requireOwn(
  request: FastifyRequest,
  accountId: AccountId,
  decisions: Decisions | undefined,
): void {
  const { ownAccounts } = request;
  if (ownAccounts === undefined || ownAccounts.includes(accountId)) return;
  const { 'x-access': access, operationId } = request.routeOptions.schema as DocumentedSchema;
  if (access === 'public') throw new Error(`${operationId} is public and knows no principal`);
  throw othersRefused(request, { ...access, operation: operationId }, accountId, decisions);
}

function othersRefused(
  request: FastifyRequest,
  route: GuardedRoute,
  accountId: AccountId,
  decisions: Decisions | undefined,
): Refusal {
  const rule = 'INVESTOR: accounts of his own';
  return (
    record(decisions, decisionOf(request, route, { allowed: false, rule })) ??
    unknownAccount(accountId)
  );
}

function decisionOf(
  { principal, url, correlationId }: FastifyRequest,
  { operation, permission }: GuardedRoute,
  { allowed, rule }: Pick<AccessDecision, 'allowed' | 'rule'>,
): AccessDecision {
  const path = pathOf(url);
  return {
    principal: principal.id,
    authentication: principal.how,
    operation,
    permission,
    resource: path.startsWith(apiPrefix) ? path.slice(apiPrefix.length) : path,
    allowed,
    rule,
    correlationId,
  };
}

const apiPrefix = '/api/v1/';

function record(decisions: Decisions | undefined, decision: AccessDecision): Refusal | undefined {
  if (decisions === undefined || decisions.note(decision)) return undefined;
  return new Refusal('AUDIT_UNAVAILABLE', 'Who was let do what can not be recorded at present.');
}
