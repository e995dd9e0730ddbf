import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Intake } from '../../capture/intake.ts';
import { TradeRecordRequest } from '../../domain/trade-records/contract.ts';
import { describeRejection } from '../../ledger/describe-rejection.ts';
import { fingerprintOf, keyReused, parseIdempotencyKey } from '../idempotency.ts';
import { intakeSchema } from '../operation.ts';
import { causeOf } from '../principal.ts';
import { Refusal } from '../problem.ts';

const TradeAccepted = Type.Object(
  {
    request_id: Type.String({ format: 'uuid' }),
    status: Type.Enum(['PENDING']),
    trade_id: Type.String(),
  },
  { title: 'TradeAccepted' },
);

/** Takes a trade in. What is answered with 202 is durable, and has its outcome in the end. */
export function captureRoute(api: FastifyInstance, { intake }: { readonly intake: Intake }): void {
  const schema = intakeSchema({
    tag: 'Trade capture',
    id: 'captureTrade',
    access: { resource: 'trades', permission: 'CREATE' },
    summary: 'Take in a record of a trade',
    description:
      'Accepted records wait in a durable queue, and are decided on in the order of acceptance, trade by ' +
      'trade. The Location says where the outcome is. What can be known to be refused is refused at once.',
    body: TradeRecordRequest,
    answers: { 202: TradeAccepted },
    errors: ['TRADE_MATURED', 'TRADE_VERSION_LOWER'],
  });
  api.post<{ Body: TradeRecordRequest }>('/trades', { schema }, async (request, reply) => {
    const { body: trade, headers } = request;
    const key = headers['idempotency-key'];
    const once =
      key === undefined
        ? undefined
        : {
            key: `http ${request.principal.id} POST /trades ${parseIdempotencyKey(String(key))}`,
            fingerprint: fingerprintOf(JSON.stringify(trade)),
          };
    // A repetition is answered as the first was, whatever has become known since.
    const rejection = once === undefined ? intake.foresee(trade) : undefined;
    if (rejection !== undefined) {
      throw new Refusal(rejection.code, describeRejection(rejection, trade.trade_id));
    }
    const [accepted] = await intake.accept([{ trade, once }], causeOf(request));
    if (accepted === undefined) throw new Error('a request had no answer');
    if (accepted.kind === 'repeated') {
      if (accepted.fingerprint !== once?.fingerprint) throw keyReused();
      void reply.header('idempotency-replayed', 'true');
    }
    const { id } = accepted;
    return reply
      .code(202)
      .header('location', `/api/v1/requests/${id}`)
      .send({ request_id: id, status: 'PENDING', trade_id: trade.trade_id });
  });
}
