import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  ChangePasswordRequest,
  LogoutRequest,
  MeAnswer,
  TokenAnswer,
} from '../../domain/users/contract.ts';
import { userStream, type SessionId, type UserId } from '../../domain/users/events.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Vault } from '../../vault/vault.ts';
import { identitySchema } from '../operation.ts';
import { causeOf } from '../principal.ts';
import { Refusal } from '../problem.ts';
import { authTag } from './login.ts';
import { sendTokens, unkept } from './tokens.ts';

export interface SessionParts {
  readonly identity: Identity;
  readonly vault: Pick<Vault, 'openAll'>;
}

/** What users do about themselves. */
export function sessionRoutes(api: FastifyInstance, parts: SessionParts): void {
  meRoute(api, parts);
  logoutRoute(api, parts.identity);
  passwordRoute(api, parts.identity);
}

function meRoute(api: FastifyInstance, { identity: { users }, vault }: SessionParts): void {
  const schema = identitySchema({
    tag: authTag,
    id: 'getMe',
    access: { resource: 'session', permission: 'READ' },
    summary: 'Who the request comes from',
    answers: { 200: MeAnswer },
    errors: [],
  });
  api.get('/me', { schema }, async ({ principal }, reply) => {
    const { id, how, roles, accounts, permissions } = principal;
    const user = id.startsWith('USR-') ? await users.now(id as UserId) : undefined;
    const subject = userStream(id as UserId);
    const sealed = user === undefined ? [] : [user.username, user.displayName, user.email];
    const held = sealed.filter((value) => value !== null);
    const opened = await vault.openAll(held.map((value) => ({ subject, value })));
    const [username = null, displayName = null, email = null] = opened;
    const answer: MeAnswer = {
      id,
      authentication: how,
      username,
      display_name: displayName,
      email,
      roles: [...roles],
      accounts: [...accounts],
      permissions: permissions ?? null,
    };
    return unkept(reply).send(answer);
  });
}

const Ended = Type.Object(
  { ended: Type.Enum(['THIS_SESSION', 'ALL_SESSIONS']) },
  { title: 'SessionsEnded' },
);

function logoutRoute(api: FastifyInstance, { users, sessions }: Identity): void {
  const schema = identitySchema({
    tag: authTag,
    id: 'logout',
    access: { resource: 'session', permission: 'CANCEL' },
    summary: 'End this session, or all of the user',
    description: 'Tokens of a session that is over are refused from the next request on.',
    body: LogoutRequest,
    answers: { 200: Ended },
    errors: [],
  });
  const end = async (request: FastifyRequest<{ Body: LogoutRequest }>) => {
    const userId = userOf(request);
    const cause = causeOf(request);
    const { sessionId } = request.principal;
    // Who comes with a provider's token has no session to end but the others.
    if (request.body.all === true || sessionId === undefined) {
      await users.handle(userId, { type: 'EndSessions' }, { cause });
      return { ended: 'ALL_SESSIONS' };
    }
    await sessions.end(sessionId as SessionId, cause);
    return { ended: 'THIS_SESSION' };
  };
  api.post<{ Body: LogoutRequest }>('/logout', { schema }, (request) => end(request));
}

function passwordRoute(api: FastifyInstance, { users, logins, sessions }: Identity): void {
  const schema = identitySchema({
    tag: authTag,
    id: 'changePassword',
    access: { resource: 'session', permission: 'UPDATE' },
    summary: "Change one's own password",
    description: 'All sessions of the user end; the answer begins another.',
    body: ChangePasswordRequest,
    answers: { 200: TokenAnswer },
    errors: ['LOGIN_FAILED', 'PASSWORD_WEAK', 'PASSWORD_OUTDATED'],
  });
  api.post<{ Body: ChangePasswordRequest }>('/password', { schema }, async (request, reply) => {
    const userId = userOf(request);
    const { body, ip: address } = request;
    const cause = causeOf(request);
    const { current_password: current, new_password: next } = body;
    await logins.confirm(userId, { password: current, address }, cause);
    const result = await users.setPassword(userId, next, 'BY_USER', { cause });
    if (result.kind !== 'accepted') {
      throw new Refusal('PASSWORD_OUTDATED', 'The password was changed meanwhile.');
    }
    const position = await logins.confirm(userId, { password: next, address }, cause);
    return sendTokens(reply, await sessions.start({ userId, how: 'PASSWORD', position }, cause));
  });
}

function userOf({ principal: { id } }: FastifyRequest): UserId {
  if (id.startsWith('USR-')) return id as UserId;
  throw new Refusal('FORBIDDEN', 'A service has neither sessions nor a password.');
}
