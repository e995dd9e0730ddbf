import { formatInstant, instantFromMilliseconds } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Outcomes } from '../../capture/outcomes.ts';
import { RequestAnswer } from '../../domain/trade-records/contract.ts';
import type { Request, RequestId } from '../../requests/request-store.ts';
import { requestSchema } from '../operation.ts';
import { Refusal } from '../problem.ts';

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const idsMax = 200;
const waitMsMax = 30_000;

const expectedIds = `1 to ${idsMax} ids of requests with commas between them`;
const expectedWait = 'a time up to 30s, such as "5s" or "250ms"';

/** What became of requests. */
export function requestRoutes(
  api: FastifyInstance,
  { outcomes }: { readonly outcomes: Outcomes },
): void {
  const schema = requestSchema({
    tag: 'Trade capture',
    id: 'getRequest',
    access: { resource: 'requests', permission: 'READ' },
    summary: 'What became of a request',
    params: Type.Object({
      request_id: Type.String({ pattern: `^${uuid}$`, 'x-expected': 'the id of a request' }),
    }),
    query: {
      wait: Type.Optional(
        Type.String({
          pattern: '^\\d{1,5}(ms|s)$',
          'x-expected': expectedWait,
          description: 'How long to wait for the outcome while it is pending, at most 30s',
        }),
      ),
    },
    answers: { 200: RequestAnswer },
    errors: ['REQUEST_UNKNOWN'],
  });
  api.get<{ Params: { request_id: RequestId }; Querystring: { wait?: string } }>(
    '/requests/:request_id',
    { schema },
    async ({ params: { request_id: id }, query: { wait } }) => {
      const request = await outcomes.wait(id, wait === undefined ? 0 : millisecondsOf(wait));
      if (request === undefined) {
        throw new Refusal('REQUEST_UNKNOWN', `There is no request ${id}, or none any more.`);
      }
      return requestAnswer(request);
    },
  );
  const listed = requestSchema({
    tag: 'Trade capture',
    id: 'getRequests',
    access: { resource: 'requests', permission: 'READ' },
    summary: 'What became of many requests',
    query: {
      ids: Type.String({
        pattern: `^${uuid}(,${uuid}){0,${idsMax - 1}}$`,
        'x-expected': expectedIds,
        description: expectedIds,
      }),
    },
    answers: {
      200: Type.Object(
        {
          items: Type.Array(RequestAnswer),
          unknown: Type.Array(Type.String(), { description: 'Ids that no request has' }),
        },
        { title: 'RequestList' },
      ),
    },
    errors: [],
  });
  api.get<{ Querystring: { ids: string } }>('/requests', { schema: listed }, async ({ query }) => {
    const ids = query.ids.split(',') as RequestId[];
    const found = await outcomes.find(ids);
    return {
      items: found
        .flatMap((request) => request && requestAnswer(request))
        .filter((one) => one !== undefined),
      unknown: ids.filter((_, place) => found[place] === undefined),
    };
  });
}

function millisecondsOf(wait: string): number {
  const given = Number.parseInt(wait, 10) * (wait.endsWith('ms') ? 1 : 1_000);
  return Math.min(given, waitMsMax);
}

function requestAnswer(request: Request): RequestAnswer {
  const { id, acceptedAtMs, expiresAtMs, outcome, heldBecause } = request;
  const failed = outcome?.status === 'FAILED' ? outcome : undefined;
  return {
    request_id: id,
    status: outcome?.status ?? 'PENDING',
    trade_ids: [...(outcome?.tradeIds ?? [])],
    code: failed?.code ?? null,
    reason: failed?.reason ?? null,
    accepted_at: instantText(acceptedAtMs),
    settled_at: outcome === undefined ? null : instantText(outcome.settledAtMs),
    expires_at: instantText(expiresAtMs),
    held_because: heldBecause ?? null,
    position: outcome?.position ?? null,
  };
}

function instantText(milliseconds: number): string {
  return formatInstant(instantFromMilliseconds(milliseconds));
}
