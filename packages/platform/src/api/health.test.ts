import { instantFromMilliseconds } from '@counterfoil/event-store';
import fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createBreakers, type Breakers } from '../resilience/breakers.ts';
import { BusFailure } from '../streams/bus.ts';
import { healthRoutes } from './health.ts';
import { openServer } from './server.fixture.ts';
import { partsHealthRoute } from './trades/health.ts';

/** Breakers of which one failure is enough, with a clock that stands until the test moves it. */
function breakersAtNoon() {
  let now = Date.parse('2026-11-20T12:00:00Z');
  const breakers = createBreakers({
    settings: { failures: 1, windowSeconds: 60, halfOpenAfterSeconds: 30 },
    clock: () => instantFromMilliseconds(now),
  });
  return {
    breakers,
    pass: (seconds: number) => {
      now += seconds * 1_000;
    },
    failBus: () =>
      breakers
        .run('bus', async () =>
          Promise.reject(new BusFailure('no broker', { cause: 'at 10.0.0.3' })),
        )
        .catch(() => undefined),
  };
}

async function serverWith(breakers: Breakers): Promise<FastifyInstance> {
  const server: FastifyInstance = fastify();
  onTestFinished(() => server.close());
  const log = { head: async () => ({ position: 7 }) as never };
  healthRoutes(server, {
    log,
    projected: { position: () => 7, failure: () => undefined },
    record: {
      state: () => ({ sealedUpTo: 7, failure: undefined, refusedFrom: undefined }),
    },
    breakers,
  });
  const parts = {
    log,
    requests: { check: async () => undefined },
    trades: { backlog: async () => 0 },
    breakers,
  };
  await server.register(async (api) => partsHealthRoute(api, parts), { prefix: '/api/v1' });
  return server;
}

const closed = {
  state: 'CLOSED',
  failures: 0,
  since: '2026-11-20T12:00:00.000Z',
  lastFailure: null,
};

describe('CA-05 the health of a server with circuit breakers', () => {
  test('shows the state of each, and what it failed with, without what lay behind that', async () => {
    const { breakers, pass, failBus } = breakersAtNoon();
    const server = await serverWith(breakers);
    const health = async () => (await server.inject({ url: '/health' })).json();
    expect((await health()).breakers).toEqual({
      bus: closed,
      prices: closed,
      notifications: closed,
      keys: closed,
    });

    pass(5);
    await failBus();

    const open = {
      state: 'OPEN',
      failures: 1,
      since: '2026-11-20T12:00:05.000Z',
      lastFailure: 'BusFailure',
    };
    expect(await health()).toMatchObject({ ready: true, breakers: { bus: open, prices: closed } });
    pass(30);
    expect((await health()).breakers.bus).toEqual({
      ...open,
      state: 'HALF_OPEN',
      since: '2026-11-20T12:00:35.000Z',
    });
  });
});

describe('TC-05, CA-05 the health of the parts', () => {
  test('is degraded while a breaker is open, names it, and else keeps its shape', async () => {
    const { breakers, pass, failBus } = breakersAtNoon();
    const server = await serverWith(breakers);
    const health = async () => (await server.inject({ url: '/api/v1/health' })).json();
    expect(await health()).toEqual({ status: 'ok', db: 'ok', kafka: 'ok' });

    await failBus();
    expect(await health()).toEqual({
      status: 'degraded',
      db: 'ok',
      kafka: 'ok',
      open_breakers: ['bus'],
    });

    pass(30);
    expect(await health()).toEqual({ status: 'ok', db: 'ok', kafka: 'ok' });
  });
});

describe('CA-05 the breaker round the bus of a running program', () => {
  test('opens when the bus is out of order, and not for what the bus refuses', async () => {
    const { platform, done, close } = await openServer();
    onTestFinished(close);
    const { breakers, bus } = platform;
    const failing = async (work: () => Promise<void>): Promise<void> => {
      for (let time = 0; time < 5; time += 1)
        await breakers.run('bus', work).catch(() => undefined);
    };

    await failing(() => bus.publish('no-such-topic', []));
    expect(breakers.states().bus).toMatchObject({ state: 'CLOSED', failures: 0 });
    await failing(async () => Promise.reject(new BusFailure('the bus is away')));
    expect(breakers.states().bus).toMatchObject({ state: 'OPEN', failures: 5 });

    const health = async (url: string) => (await done({ request: `GET ${url}` })).json();
    expect((await health('/health')).breakers.bus.state).toBe('OPEN');
    expect(await health('/api/v1/health')).toMatchObject({ open_breakers: ['bus'] });
  });
});
