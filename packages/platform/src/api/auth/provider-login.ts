import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { TokenAnswer } from '../../domain/users/contract.ts';
import type { Identity } from '../../identity/identity.ts';
import { pendingSecondsMax } from '../../identity/login-cookies.ts';
import { identitySchema } from '../operation.ts';
import { causeOf } from '../principal.ts';
import { Refusal } from '../problem.ts';
import { authTag } from './login.ts';
import { sendTokens, unkept } from './tokens.ts';

const cookieName = 'counterfoil_login';
const cookiePath = '/api/auth/oidc';

export interface ProviderLoginParts {
  readonly identity: Identity;
  /** Whether browsers come by HTTPS: the cookie goes no other way then. */
  readonly secure: boolean;
}

/** Logging in by way of a provider: there, and back. */
export function providerLoginRoutes(
  api: FastifyInstance,
  { identity: { providerLogins }, secure }: ProviderLoginParts,
): void {
  const startSchema = identitySchema({
    tag: authTag,
    id: 'startProviderLogin',
    access: 'public',
    summary: 'Log in by way of an identity provider: redirects the browser to it',
    query: { provider: Type.String({ minLength: 1, maxLength: 40 }) },
    answers: { 302: Type.Unknown({ description: 'To the provider' }) },
    errors: ['REQUEST_INVALID', 'PROVIDER_UNKNOWN', 'PROVIDER_UNAVAILABLE'],
  });
  api.get<{ Querystring: { readonly provider: string } }>(
    '/oidc/start',
    { schema: startSchema },
    async ({ query }, reply) => {
      const { url, cookie } = await providerLogins.start(query.provider);
      return setCookie(unkept(reply), cookie, secure).redirect(url, 302);
    },
  );

  const backSchema = identitySchema({
    tag: authTag,
    id: 'finishProviderLogin',
    access: 'public',
    summary: 'Where the provider sends the browser back to',
    description: 'The query is what OpenID Connect says: code and state, or an error.',
    answers: { 200: TokenAnswer },
    errors: ['PROVIDER_LOGIN_FAILED', 'PROVIDER_UNAVAILABLE'],
  });
  api.get('/oidc/callback', { schema: backSchema }, async (request, reply) => {
    const { url, headers, ip: address } = request;
    const cookie = cookieOf(headers.cookie);
    // One try for each time that the browser was sent away.
    setCookie(reply, '', secure);
    if (cookie === undefined) {
      throw new Refusal('PROVIDER_LOGIN_FAILED', 'This browser began no login.');
    }
    const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
    const tokens = await providerLogins.finish({ query, cookie, address }, causeOf(request));
    return sendTokens(reply, tokens);
  });
}

function setCookie(reply: FastifyReply, value: string, secure: boolean): FastifyReply {
  const lifetime = value === '' ? 0 : pendingSecondsMax;
  // Lax: it has to come along when the provider's page sends the browser back.
  const attributes = `Path=${cookiePath}; Max-Age=${lifetime}; HttpOnly; SameSite=Lax`;
  return reply.header(
    'set-cookie',
    `${cookieName}=${value}; ${attributes}${secure ? '; Secure' : ''}`,
  );
}

function cookieOf(header: string | undefined): string | undefined {
  const cookies = (header ?? '').split(';').map((pair) => pair.trim());
  const found = cookies.find((pair) => pair.startsWith(`${cookieName}=`));
  const value = found?.slice(cookieName.length + 1);
  return value === '' ? undefined : value;
}
