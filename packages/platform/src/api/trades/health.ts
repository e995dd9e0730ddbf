import type { EventLog } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import type { RequestStore } from '../../requests/request-store.ts';
import { downstreams, type Breakers, type Downstream } from '../../resilience/breakers.ts';
import { requestSchema } from '../operation.ts';

const Part = Type.Enum(['ok', 'down']);

const PartsHealth = Type.Object(
  {
    status: Type.Enum(['ok', 'degraded']),
    db: Part,
    kafka: Part,
    open_breakers: Type.Optional(
      Type.Array(Type.Enum(downstreams), {
        description:
          'Parts that failed too often and are left alone for a while; absent when none is',
      }),
    ),
  },
  {
    title: 'PartsHealth',
    description:
      'db: the log and the accepted requests can be read. kafka: the queue answers, be it Kafka or ' +
      'the embedded bus. While one is down the other goes on working.',
  },
);
type PartsHealth = Static<typeof PartsHealth>;

export interface PartsHealthParts {
  readonly log: Pick<EventLog, 'head'>;
  readonly requests: Pick<RequestStore, 'check'>;
  readonly trades: { backlog(): Promise<number> };
  readonly breakers: Pick<Breakers, 'states'>;
}

const answerMsMax = 2_000;

/** Which parts work (TC-05). It answers 200 as long as the process can answer. */
export function partsHealthRoute(
  api: FastifyInstance,
  { log, requests, trades, breakers }: PartsHealthParts,
): void {
  const schema = requestSchema({
    tag: 'Health',
    id: 'getPartsHealth',
    access: 'public',
    summary: 'Which parts work?',
    answers: { 200: PartsHealth },
    errors: [],
  });
  api.get('/health', { schema }, async (): Promise<PartsHealth> => {
    const [db, kafka] = await Promise.all([
      works(Promise.all([log.head(), requests.check()])),
      works(trades.backlog()),
    ]);
    const open = openOf(breakers);
    const status = db === 'ok' && kafka === 'ok' && open.length === 0 ? 'ok' : 'degraded';
    return { status, db, kafka, ...(open.length === 0 ? {} : { open_breakers: open }) };
  });
}

function openOf(breakers: PartsHealthParts['breakers']): Downstream[] {
  const states = breakers.states();
  return downstreams.filter((name) => states[name].state === 'OPEN');
}

async function works(asked: Promise<unknown>): Promise<'ok' | 'down'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'down'>((resolve) => {
    timer = setTimeout(resolve, answerMsMax, 'down');
  });
  const answered = asked.then(
    () => 'ok' as const,
    () => 'down' as const,
  );
  const result = await Promise.race([answered, late]);
  clearTimeout(timer);
  return result;
}
