import { formatInstant } from '@counterfoil/event-store';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import type { DeadLetterDesk, Letter } from '../../capture/dead-letter-desk.ts';
import { tradesTopic } from '../../capture/trade-message.ts';
import { ReasonRequest } from '../../domain/accounts/contract.ts';
import { InstantText } from '../../domain/calendar/contract.ts';
import { actSchema, requestSchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { causeOf } from '../principal.ts';
import { Refusal } from '../problem.ts';

const TextOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] });

const DeadLetterAnswer = Type.Object(
  {
    id: Type.String(),
    topic: Type.String(),
    key: Type.String(),
    cause: Type.String({ description: 'What its last attempt ended with' }),
    attempts: Type.Integer(),
    request_id: TextOrNull,
    message: Type.String({ description: 'What it says, as text' }),
    resolution: Type.Union(
      [
        Type.Object({
          kind: Type.Enum(['REPROCESSED', 'DISCARDED']),
          reason: Type.String(),
          by: Type.String(),
          at: InstantText,
        }),
        Type.Null(),
      ],
      { description: 'What an operator did about it; null while nothing was done' },
    ),
  },
  { title: 'DeadLetter' },
);

const letterParams = Type.Object({
  letter_id: Type.String({ pattern: '^\\d{1,6}-\\d{1,15}$', 'x-expected': 'an id such as "0-17"' }),
});

/** Messages that could not be handled, and what operators do about them. */
export function deadLetterRoutes(
  api: FastifyInstance,
  { deadLetters }: { readonly deadLetters: DeadLetterDesk },
): void {
  const listed = requestSchema({
    tag: 'Dead letters',
    id: 'listDeadLetters',
    access: { resource: 'dead-letters', permission: 'READ' },
    summary: 'List trades that could not be handled, the oldest first in each partition',
    query: pageQuery,
    answers: { 200: pageOf('DeadLetterPage', DeadLetterAnswer) },
    errors: ['CURSOR_INVALID'],
  });
  api.get<{ Querystring: PageQuery }>('/dead-letters', { schema: listed }, async ({ query }) => {
    const { after, limit } = pageRequestOf(query, [0, 0]);
    const place = after && { partition: after[0], offset: after[1] };
    const letters = await deadLetters.list(tradesTopic, place, limit + 1);
    return pageFrom(letters, limit, letterAnswer, ({ id }) => id.split('-').map(Number));
  });

  const find = async (id: string): Promise<Letter> => {
    const letter = await deadLetters.find(tradesTopic, id);
    if (letter !== undefined) return letter;
    throw new Refusal('DEAD_LETTER_UNKNOWN', `There is no dead letter ${id}.`);
  };

  const single = requestSchema({
    tag: 'Dead letters',
    id: 'getDeadLetter',
    access: { resource: 'dead-letters', permission: 'READ' },
    summary: 'A trade that could not be handled, with its message',
    params: letterParams,
    answers: { 200: DeadLetterAnswer },
    errors: ['DEAD_LETTER_UNKNOWN'],
  });
  api.get<{ Params: { letter_id: string } }>(
    '/dead-letters/:letter_id',
    { schema: single },
    async ({ params }) => letterAnswer(await find(params.letter_id)),
  );

  const act = (
    path: 'reprocess' | 'discard',
    id: string,
    summary: string,
    description: string,
  ): void => {
    const schema = actSchema({
      tag: 'Dead letters',
      id,
      access: { resource: 'dead-letters', permission: 'UPDATE' },
      summary,
      description,
      params: letterParams,
      body: ReasonRequest,
      answers: { 200: DeadLetterAnswer },
      errors: ['DEAD_LETTER_UNKNOWN', 'DEAD_LETTER_RESOLVED'],
    });
    type Acting = { Params: { letter_id: string }; Body: ReasonRequest };
    api.post<Acting>(
      `/dead-letters/:letter_id/${path}`,
      { schema },
      async (request: FastifyRequest<Acting>) => {
        const { params, body } = request;
        const letter = await find(params.letter_id);
        return letterAnswer(await deadLetters[path](letter, body.reason, causeOf(request)));
      },
    );
  };
  act(
    'reprocess',
    'reprocessDeadLetter',
    'Handle the trade once more, as it was',
    'What was booked already is not booked again, so that this may be repeated.',
  );
  act(
    'discard',
    'discardDeadLetter',
    'Give the trade up: its request fails for the reason',
    'Not where the trade is in the log already.',
  );
}

function letterAnswer(letter: Letter): Static<typeof DeadLetterAnswer> {
  const { id, topic, key, cause, attempts, requestId, value, resolution } = letter;
  return {
    id,
    topic,
    key,
    cause,
    attempts,
    request_id: requestId ?? null,
    message: Buffer.from(value).toString(),
    resolution:
      resolution === undefined ? null : { ...resolution, at: formatInstant(resolution.at) },
  };
}
