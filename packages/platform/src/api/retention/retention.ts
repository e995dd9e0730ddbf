import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Permission } from '../../domain/access/events.ts';
import {
  EraseSubjectRequest,
  HoldIdIn,
  HoldReasonRequest,
  LegalHoldsAnswer,
  RetentionPolicyAnswer,
  SubjectReasonRequest,
} from '../../domain/retention/contract.ts';
import type { HoldId } from '../../domain/retention/events.ts';
import { newHoldId, type Retention } from '../../retention/retention.ts';
import type { RunCommand } from '../commands.ts';
import { Confirmation, confirmationOf } from '../confirmation.ts';
import { commandSchema, requestSchema } from '../operation.ts';

export interface RetentionRouteParts {
  readonly retention: Retention;
  readonly run: RunCommand;
}

const tag = 'Retention';

function accessTo(permission: Permission) {
  return { resource: 'retention', permission } as const;
}

/** For how long records are kept, legal holds, and erasure. */
export function retentionRoutes(api: FastifyInstance, parts: RetentionRouteParts): void {
  readRoutes(api, parts);
  holdRoutes(api, parts);
  erasureRoute(api, parts);
}

function readRoutes(api: FastifyInstance, { retention }: RetentionRouteParts): void {
  const policy = requestSchema({
    tag,
    id: 'getRetentionPolicy',
    access: accessTo('READ'),
    summary: 'Show for how long records are kept',
    answers: { 200: RetentionPolicyAnswer },
    errors: [],
  });
  api.get('/retention/policy', { schema: policy }, () => retention.policy);
  const holds = requestSchema({
    tag,
    id: 'listLegalHolds',
    access: accessTo('READ'),
    summary: 'List the legal holds in force',
    answers: { 200: LegalHoldsAnswer },
    errors: [],
  });
  api.get('/retention/holds', { schema: holds }, async () => {
    return { items: await retention.holds() };
  });
}

function holdRoutes(api: FastifyInstance, { retention, run }: RetentionRouteParts): void {
  const place = commandSchema({
    tag,
    id: 'placeLegalHold',
    access: accessTo('CREATE'),
    summary: 'Place a legal hold: whom it names is not erased while it is in force',
    body: SubjectReasonRequest,
    answers: { 201: confirmationOf('LegalHoldConfirmation', { holdId: Type.String() }) },
    errors: ['SUBJECT_ERASED'],
  });
  api.post<{ Body: SubjectReasonRequest }>(
    '/retention/holds',
    { schema: place },
    (request, reply) => {
      const holdId = newHoldId();
      const { subject, reason } = request.body;
      return run(request, reply, {
        subject: holdId,
        success: { status: 201, names: { holdId } },
        handle: (options) => retention.placeHold({ holdId, subject, reason }, options),
      });
    },
  );
  const release = commandSchema({
    tag,
    id: 'releaseLegalHold',
    access: accessTo('UPDATE'),
    summary: 'Release a legal hold',
    params: Type.Object({ holdId: HoldIdIn }),
    body: HoldReasonRequest,
    answers: { 200: Confirmation },
    errors: ['HOLD_UNKNOWN'],
  });
  api.post<{ Body: HoldReasonRequest; Params: { readonly holdId: HoldId } }>(
    '/retention/holds/:holdId/release',
    { schema: release },
    (request, reply) => {
      const { holdId } = request.params;
      return run(request, reply, {
        subject: holdId,
        success: { status: 200, names: {} },
        handle: (options) => retention.releaseHold(holdId, request.body.reason, options),
      });
    },
  );
}

function erasureRoute(api: FastifyInstance, { retention, run }: RetentionRouteParts): void {
  const schema = commandSchema({
    tag,
    id: 'eraseSubject',
    access: accessTo('CANCEL'),
    summary:
      'Erase the owner of an account: what is recorded of the person becomes unreadable for ever',
    description:
      'The key under which names and the like are stored is destroyed. The record itself stays as it is, and ' +
      'proves itself as before. Users are erased at /api/users.',
    body: EraseSubjectRequest,
    answers: { 200: Confirmation },
    errors: ['SUBJECT_UNKNOWN', 'LEGAL_HOLD', 'RETENTION_IN_FORCE', 'KEYS_UNAVAILABLE'],
  });
  api.post<{ Body: EraseSubjectRequest }>('/retention/erasures', { schema }, (request, reply) => {
    const { subject, reason } = request.body;
    return run(request, reply, {
      subject,
      success: { status: 200, names: {} },
      handle: (options) => retention.erase(subject, reason, options),
    });
  });
}
