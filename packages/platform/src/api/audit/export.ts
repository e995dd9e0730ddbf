import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  ExportRangeInvalid,
  exportLog,
  type ExportedLog,
  type ExportRange,
  type LogExport,
} from '../../record/export/export-log.ts';
import { optional, requestSchema } from '../operation.ts';
import { Refusal } from '../problem.ts';
import { auditAccess, auditTag, provably } from './answers.ts';

const mediaType = 'application/x-ndjson';

const exportQuery = {
  from: optional(Type.Integer({ minimum: 1 }), 'The first entry; 1 when left out'),
  until: optional(
    Type.Integer({ minimum: 1 }),
    'The last entry; the last that is sealed when left out',
  ),
};

/** The record as a stream that the offline verifier takes (RC-02). */
export function exportRoute(
  api: FastifyInstance,
  { sealed }: { readonly sealed: ExportedLog },
): void {
  const documented = requestSchema({
    tag: auditTag,
    id: 'exportRecord',
    access: auditAccess,
    summary: 'Export the record, or a part of it, to be verified offline',
    description:
      'Entries as they were sealed, with the checkpoint that signs them. An export that was broken off ' +
      'lacks its last checkpoint, and does not verify.',
    query: exportQuery,
    answers: {},
    errors: ['RANGE_INVALID', 'RECORD_ALTERED', 'NOT_SEALED_YET'],
  });
  const content = { [mediaType]: { schema: Type.String() } };
  const schema = {
    ...documented,
    response: {
      ...(documented.response as object),
      200: { description: 'The export, line by line', content },
    },
  };
  api.get<{ Querystring: ExportRange }>('/audit/export', { schema }, async ({ query }, reply) => {
    const started = await provably(() => begin(sealed, query));
    const { from, to } = started;
    void reply
      .type(mediaType)
      .header('Content-Disposition', `attachment; filename="record-${from}-${to}.jsonl"`);
    return Readable.from(textOf(started), { objectMode: false });
  });
}

async function begin(log: ExportedLog, range: ExportRange): Promise<LogExport> {
  try {
    return await exportLog(log, range);
  } catch (failure) {
    if (!(failure instanceof ExportRangeInvalid)) throw failure;
    const { message } = failure;
    throw new Refusal('RANGE_INVALID', `${message.charAt(0).toUpperCase()}${message.slice(1)}.`);
  }
}

async function* textOf({ pieces }: LogExport): AsyncGenerator<string, void, void> {
  for await (const { text } of pieces()) yield text;
}
