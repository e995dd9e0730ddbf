import type { Server as HttpsServer } from 'node:https';
import type { FastifyInstance } from 'fastify';
import { pino, type Logger } from 'pino';
import { followTls } from '../api/front-door/tls.ts';
import { buildServer } from '../api/server.ts';
import { ConfigError } from '../config-error.ts';
import { loadProcessConfig, type Config, type TlsFiles } from '../config.ts';
import { DemoConflict, loadDemo } from '../demo/demo.ts';
import { requestsToTry } from '../demo/requests.ts';
import type { Role } from '../domain/access/events.ts';
import type { AccountId } from '../domain/accounts/events.ts';
import { makeDemoUsers, type DemoUser } from '../identity/demo-tokens.ts';
import { makeFirstAdmin, type FirstAdmin } from '../identity/first-admin.ts';
import { startPlatform, type Platform } from '../platform.ts';
import { serverParts } from '../server-parts.ts';
import { CommandFailure, describeFailure, opening } from './failure.ts';
import { untilInterrupted } from './interruption.ts';
import { openLogger } from './logger.ts';
import { openSecrets } from './open-secrets.ts';
import { count, type Terminal } from './terminal.ts';
import { requireFinished } from './unfinished-restore.ts';

export interface ServeOptions {
  /** The file with settings. */
  readonly config?: string | undefined;
  readonly demo?: boolean | undefined;
}

/** Serves until it is told to stop. */
export async function serve(options: ServeOptions, terminal: Terminal): Promise<number> {
  const config = loadProcessConfig({ file: options.config, demo: options.demo });
  requireGuarded(config);
  await opening(config, () => requireFinished(config));
  const secrets = { settings: options.config, tls: config.tls };
  for (const warning of await openSecrets(secrets)) terminal.tell(warning);
  return untilInterrupted(async (signal) => {
    // Standard output is for people, standard error for machines.
    const logger = openLogger(config.logLevel, pino.destination({ fd: 2, sync: true }));
    const onFailure = (err: unknown): void => logger.warn({ err }, 'failed, and is tried again');
    const platform = await opening(config, () => startPlatform(config, { onFailure }));
    try {
      await serveOn(platform, logger, signal, terminal);
    } finally {
      await platform.close();
    }
    terminal.say('Stopped');
    return 0;
  });
}

