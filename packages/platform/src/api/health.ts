import { formatInstant, type EventLog } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import type { RecordState, SealedRecord } from '../record/sealed-record.ts';
import { downstreams, type Breakers, type BreakerStates } from '../resilience/breakers.ts';
import type { Projected } from './read-position.ts';

const BreakerHealth = Type.Object(
  {
    state: Type.Enum(['CLOSED', 'OPEN', 'HALF_OPEN']),
    failures: Type.Integer({ description: 'Outages within the window that is set' }),
    since: Type.String({ format: 'date-time', description: 'When the state became this' }),
    lastFailure: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description:
        'The name of it: its message is in the log of the program, and at /api/v1/metrics',
    }),
  },
  {
    description:
      'OPEN: the part has failed so often that it is left alone. HALF_OPEN: the next work that needs it is ' +
      'its trial.',
  },
);

const Health = Type.Object(
  {
    status: Type.Enum(['ready', 'not-ready']),
    live: Type.Boolean(),
    ready: Type.Boolean(),
    store: Type.Object({
      status: Type.Enum(['up', 'down']),
      position: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
    }),
    projections: Type.Object({
      status: Type.Enum(['following', 'stopped']),
      position: Type.Integer(),
      lag: Type.Unsafe<number | null>({
        type: ['integer', 'null'],
        description: 'Events that the read models have yet to see',
      }),
    }),
    record: Type.Object({
      status: Type.Enum(['sealing', 'stopped', 'refused'], {
        description:
          'stopped: sealing is tried again. refused: the log does not go on from what was signed before, ' +
          'and is sealed no more until an operator has found out why',
      }),
      sealedUpTo: Type.Integer({ description: 'Entries that are sealed' }),
      refusedFrom: Type.Unsafe<number | null>({
        type: ['integer', 'null'],
        description: 'The first entry that is not what was signed; null unless sealing is refused',
      }),
    }),
    breakers: Type.Object(Object.fromEntries(downstreams.map((name) => [name, BreakerHealth]))),
  },
  { title: 'Health' },
);
type Health = Static<typeof Health>;

export interface HealthParts {
  readonly log: Pick<EventLog, 'head'>;
  readonly projected: Pick<Projected, 'position'> & {
    /** Why the read models stand still; undefined while all is well. */
    failure(): Error | undefined;
  };
  readonly breakers: Pick<Breakers, 'states'>;
  readonly record: Pick<SealedRecord, 'state'>;
}

const storeAnswerMsMax = 2_000;

/** For probes: `/health/live` says that the process answers, `/health` whether it can do its work. */
export function healthRoutes(
  server: FastifyInstance,
  { log, projected, breakers, record }: HealthParts,
): void {
  server.get(
    '/health/live',
    {
      schema: {
        tags: ['Health'],
        operationId: 'isLive',
        summary: 'Is the process alive?',
        'x-access': 'public',
        response: { 200: Type.Object({ live: Type.Boolean() }, { description: 'It is' }) },
      },
    },
    () => ({ live: true }),
  );
  const schema = {
    tags: ['Health'],
    operationId: 'getHealth',
    summary: 'Can the server do its work?',
    'x-access': 'public',
    response: {
      200: { ...Health, 'x-response-description': 'It can' },
      503: { ...Health, 'x-response-description': 'It can not' },
    },
  };
  server.get('/health', { schema }, async (_, reply): Promise<Health> => {
    const head = await Promise.race([log.head().catch(() => undefined), late(storeAnswerMsMax)]);
    const failure = projected.failure();
    const position = projected.position();
    const ready = head !== undefined && failure === undefined;
    void reply.code(ready ? 200 : 503);
    return {
      status: ready ? 'ready' : 'not-ready',
      live: true,
      ready,
      store: { status: head === undefined ? 'down' : 'up', position: head?.position ?? null },
      projections: {
        status: failure === undefined ? 'following' : 'stopped',
        position,
        lag: head === undefined ? null : Math.max(0, head.position - position),
      },
      record: recordHealth(record.state()),
      breakers: breakersHealth(breakers.states()),
    };
  });
}

function recordHealth({ sealedUpTo, failure, refusedFrom }: RecordState): Health['record'] {
  const stands = failure === undefined ? 'sealing' : 'stopped';
  const status = refusedFrom === undefined ? stands : 'refused';
  return { status, sealedUpTo, refusedFrom: refusedFrom ?? null };
}

function breakersHealth(states: BreakerStates): Health['breakers'] {
  return Object.fromEntries(
    Object.entries(states).map(([name, { since, lastFailure, ...state }]) => [
      name,
      { ...state, lastFailure: nameOf(lastFailure), since: formatInstant(since) },
    ]),
  );
}

/** Whoever asks here may be anybody, and messages name files, hosts and accounts. */
function nameOf(failure: string | null): string | null {
  return failure === null ? null : (/^\w+(?=:)/.exec(failure)?.[0] ?? 'Error');
}

function late(afterMs: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, afterMs, undefined).unref();
  });
}
