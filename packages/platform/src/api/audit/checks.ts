import type { EventStore } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { recordChecksStream } from '../../domain/record/events.ts';
import type { LogCheckedEvent, RecordChecks } from '../../record/checks.ts';
import { actSchema, requestSchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { causeOf } from '../principal.ts';
import { Refusal } from '../problem.ts';
import { auditAccess, auditTag, checkAnswer, CheckAnswer } from './answers.ts';

export interface CheckParts {
  readonly checks: RecordChecks;
  readonly log: Pick<EventStore, 'readStream'>;
}

/** Checks of the whole record, and what came of those before. */
export function checkRoutes(api: FastifyInstance, { checks, log }: CheckParts): void {
  const posted = actSchema({
    tag: auditTag,
    id: 'checkRecord',
    access: auditAccess,
    summary: 'Hold every entry of the record against its seal',
    description:
      'It answers when it is done, and its outcome is in the record: about 10 s a million entries.',
    answers: { 200: CheckAnswer },
    errors: ['CHECK_UNDER_WAY'],
  });
  const check = async (userId: string) => {
    const checked = checks.begin(userId);
    if (checked === undefined) {
      throw new Refusal('CHECK_UNDER_WAY', 'A check was begun that has not ended.');
    }
    return checkAnswer(await checked);
  };
  api.post('/audit/checks', { schema: posted }, (request) => check(causeOf(request).userId));

  const listed = requestSchema({
    tag: auditTag,
    id: 'listChecks',
    access: auditAccess,
    summary: 'List checks of the record, the first first',
    query: pageQuery,
    answers: { 200: pageOf('RecordCheckPage', CheckAnswer) },
    errors: ['CURSOR_INVALID'],
  });
  api.get<{ Querystring: PageQuery }>('/audit/checks', { schema: listed }, async ({ query }) => {
    const { after: [seen] = [0], limit } = pageRequestOf(query, [0]);
    const events = await log.readStream(recordChecksStream, { from: seen + 1, limit: limit + 1 });
    return pageFrom(events as readonly LogCheckedEvent[], limit, checkAnswer, ({ version }) => [
      version,
    ]);
  });
}
