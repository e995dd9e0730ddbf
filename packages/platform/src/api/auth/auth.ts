import type { FastifyInstance } from 'fastify';
import { JwksAnswer } from '../../domain/users/contract.ts';
import type { Identity } from '../../identity/identity.ts';
import { identitySchema } from '../operation.ts';
import { clientTokenRoute } from './client-token.ts';
import { authTag, loginRoutes, signUpRoute } from './login.ts';
import { providerLoginRoutes, type ProviderLoginParts } from './provider-login.ts';
import { sessionRoutes, type SessionParts } from './session.ts';

export interface AuthParts extends SessionParts, ProviderLoginParts {
  /** Whether anybody may make himself a user. */
  readonly signUp: boolean;
}

/** Everything under `/api/auth`. */
export function authRoutes(api: FastifyInstance, parts: AuthParts): void {
  loginRoutes(api, parts.identity);
  if (parts.signUp) signUpRoute(api, parts.identity);
  sessionRoutes(api, parts);
  // In a scope of its own: forms, which any page may send, are taken for nothing else.
  void api.register(async (forms) => clientTokenRoute(forms, parts.identity));
  providerLoginRoutes(api, parts);
}

const keptSeconds = 3_600;

/** The public keys of access tokens, for those who check them without asking. */
export function publicKeysRoute(server: FastifyInstance, { tokens }: Identity): void {
  const schema = identitySchema({
    tag: authTag,
    id: 'getPublicKeys',
    access: 'public',
    summary: 'The keys that access tokens are checked by',
    answers: { 200: JwksAnswer },
    errors: [],
  });
  server.get('/.well-known/jwks.json', { schema }, (_, reply) =>
    reply.header('cache-control', `public, max-age=${keptSeconds}`).send(tokens.publicKeys()),
  );
}