async function serveOn(
  platform: Platform,
  logger: Logger,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<void> {
  const { config } = platform;
  const admin = await makeFirstAdmin(platform.identity, config.adminPassword);
  // Whatever goes wrong from here on, he is made, and nobody can find out the password any more.
  if (admin !== undefined) sayAdmin(admin, terminal);
  const server = await listen(platform, logger);
  terminal.say(`Counterfoil listens on ${server.url}`);
  terminal.say(`  API        ${server.url}/docs`);
  terminal.say(`  data       ${describeStore(config)}`);
  if (isInTheClear(config)) terminal.tell(inTheClear);
  const demo = config.demo ? runDemo(platform, server.url, signal, terminal) : undefined;
  await aborted(signal);
  terminal.say('Stopping: requests under way are finished first');
  await demo;
  await server.close();
}

/** Passwords and tokens are not for everybody between a client and this machine to read. */
function requireGuarded(config: Config): void {
  const { host, demo, insecure } = config;
  if (isLoopback(host)) return;
  if (demo) {
    throw new ConfigError(
      `--demo gives away tokens, so it listens on this machine only: COUNTERFOIL_HOST is ${host}, ` +
        'leave it at 127.0.0.1',
    );
  }
  if (isInTheClear(config) && !insecure) {
    throw new ConfigError(
      `COUNTERFOIL_HOST is ${host}, and there is no TLS: set "tls" to a certificate and its key, or ` +
        '"insecure" to true where a proxy in front of it speaks TLS',
    );
  }
}

function isInTheClear({ host, tls }: Config): boolean {
  return tls === undefined && !isLoopback(host);
}

const inTheClear =
  'Warning: there is no TLS here, so let nothing but a proxy that speaks it reach this address, and name ' +
  'the proxy in "trustedProxies"';

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** Once, and to the terminal alone. */
function sayAdmin({ username, password }: FirstAdmin, terminal: Terminal): void {
  if (password === undefined) return;
  terminal.say(`Log in as ${username}, with the password ${password}`);
  terminal.say('It is shown this once: change it at /api/auth/password');
}

interface Listening {
  readonly url: string;
  /** Takes no more requests, finishes those under way, and cuts off those that take too long. */
  close(): Promise<void>;
}

// Of the thirty seconds that an orchestrator grants, most; the rest is for the stores.
const finishMsMax = 20_000;

async function listen(platform: Platform, logger: Logger): Promise<Listening> {
  const { host, port, tls } = platform.config;
  const server = await buildServer(serverParts(platform, logger));
  const stopFollowing = tls === undefined ? () => {} : followCertificate(server, tls, logger);
  try {
    return {
      url: reachableUrl(await server.listen({ host, port })),
      close: async () => {
        stopFollowing();
        const cutOff = setTimeout(() => server.server.closeAllConnections(), finishMsMax);
        await server.close();
        clearTimeout(cutOff);
      },
    };
  } catch (cause) {
    stopFollowing();
    await server.close();
    throw listenFailure(cause, host, port);
  }
}

function followCertificate(server: FastifyInstance, tls: TlsFiles, logger: Logger): () => void {
  const onFailure = (err: unknown): void => {
    logger.error({ err }, 'the new certificate can not be used, and the old one is');
  };
  // With certificates it is a server for HTTPS.
  return followTls(server.server as HttpsServer, tls, { onFailure });
}

/** An address that a browser on this machine can open: a server that listens everywhere is also here. */
function reachableUrl(address: string): string {
  return address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

function listenFailure(cause: unknown, host: string, port: number): unknown {
  const noAddress = `${host} is no address of this machine: set COUNTERFOIL_HOST to one, such as 127.0.0.1`;
  const sentences = new Map([
    [
      'EADDRINUSE',
      `Port ${port} of ${host} is in use: stop what listens there, or set COUNTERFOIL_PORT to another port`,
    ],
    [
      'EACCES',
      `Port ${port} may not be used by this user: set COUNTERFOIL_PORT to one from 1024 up`,
    ],
    ['EADDRNOTAVAIL', noAddress],
    ['ENOTFOUND', noAddress],
  ]);
  const sentence = sentences.get(String((cause as NodeJS.ErrnoException).code));
  return sentence === undefined ? cause : new CommandFailure(sentence, { cause });
}

function describeStore({ store, dataDirectory }: Config): string {
  switch (store.kind) {
    case 'sqlite':
      return `${dataDirectory} (SQLite)`;
    case 'postgres':
      return 'PostgreSQL, as COUNTERFOIL_STORE names it';
    case 'memory':
      return 'in memory: gone when this process ends';
  }
}

/** Loads the demo data beside the running server. A failure of it ends the demo and not the server. */
async function runDemo(
  platform: Platform,
  url: string,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<void> {
  try {
    terminal.say('Loading the demo data beside it');
    const progress = terminal.startProgress({ doing: 'Loading demo data', unit: 'commands' });
    const loaded = await loadDemo(platform, { signal, onProgress: progress.update });
    progress.end();
    if (loaded === undefined) return;
    await platform.projector.waitFor((await platform.store.head()).position, showMsMax);
    terminal.say(
      loaded.sent === 0
        ? 'The demo data was loaded before'
        : `Demo data loaded: ${count(loaded.sent)} commands, ${count(loaded.refused)} of them refused as planned`,
    );
    const users = await makeDemoUsers(platform.identity, investorAccounts);
    terminal.say('\nWho may do what, with tokens for a quarter of an hour:');
    for (const user of users) sayUser(user, terminal);
    terminal.say('\nRequests to try:');
    terminal.say(`\nTOKEN=${tokenOf(users, 'ADMIN')}`);
    for (const { says, line } of requestsToTry(url, loaded.knownBefore)) {
      terminal.say(`\n# ${says}\n${line}`);
    }
    terminal.say(`\nEverything else is described at ${url}/docs\n`);
  } catch (failure) {
    const why = failure instanceof DemoConflict ? failure.message : describeFailure(failure);
    terminal.tell(`The demo data could not be loaded: ${why}`);
  }
}

const showMsMax = 10_000;

/** Of the demo's investor. */
const investorAccounts = ['DEMO-03', 'DEMO-08'] as AccountId[];

function sayUser({ role, login, token }: DemoUser, terminal: Terminal): void {
  const means = login === undefined ? 'an API key' : `${login.username} ${login.password}`;
  terminal.say(`\n${role.toLowerCase().replace('_', '-')} (${means})\n${token}`);
}

function tokenOf(users: readonly DemoUser[], wanted: Role): string {
  return users.find(({ role }) => role === wanted)?.token ?? '';
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
