import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Config } from '@counterfoil/platform/src/config.ts';
import { adminPassword, makeApiKey } from './api-key.ts';

/** A server in a process of its own. */
export interface HttpServer {
  readonly url: string;
  /** What requests to it have to carry; empty where it does not ask. */
  readonly headers: Readonly<Record<string, string>>;
  readonly pid: number;
  stop(): Promise<void>;
}

/** The product as `npm start` starts it, on a free port. */
export async function startCounterfoil(config: Config): Promise<HttpServer> {
  const program = path.join(import.meta.dirname, '../../packages/platform/bin/counterfoil.js');
  const server = await start([program, 'serve'], settingsOf(config));
  return { ...server, headers: { authorization: `Bearer ${await makeApiKey(server.url)}` } };
}

/** The same with, or without, a record of each decision on access. */
export async function startAudited(config: Config, isRecorded: boolean): Promise<HttpServer> {
  const program = path.join(import.meta.dirname, 'audited.program.ts');
  const server = await start([program, isRecorded ? 'recorded' : 'not'], settingsOf(config));
  return { ...server, headers: { authorization: `Bearer ${await makeApiKey(server.url)}` } };
}

function settingsOf({ dataDirectory, store, bus }: Config): Readonly<Record<string, string>> {
  return {
    COUNTERFOIL_ADMIN_PASSWORD: adminPassword,
    COUNTERFOIL_PORT: '0',
    COUNTERFOIL_LOG_LEVEL: 'warn',
    COUNTERFOIL_DATA_DIR: dataDirectory,
    COUNTERFOIL_STORE: store.kind === 'postgres' ? store.connectionString : store.kind,
    COUNTERFOIL_BUS: bus.kind === 'kafka' ? `kafka://${bus.brokers.join(',')}` : bus.kind,
  };
}

export function startEcho(): Promise<HttpServer> {
  return start([path.join(import.meta.dirname, 'echo.program.ts')]);
}

/** Resolves once the program has said where it listens. */
async function start(
  program: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<HttpServer> {
  // With the flags of this process, which are those of `npm start`.
  const child = spawn(process.execPath, [...process.execArgv, ...program], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  // Whatever ends this process early, the server must not outlive it.
  process.once('exit', () => child.kill());
  const url = await new Promise<string>((resolve, reject) => {
    void ended.then(() => reject(new Error(`${program.join(' ')} ended before it listened`)));
    createInterface(child.stdout).on('line', (line) => {
      const [, address] = /listens on (http:\S+)/.exec(line) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
  return {
    url,
    headers: {},
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}
