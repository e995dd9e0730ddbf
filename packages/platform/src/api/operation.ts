import type { FastifySchema } from 'fastify';
import { Type, type TObject, type TProperties, type TSchema } from 'typebox';
import type { Resource } from '../domain/access/access.ts';
import type { Permission } from '../domain/access/events.ts';
import { catalogue, type ErrorCode } from './errors.ts';
import { Problem, problemMediaType } from './problem.ts';

/** Who may call a route: anybody, or whom the table of rules gives the permission on the resource. */
export type Access = 'public' | Guarded;

export interface Guarded {
  readonly resource: Resource;
  readonly permission: Permission;
  /**
   * How an investor is kept to accounts of his own, where the rules let investors in and the resource
   * belongs to accounts: by the `account` of the path, which is looked at before the route is, or by the
   * route itself, which asks `ownAccounts`.
   */
  readonly ownBy?: 'PATH' | 'ROUTE';
}

/** What the documentation says of a route, and what its requests are held against. */
export interface Operation {
  readonly tag: string;
  readonly id: string;
  readonly access: Access;
  readonly summary: string;
  readonly description?: string;
  readonly params?: TObject;
  readonly query?: TProperties;
  readonly body?: TSchema;
  /** What a success is answered with. */
  readonly answers: Readonly<Record<number, TSchema>>;
  /** Refusals that are this route's own; those of every route of its kind are added. */
  readonly errors: readonly ErrorCode[];
}

export interface DocumentedSchema extends FastifySchema {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly 'x-access': Access;
  /** Headers that the documentation shows; the code that needs them reads and checks them. */
  readonly 'x-headers'?: TProperties;
  /** Bodies and answers that are streams: documented, and neither validated nor serialized. */
  readonly 'x-body'?: Readonly<Record<string, { readonly schema: TSchema }>>;
  readonly 'x-answer'?: Readonly<Record<string, { readonly schema: TSchema }>>;
  /** The codes by which it may refuse. */
  readonly 'x-errors': readonly ErrorCode[];
}

const positionHeader = {
  'Counterfoil-Position': Type.Integer({
    description: 'The position of the log that the answer reflects',
  }),
};

const commandHeaders = {
  'Idempotency-Key': Type.Optional(
    Type.String({
      description: 'A UUID: a request that is sent again within 24 hours takes effect once',
      format: 'uuid',
    }),
  ),
  'If-Match': Type.Optional(
    Type.String({ description: 'Only at this version of the account or instrument, such as "7"' }),
  ),
};

const confirmationHeaders = {
  ETag: Type.String({ description: 'The version afterwards' }),
  ...positionHeader,
  'Idempotency-Replayed': Type.Optional(
    Type.String({ description: '"true" when this is the answer of an earlier request' }),
  ),
};

const commonErrors: readonly ErrorCode[] = [
  'HEADER_INVALID',
  'TOO_MANY_REQUESTS',
  'OVERLOADED',
  'STORAGE_UNAVAILABLE',
];

const guardErrors: readonly ErrorCode[] = [
  'UNAUTHENTICATED',
  'TOKEN_INVALID',
  'TOKEN_EXPIRED',
  'FORBIDDEN',
  'AUDIT_UNAVAILABLE',
  'PROVIDER_UNAVAILABLE',
];

const commandErrors: readonly ErrorCode[] = [
  'REQUEST_INVALID',
  'MALFORMED_JSON',
  'JSON_UNSAFE',
  'IDEMPOTENCY_KEY_INVALID',
  'IDEMPOTENCY_IN_FLIGHT',
  'IDEMPOTENCY_KEY_REUSED',
  'VERSION_STALE',
  'BODY_TOO_LARGE',
  'REQUEST_TIMEOUT',
  'MEDIA_TYPE_UNSUPPORTED',
  'CONTENTION',
];

/** The schema of a route that gives a command. */
export function commandSchema(operation: Operation): DocumentedSchema {
  const errors = [...operation.errors, ...commandErrors];
  return {
    ...documented({ ...operation, errors }, confirmationHeaders),
    'x-headers': commandHeaders,
  };
}

const bodyErrors: readonly ErrorCode[] = [
  'REQUEST_INVALID',
  'MALFORMED_JSON',
  'JSON_UNSAFE',
  'BODY_TOO_LARGE',
  'REQUEST_TIMEOUT',
  'MEDIA_TYPE_UNSUPPORTED',
];

