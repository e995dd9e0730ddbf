import type { FastifySchema } from 'fastify';
import { Type, type TObject, type TProperties, type TSchema } from 'typebox';
import { catalogue, type ErrorCode } from './errors.ts';
import { Problem, problemMediaType } from './problem.ts';

/** What the documentation says of a route, and what its requests are held against. */
export interface Operation {
  readonly tag: string;
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: TObject;
  readonly query?: TProperties;
  readonly body?: TSchema;
  /** The success, and what is answered. */
  readonly answers: Readonly<Record<number, TSchema>>;
  /** Refusals that are this route's own; those of every route are added. */
  readonly errors: readonly ErrorCode[];
}

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

const commandErrors: readonly ErrorCode[] = [
  'MALFORMED_JSON',
  'IDEMPOTENCY_KEY_INVALID',
  'IDEMPOTENCY_IN_FLIGHT',
  'IDEMPOTENCY_KEY_REUSED',
  'VERSION_STALE',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
  'CONTENTION',
];

const commonErrors: readonly ErrorCode[] = [
  'REQUEST_INVALID',
  'HEADER_INVALID',
  'OVERLOADED',
  'STORAGE_UNAVAILABLE',
];

/** The schema of a route that gives a command: `headers` are documented here and read elsewhere. */
export function commandSchema(operation: Operation): DocumentedSchema {
  return documented(
    { ...operation, errors: [...operation.errors, ...commandErrors] },
    commandHeaders,
  );
}

export function querySchema(operation: Operation): DocumentedSchema {
  const errors: ErrorCode[] = [...operation.errors];
  if (operation.query !== undefined && 'minPosition' in operation.query) {
    errors.push('POSITION_BEYOND_LOG', 'POSITION_NOT_REACHED');
  }
  if (operation.query !== undefined && 'cursor' in operation.query) errors.push('CURSOR_INVALID');
  return documented({ ...operation, errors }, undefined);
}

export interface DocumentedSchema extends FastifySchema {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  /** Headers that the documentation shows; the code that needs them reads and checks them. */
  readonly 'x-headers'?: TProperties | undefined;
  /** Bodies and answers that are streams: documented, and neither validated nor serialized. */
  readonly 'x-body'?: Readonly<Record<string, object>>;
  readonly 'x-answers'?: Readonly<Record<number, Readonly<Record<string, object>>>>;
  /** The codes by which it may refuse. */
  readonly 'x-errors': readonly ErrorCode[];
}

function documented(
  { tag, id, summary, description, params, query, body, answers, errors }: Operation,
  headers: TProperties | undefined,
): DocumentedSchema {
  const codes = [...new Set([...errors, ...commonErrors])];
  return {
    tags: [tag],
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(params === undefined ? {} : { params }),
    ...(query === undefined
      ? {}
      : { querystring: Type.Object(query, { additionalProperties: false }) }),
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { 'x-headers': headers }),
    'x-errors': codes,
    response: { ...answers, ...refusals(codes) },
  };
}

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
