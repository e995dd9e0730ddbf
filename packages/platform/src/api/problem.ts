import { Type, type Static } from 'typebox';
import { catalogue, fieldErrors, type ErrorCode, type FieldErrorCode } from './errors.ts';

const FieldError = Type.Object(
  {
    in: Type.Enum(['body', 'query', 'path']),
    pointer: Type.String({ description: 'JSON Pointer (RFC 6901) to the field' }),
    code: Type.Unsafe<FieldErrorCode>({ type: 'string', enum: Object.keys(fieldErrors) }),
    detail: Type.String(),
  },
  { title: 'FieldError' },
);
export type FieldError = Static<typeof FieldError>;

/** A problem document (RFC 9457) as every refusal and failure is answered with. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Where the code is explained' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What happened, with the values, and what to do about it' }),
    code: Type.Unsafe<ErrorCode>({
      type: 'string',
      description: 'Stable: see /docs/errors',
    }),
    instance: Type.String({ description: 'The path that was asked for' }),
    errors: Type.Optional(Type.Array(FieldError, { description: 'With REQUEST_INVALID' })),
    eventIds: Type.Optional(
      Type.Array(Type.String(), { description: 'The events that recorded the refusal' }),
    ),
    version: Type.Optional(Type.Integer()),
    position: Type.Optional(Type.Unsafe<number | null>({ type: ['integer', 'null'] })),
    recordedAt: Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'] })),
  },
  { title: 'Problem' },
);
export type Problem = Static<typeof Problem>;

export const problemMediaType = 'application/problem+json';

/** `happened` says what happened; what to do about it is added from the catalogue. */
export function problemOf(code: ErrorCode, happened: string, instance: string): Problem {
  const { status, title, advice } = catalogue[code];
  return {
    type: `/docs/errors#${code}`,
    title,
    status,
    detail: `${happened} ${advice}`,
    code,
    instance,
  };
}

/** A request that is refused before it reaches the ledger: thrown, and answered in one place. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;
  readonly fields: readonly FieldError[];
  /** Seconds after which it may be tried again, where that is not the same for all of its code. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ErrorCode,
    happened: string,
    fields: readonly FieldError[] = [],
    retryAfter?: number,
  ) {
    super(happened);
    this.code = code;
    this.fields = fields;
    this.retryAfter = retryAfter;
    // Refusals are answers, not defects: nobody reads where they were made.
    delete this.stack;
  }
}

/** The path of a URL, as problems name it. */
export function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}
