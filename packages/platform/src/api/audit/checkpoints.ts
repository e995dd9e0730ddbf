import type { EventLog } from '@counterfoil/event-store';
import { parseCheckpoint, type SealedLog } from '@counterfoil/event-store/log';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { requestSchema } from '../operation.ts';
import { Refusal } from '../problem.ts';
import { requireInLog } from '../read-position.ts';
import {
  auditAccess,
  auditTag,
  CheckpointAnswer,
  ConsistencyAnswer,
  LogKeysAnswer,
  provably,
} from './answers.ts';

export interface CheckpointParts {
  readonly log: Pick<EventLog, 'head'>;
  readonly sealed: SealedLog;
}

/** What is signed over the record, and how one signed state goes on from another. */
export function checkpointRoutes(api: FastifyInstance, parts: CheckpointParts): void {
  const { sealed } = parts;
  checkpointRoute(api, parts);
  consistencyRoute(api, parts);
  const schema = requestSchema({
    tag: auditTag,
    id: 'getLogKeys',
    access: auditAccess,
    summary: 'The keys by which checkpoints are verified',
    answers: { 200: LogKeysAnswer },
    errors: [],
  });
  api.get('/audit/keys', { schema }, () => ({
    origin: sealed.origin,
    keys: [...sealed.publicKeys()],
  }));
}

function checkpointRoute(api: FastifyInstance, { log, sealed }: CheckpointParts): void {
  const schema = requestSchema({
    tag: auditTag,
    id: 'getCheckpoint',
    access: auditAccess,
    summary: 'The newest checkpoint',
    description:
      'A signed note of C2SP as plain text; as JSON, with what it says, for Accept: application/json. ' +
      'Keep it somewhere else: later checkpoints have to go on from it.',
    query: {
      minSize: Type.Optional(
        Type.Integer({ minimum: 1, description: 'Wait until it covers so many entries' }),
      ),
    },
    answers: { 200: CheckpointAnswer },
    errors: ['POSITION_BEYOND_LOG', 'NOT_SEALED_YET'],
  });
  api.get<{ Querystring: { readonly minSize?: number } }>(
    '/audit/checkpoint',
    { schema },
    async ({ query, headers }, reply) => {
      await requireInLog(log, query.minSize);
      const note = await provably(() => sealed.checkpoint(query.minSize));
      if (headers.accept?.includes('application/json') !== true) {
        return reply.type('text/plain; charset=utf-8').send(note);
      }
      const { origin, size, root } = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
      return { origin, size, root: Buffer.from(root).toString('base64'), note };
    },
  );
}

function consistencyRoute(api: FastifyInstance, { log, sealed }: CheckpointParts): void {
  const schema = requestSchema({
    tag: auditTag,
    id: 'getConsistencyProof',
    access: auditAccess,
    summary: 'Prove that the record of one size goes on from that of another',
    query: {
      from: Type.Integer({ minimum: 1, description: 'Size of the earlier checkpoint' }),
      to: Type.Integer({ minimum: 1, description: 'Size of the later one' }),
    },
    answers: { 200: ConsistencyAnswer },
    errors: ['RANGE_INVALID', 'POSITION_BEYOND_LOG', 'RECORD_ALTERED', 'NOT_SEALED_YET'],
  });
  api.get<{ Querystring: { readonly from: number; readonly to: number } }>(
    '/audit/consistency',
    { schema },
    async ({ query: { from, to } }) => {
      if (from > to) throw new Refusal('RANGE_INVALID', `"from" is ${from} and "to" is ${to}.`);
      await requireInLog(log, to);
      const hashes = await provably(() => sealed.consistency(from, to));
      return { from, to, hashes: hashes.map((hash) => Buffer.from(hash).toString('base64')) };
    },
  );
}
