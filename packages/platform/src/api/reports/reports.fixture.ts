import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseInstant, type Instant } from '@counterfoil/event-store';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { loadConfig } from '../../config.ts';
import type { ReportJobAnswer } from '../../domain/reports/contract.ts';
import { startPlatform, type Platform } from '../../platform.ts';
import { serverParts } from '../../server-parts.ts';
import type { Call } from '../error-examples.ts';
import { injected, somebody } from '../server.fixture.ts';
import { buildServer, type ServerParts } from '../server.ts';

/** The whole program on files that outlive it, with a clock that the test sets. */
export interface ReportsUnderTest {
  readonly directory: string;
  readonly platform: () => Platform;
  setTime(text: string): void;
  /** Sent by a user, who may do everything. */
  call(call: Call, user?: string): Promise<LightMyRequestResponse>;
  /** As `call`, and expects a success. */
  done(call: Call, user?: string): Promise<LightMyRequestResponse>;
  report(nameAndQuery: string, user?: string): Promise<LightMyRequestResponse>;
  /** The job, once it has one of the states. */
  job(id: string, ...states: readonly string[]): Promise<ReportJobAnswer>;
  /** Stops, does something to the files if wanted, and starts again. */
  restart(meanwhile?: () => void | Promise<void>): Promise<void>;
  /** Another server on the same program, with some of its parts replaced. */
  withParts(parts: Partial<ServerParts>): Promise<FastifyInstance>;
  close(): Promise<void>;
}

export async function openReports(settings: object = {}): Promise<ReportsUnderTest> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-reports-'));
  const file = path.join(directory, 'settings.json');
  await writeFile(file, JSON.stringify({ reports: settings }));
  let now = instantOf('2026-11-20T15:00:00Z');
  let user = somebody.id;

  const start = async () => {
    const environment = { COUNTERFOIL_DATA_DIR: path.join(directory, 'data') };
    const config = loadConfig({ environment, file });
    const platform = await startPlatform(config, { clock: () => now });
    const parts: ServerParts = {
      ...serverParts(platform, pino({ level: 'silent' })),
      authenticate: () => ({ ...somebody, id: user }),
      decisions: undefined,
      frontDoor: {},
    };
    return { platform, parts, servers: [await buildServer(parts)] };
  };

  const stop = async (): Promise<void> => {
    for (const server of running.servers) await server.close();
    await running.platform.close();
  };

  let running = await start();
  const call = async (one: Call, by = somebody.id): Promise<LightMyRequestResponse> => {
    for (;;) {
      // Who sends it is asked while it is injected.
      user = by;
      const response = await running.servers[0]!.inject(injected(one));
      // A machine that is busy with other tests sheds load, which is not what is tested here.
      if (!response.body.includes('"code":"OVERLOADED"')) return response;
      await sleep(100);
    }
  };

  const done = async (one: Call, by?: string): Promise<LightMyRequestResponse> => {
    const response = await call(one, by);
    if (response.statusCode < 300) return response;
    throw new Error(`${one.request}: ${response.statusCode} ${response.body}`);
  };

  return {
    directory,
    platform: () => running.platform,
    setTime: (text) => {
      now = instantOf(text);
    },
    call,
    done,
    report: (nameAndQuery, by) => call({ request: `GET /api/v1/reports/${nameAndQuery}` }, by),
    job: async (id, ...states) => {
      for (;;) {
        const response = await done({ request: `GET /api/v1/reports/jobs/${id}` });
        const job = response.json<ReportJobAnswer>();
        if (states.includes(job.status)) return job;
        await sleep(10);
      }
    },
    restart: async (meanwhile = () => {}) => {
      await stop();
      await meanwhile();
      running = await start();
    },
    withParts: async (replaced) => {
      const server = await buildServer({ ...running.parts, ...replaced });
      running.servers.push(server);
      return server;
    },
    close: async () => {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A log that has something in it: of nothing there is no checkpoint. */
export async function beginLog({ done }: ReportsUnderTest): Promise<void> {
  const body = { symbol: 'FIRST', name: 'First', currency: 'USD' };
  await done({ request: 'POST /api/v1/instruments', body });
}

/** Two accounts, three trades of which one is large, one cancelled and one refused, and a dividend. */
export async function fillBooks({ done, call, platform }: ReportsUnderTest): Promise<void> {
  const post = (where: string, body: object) => done({ request: `POST /api/v1/${where}`, body });
  await post('instruments', { symbol: 'AAPL', name: 'Apple Inc.', currency: 'USD' });
  await post('instruments', { symbol: 'SAP', name: 'SAP SE', currency: 'EUR' });
  for (const [accountId, currency] of [
    ['A1', 'USD'],
    ['A2', 'EUR'],
  ]) {
    const owner = { ownerName: '=Ada Lovelace', ownerKind: 'INDIVIDUAL' };
    const terms = { currency, initialBalance: '100000', openedOn: '2026-01-02' };
    await post('accounts', { accountId, ...owner, ...terms });
  }
  const buy = { side: 'BUY', symbol: 'AAPL' };
  await post('accounts/A1/orders', {
    ...buy,
    tradeId: '-T1',
    quantity: '100',
    price: '100',
    tradeDate: '2026-11-02',
  });
  await post('accounts/A1/orders', {
    ...buy,
    tradeId: 'T2',
    quantity: '10',
    price: '101',
    tradeDate: '2026-11-10',
  });
  await post('accounts/A1/trades/T2/cancel', { reason: '=1+1' });
  await post('accounts/A2/orders', {
    side: 'BUY',
    symbol: 'SAP',
    tradeId: 'T3',
    quantity: '50',
    price: '200.01',
    tradeDate: '2026-11-03',
  });
  await call({
    request: 'POST /api/v1/accounts/A1/orders',
    body: { ...buy, tradeId: 'T4', quantity: '100000', price: '100', tradeDate: '2026-11-11' },
  });
  await post('events', {
    event_type: 'DIVIDEND',
    symbol: 'AAPL',
    ex_date: '2026-11-06',
    record_date: '2026-11-09',
    payment_date: '2026-11-12',
    terms: { amount: '0.25' },
  });
  const { store, projector } = platform();
  // The dividend is posted beside the tests, in its own time.
  for (;;) {
    const { position } = await store.head();
    await projector.waitFor(position, 5_000);
    const [event] = (await done({ request: 'GET /api/v1/events' })).json<{
      items: { status: string }[];
    }>().items;
    if (event?.status === 'COMPLETED') return;
    await sleep(10);
  }
}

function instantOf(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === undefined) throw new RangeError(`${text} is no instant`);
  return instant;
}