/** The schema of a route that takes a request for later. */
export function intakeSchema(operation: Operation): DocumentedSchema {
  const errors: readonly ErrorCode[] = [
    ...operation.errors,
    ...bodyErrors,
    'IDEMPOTENCY_KEY_INVALID',
    'IDEMPOTENCY_KEY_REUSED',
    'QUEUE_UNAVAILABLE',
  ];
  const { 'Idempotency-Key': key } = commandHeaders;
  const { 'Idempotency-Replayed': replayed } = confirmationHeaders;
  const location = Type.String({ description: 'Where the outcome is' });
  return {
    ...documented(
      { ...operation, errors },
      { Location: location, 'Idempotency-Replayed': replayed },
    ),
    'x-headers': { 'Idempotency-Key': key },
  };
}

/** The schema of a route that does something at once, and may be repeated. */
export function actSchema(operation: Operation): DocumentedSchema {
  const errors: readonly ErrorCode[] = [...operation.errors, ...bodyErrors, 'QUEUE_UNAVAILABLE'];
  return documented({ ...operation, errors }, {});
}

/** The schema of a route about who somebody is: logins, sessions, tokens. */
export function identitySchema(operation: Operation): DocumentedSchema {
  const own = operation.body === undefined ? [] : bodyErrors;
  const errors: readonly ErrorCode[] = [...operation.errors, ...own, 'KEYS_UNAVAILABLE'];
  return documented({ ...operation, errors }, {});
}

/** The schema of a route that answers a question from elsewhere than the read models. */
export function requestSchema(operation: Operation): DocumentedSchema {
  const errors: readonly ErrorCode[] = [
    ...operation.errors,
    'REQUEST_INVALID',
    'QUEUE_UNAVAILABLE',
  ];
  return documented({ ...operation, errors }, {});
}

/** The schema of a route that answers a question. */
export function querySchema(operation: Operation): DocumentedSchema {
  const { query = {} } = operation;
  const errors: readonly ErrorCode[] = [
    ...operation.errors,
    'REQUEST_INVALID',
    'READ_MODELS_UNAVAILABLE',
    ...('minPosition' in query ? (['POSITION_BEYOND_LOG', 'POSITION_NOT_REACHED'] as const) : []),
    ...('cursor' in query ? (['CURSOR_INVALID'] as const) : []),
  ];
  return documented({ ...operation, errors }, positionHeader);
}

/** The schema of a route that takes a stream and answers with one. */
export function streamSchema(
  operation: Omit<Operation, 'answers'>,
  mediaType: string,
  lines: { readonly request: TSchema; readonly answer: TSchema },
): DocumentedSchema {
  return {
    ...documented({ ...operation, answers: {} }, {}),
    'x-body': { [mediaType]: { schema: lines.request } },
    'x-answer': { [mediaType]: { schema: lines.answer } },
  };
}

function documented(operation: Operation, headers: TProperties): DocumentedSchema {
  const { tag, id, access, summary, description, params, query, body, answers } = operation;
  const guarded = access === 'public' ? [] : guardErrors;
  const codes = [...new Set([...operation.errors, ...commonErrors, ...guarded])];
  const successes = Object.entries(answers).map(([status, schema]) => [
    status,
    { ...schema, headers, 'x-response-description': successTexts[status] },
  ]);
  return {
    tags: [tag],
    operationId: id,
    summary,
    'x-access': access,
    ...(description === undefined ? {} : { description }),
    ...(params === undefined ? {} : { params }),
    ...(query === undefined
      ? {}
      : { querystring: Type.Object(query, { additionalProperties: false }) }),
    ...(body === undefined ? {} : { body }),
    'x-errors': codes,
    response: { ...Object.fromEntries(successes), ...refusals(codes) },
  };
}

const successTexts: Readonly<Record<string, string>> = {
  200: 'Done, or found',
  201: 'Done, durably',
  202: 'Accepted, durably: the outcome follows',
};

/** One response for each status, with the codes that have it. */
function refusals(codes: readonly ErrorCode[]): Record<number, object> {
  const byStatus = Map.groupBy(codes, (code) => catalogue[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, members]) => {
      const meanings = members.map((code) => `\`${code}\`: ${catalogue[code].title}`);
      const content = { [problemMediaType]: { schema: Problem } };
      return [status, { description: meanings.join('  \n'), content }];
    }),
  );
}

/** The schema as a query's field, which may be left out. */
export function optional<Schema extends TSchema>(schema: Schema, description?: string) {
  if (description === undefined) return Type.Optional(schema);
  // A spread would lose what TypeBox keeps in properties that are not enumerable, refinements among them.
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema)) as Schema;
  return Type.Optional(Object.assign(copy, { description }));
}
