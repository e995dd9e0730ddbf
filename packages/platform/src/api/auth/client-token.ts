import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { ServiceTokenAnswer } from '../../domain/users/contract.ts';
import type { Identity } from '../../identity/identity.ts';
import type { ErrorCode } from '../errors.ts';
import { identitySchema } from '../operation.ts';
import { causeOf } from '../principal.ts';
import { pathOf, problemMediaType, problemOf, Refusal } from '../problem.ts';
import { authTag } from './login.ts';
import { unkept } from './tokens.ts';

const TokenRequest = Type.Object(
  {
    grant_type: Type.String({ maxLength: 100, description: 'client_credentials' }),
    client_id: Type.Optional(Type.String({ maxLength: 200 })),
    client_secret: Type.Optional(Type.String({ maxLength: 200, format: 'password' })),
  },
  {
    // Whatever else clients send is to be ignored (section 3.2); a token has the whole scope of its key.
    additionalProperties: true,
    title: 'TokenRequest',
    examples: [{ grant_type: 'client_credentials', client_id: 'KEY-…', client_secret: 'cf_…' }],
  },
);
type TokenRequest = Static<typeof TokenRequest>;

const mediaType = 'application/x-www-form-urlencoded';
const bytesMax = 16_384;

/** Tokens for services that show their API key (RFC 6749, section 4.4). */
export function clientTokenRoute(api: FastifyInstance, { clientTokens }: Identity): void {
  api.addContentTypeParser(
    mediaType,
    { parseAs: 'string', bodyLimit: bytesMax },
    (_, body, done) => {
      const form = formOf(String(body));
      if (form === undefined) done(new Refusal('REQUEST_INVALID', 'A parameter is given twice.'));
      else done(null, form);
    },
  );
  const schema = identitySchema({
    tag: authTag,
    id: 'getClientToken',
    access: 'public',
    summary: 'Get an access token for an API key',
    description:
      'For what takes OAuth 2.0 client credentials and no API keys. Client id and secret come in the form, or ' +
      'as HTTP Basic. Refusals are problem documents that also have the `error` of RFC 6749.',
    body: TokenRequest,
    answers: { 200: ServiceTokenAnswer },
    errors: ['CLIENT_INVALID', 'GRANT_UNSUPPORTED'],
  });
  api.post<{ Body: TokenRequest }>(
    '/token',
    {
      schema: { ...schema, consumes: [mediaType] },
      errorHandler: (failure, request, reply) => sendOAuthError(failure, request, reply),
    },
    async (request, reply) => {
      const { grant_type: grant } = request.body;
      if (grant !== 'client_credentials') {
        throw new Refusal('GRANT_UNSUPPORTED', `"${grant}" is no grant that is given here.`);
      }
      const attempt = { ...clientOf(request), address: request.ip };
      const { token, expiresInSeconds } = await clientTokens.issue(attempt, causeOf(request));
      const answer: ServiceTokenAnswer = {
        access_token: token,
        token_type: 'Bearer',
        expires_in: expiresInSeconds,
      };
      return unkept(reply).send(answer);
    },
  );
}

function formOf(body: string): Readonly<Record<string, string>> | undefined {
  const form = [...new URLSearchParams(body)];
  const names = new Set(form.map(([name]) => name));
  return names.size === form.length ? Object.fromEntries(form) : undefined;
}

const basicPattern = /^Basic +([A-Za-z0-9+/]+=*)$/i;

function clientOf({ headers, body }: FastifyRequest<{ Body: TokenRequest }>) {
  const [, encoded] = basicPattern.exec(headers.authorization ?? '') ?? [];
  if (encoded === undefined) {
    const { client_id: clientId = '', client_secret: clientSecret = '' } = body;
    return { clientId, clientSecret };
  }
  const [clientId = '', clientSecret = ''] = Buffer.from(encoded, 'base64').toString().split(':');
  return { clientId, clientSecret };
}

// Section 5.2.
const oauthErrors: Partial<Record<ErrorCode, string>> = {
  CLIENT_INVALID: 'invalid_client',
  GRANT_UNSUPPORTED: 'unsupported_grant_type',
  REQUEST_INVALID: 'invalid_request',
};

function sendOAuthError(failure: Error, request: FastifyRequest, reply: FastifyReply): void {
  const error = failure instanceof Refusal ? oauthErrors[failure.code] : undefined;
  // Everything else is answered as everywhere.
  if (!(failure instanceof Refusal) || error === undefined) throw failure;
  const problem = problemOf(failure.code, failure.message, pathOf(request.url));
  if (failure.code === 'CLIENT_INVALID') void reply.header('www-authenticate', 'Basic');
  void reply
    .code(problem.status)
    .type(problemMediaType)
    .send(JSON.stringify({ ...problem, errors: [...failure.fields], error }));
}
