import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseInstant, type Clock, type Instant } from '@counterfoil/event-store';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { loadConfig } from '../config.ts';
import { startPlatform, type Platform, type PlatformOverrides } from '../platform.ts';
import { serverParts } from '../server-parts.ts';
import type { Call } from './error-examples.ts';
import type { Principal } from './principal.ts';
import { buildServer, type ServerParts } from './server.ts';

/** Other stores than the embedded ones, as the configuration names them. */
interface StoresUnderTest {
  readonly environment?: Readonly<Record<string, string>>;
  /** With settings. */
  readonly file?: string;
  readonly overrides?: Omit<PlatformOverrides, 'clock'>;
}

/** Who sends the requests of tests that are about something else: somebody who may do everything. */
export const somebody: Principal = {
  id: 'local',
  how: 'PASSWORD',
  roles: ['ADMIN'],
  accounts: [],
  permissions: undefined,
  sessionId: undefined,
};

/**
 * The whole program on a real SQLite file, with a clock that the test sets. It asks for no credentials and
 * records no decisions, unless a test gives it other parts.
 */
export interface ServerFixture {
  readonly server: FastifyInstance;
  readonly platform: Platform;
  setTime(text: string): void;
  call(call: Call): Promise<LightMyRequestResponse>;
  /** As `call`, and expects a success. */
  done(call: Call): Promise<LightMyRequestResponse>;
  /** The last position of the log. */
  head(): Promise<number>;
  /** Another server on the same program, with some of its parts replaced. */
  withParts(parts: Partial<ServerParts>): Promise<FastifyInstance>;
  close(): Promise<void>;
}

export async function openServer({
  environment,
  file,
  overrides,
}: StoresUnderTest = {}): Promise<ServerFixture> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-api-'));
  let now = instantOf('2026-11-20T15:00:00Z');
  const clock: Clock = () => now;
  const config = loadConfig({
    environment: { ...environment, COUNTERFOIL_DATA_DIR: directory },
    file,
  });
  const platform = await startPlatform(config, { ...overrides, clock });
  const parts: ServerParts = {
    ...serverParts(platform, pino({ level: 'silent' })),
    authenticate: () => somebody,
    decisions: undefined,
    frontDoor: {},
    // Test files that start side by side keep each other waiting for longer than users would.
    eventLoopDelayMsMax: 0,
  };
  const servers: FastifyInstance[] = [];
  const withParts = async (replaced: Partial<ServerParts>): Promise<FastifyInstance> => {
    const server = await buildServer({ ...parts, ...replaced });
    servers.push(server);
    return server;
  };
  const server = await withParts({});
  const call = (one: Call) => server.inject(injected(one));
  return {
    server,
    platform,
    setTime: (text) => {
      now = instantOf(text);
    },
    call,
    done: async (one) => {
      const response = await call(one);
      if (response.statusCode < 300) return response;
      throw new Error(`${one.request}: ${response.statusCode} ${response.body}`);
    },
    head: async () => (await platform.store.head()).position,
    withParts,
    close: async () => {
      for (const each of servers) await each.close();
      await platform.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function injected({ request, headers = {}, body }: Call): InjectOptions {
  const [method, url] = request.split(' ') as ['GET', string];
  return {
    method,
    url,
    headers:
      body === undefined ? headers : { 'content-type': 'application/json', ...lower(headers) },
    ...(body === undefined ? {} : { payload: body }),
  };
}

function lower(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function instantOf(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === undefined) throw new RangeError(`${text} is no instant`);
  return instant;
}
