import type { FastifyInstance, FastifyReply } from 'fastify';
import {
  LoginRequest,
  RefreshRequest,
  SignUpRequest,
  TokenAnswer,
} from '../../domain/users/contract.ts';
import type { Identity } from '../../identity/identity.ts';
import { LoginLocked } from '../../identity/logins.ts';
import { newUserId } from '../../identity/random-ids.ts';
import { identitySchema } from '../operation.ts';
import { causeOf } from '../principal.ts';
import { sendTokens } from './tokens.ts';

export const authTag = 'Identity';

/** Logging in, and staying so. */
export function loginRoutes(api: FastifyInstance, { logins, sessions }: Identity): void {
  const loginSchema = identitySchema({
    tag: authTag,
    id: 'login',
    access: 'public',
    summary: 'Log in with name and password',
    description:
      'The access token is good for a quarter of an hour; the refresh token then gives the next ones. ' +
      'After five failures in a row each next try has to wait, up to a quarter of an hour.',
    body: LoginRequest,
    answers: { 200: TokenAnswer },
    errors: ['LOGIN_FAILED', 'LOGIN_LOCKED'],
  });
  api.post<{ Body: LoginRequest }>('/login', { schema: loginSchema }, async (request, reply) => {
    const { body, ip: address } = request;
    const tokens = await sayingWhen(reply, logins.login({ ...body, address }, causeOf(request)));
    return sendTokens(reply, tokens);
  });

  const refreshSchema = identitySchema({
    tag: authTag,
    id: 'refreshTokens',
    access: 'public',
    summary: 'Get new tokens for a refresh token',
    description:
      'Each refresh token is good for one use. One that comes a second time was stolen from one of the two ' +
      'who sent it: the whole session ends. So does one that was not refreshed for seven days, and any after thirty.',
    body: RefreshRequest,
    answers: { 200: TokenAnswer },
    errors: ['REFRESH_TOKEN_INVALID'],
  });
  api.post<{ Body: RefreshRequest }>(
    '/refresh',
    { schema: refreshSchema },
    async (request, reply) => {
      const tokens = await sessions.refresh(request.body.refresh_token, causeOf(request));
      return sendTokens(reply, tokens);
    },
  );
}

/** Only the header knows how long to wait. */
async function sayingWhen<Result>(reply: FastifyReply, login: Promise<Result>): Promise<Result> {
  try {
    return await login;
  } catch (failure) {
    if (failure instanceof LoginLocked) void reply.header('retry-after', failure.waitSeconds);
    throw failure;
  }
}

/** Where anybody may make himself a user: an investor, who has no accounts until an administrator gives him some. */
export function signUpRoute(api: FastifyInstance, { users, logins }: Identity): void {
  const schema = identitySchema({
    tag: authTag,
    id: 'signUp',
    access: 'public',
    summary: 'Become a user: an investor, so far without accounts',
    body: SignUpRequest,
    answers: { 201: TokenAnswer },
    errors: ['PASSWORD_WEAK', 'USERNAME_TAKEN', 'LOGIN_FAILED', 'LOGIN_LOCKED'],
  });
  api.post<{ Body: SignUpRequest }>('/sign-up', { schema }, async (request, reply) => {
    const { body, ip: address } = request;
    const { username, display_name: displayName, email, password } = body;
    const id = newUserId();
    const person = { username, displayName, email, password };
    await users.register(
      id,
      { ...person, roles: ['INVESTOR'], accounts: [] },
      { cause: { ...causeOf(request), userId: id } },
    );
    const tokens = await logins.login({ username, password, address }, causeOf(request));
    return sendTokens(reply.code(201), tokens);
  });
}
