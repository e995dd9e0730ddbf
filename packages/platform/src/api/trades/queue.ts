import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { TradeService } from '../../capture/trade-service.ts';
import { requestSchema } from '../operation.ts';

const QueueAnswer = Type.Object(
  {
    lag: Type.Integer({ description: 'Records that are accepted and not decided on yet' }),
    partitions: Type.Array(
      Type.Object({
        partition: Type.Integer(),
        end: Type.Integer({ description: 'The offset that the next message will have' }),
        next: Type.Integer({ description: 'The offset that the consumer takes next' }),
      }),
    ),
  },
  { title: 'Queue', description: 'How far behind the consumer of trades is.' },
);

export function queueRoute(
  api: FastifyInstance,
  { progress }: Pick<TradeService, 'progress'>,
): void {
  const schema = requestSchema({
    tag: 'Trade capture',
    id: 'getQueue',
    access: { resource: 'operations', permission: 'READ' },
    summary: 'How far behind is the consumer?',
    answers: { 200: QueueAnswer },
    errors: [],
  });
  api.get('/queue', { schema }, async () => {
    const partitions = await progress();
    return { lag: partitions.reduce((sum, { end, next }) => sum + end - next, 0), partitions };
  });
}
