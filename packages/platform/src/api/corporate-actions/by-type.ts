import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import {
  AnyAnnounceRequest,
  announceRequests,
  amendRequests,
} from '../../domain/corporate-actions/contract.ts';
import type { ActionType } from '../../domain/corporate-actions/events.ts';
import { Refusal } from '../problem.ts';
import { compileValidator } from '../validation.ts';

// What the body of an announcement has to be depends on the type that it names. A union would report every
// field's error once for each type.

/** Holds the body of an announcement against the contract of its type. */
export const validateAnnouncement: FastifySchemaCompiler<TSchema> = (part) => {
  if (part.httpPart !== 'body') return compileValidator(part);
  const untyped = compileValidator({ ...part, schema: AnyAnnounceRequest });
  const byType = new Map(
    Array.from(announceRequests, ([type, schema]) => [type, compileValidator({ ...part, schema })]),
  );
  return (body: unknown) => {
    const type = (body as { readonly event_type?: unknown } | null)?.event_type;
    if (typeof type !== 'string') return untyped(body);
    const validate = byType.get(type);
    return validate === undefined ? { error: unknownType(type) } : validate(body);
  };
};

function unknownType(type: string): Refusal {
  return new Refusal(
    'EVENT_TYPE_UNKNOWN',
    `There is no event type ${JSON.stringify(type.slice(0, 60))}.`,
  );
}

const validators = new Map(
  Array.from(amendRequests, ([type, schema]) => [
    type,
    compileValidator({ schema, method: 'PATCH', url: '/events/:event_id', httpPart: 'body' }),
  ]),
);

/** Holds changes against the contract of the action's type; throws a Refusal. */
export function requireChangesFit(type: ActionType, body: unknown): void {
  const verdict: unknown = validators.get(type)?.(body);
  if (verdict !== true) throw (verdict as { readonly error: Error }).error;
}
