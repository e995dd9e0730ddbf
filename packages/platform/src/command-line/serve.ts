import { pino, type Logger } from 'pino';
import { buildServer } from '../api/server.ts';
import { loadProcessConfig, type Config } from '../config.ts';
import { DemoConflict, loadDemo } from '../demo/demo.ts';
import { requestsToTry } from '../demo/requests.ts';
import { startPlatform, type Platform } from '../platform.ts';
import { serverParts } from '../server-parts.ts';
import { CommandFailure, describeFailure, opening } from './failure.ts';
import { untilInterrupted } from './interruption.ts';
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
  await opening(config, () => requireFinished(config));
  return untilInterrupted(async (signal) => {
    // Standard output is for people, standard error for machines.
    const logger = pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }));
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
  const server = await listen(platform, logger);
  terminal.say(`Counterfoil listens on ${server.url}`);
  terminal.say(`  API        ${server.url}/docs`);
  terminal.say(`  data       ${describeStore(config)}`);
  if (!isLoopback(config.host)) terminal.tell(openDoor);
  const demo = config.demo ? runDemo(platform, server.url, signal, terminal) : undefined;
  await aborted(signal);
  terminal.say('Stopping: requests under way are finished first');
  await demo;
  await server.close();
}

// The API knows no users yet.
const openDoor =
  'Warning: there are no passwords yet, so whoever reaches this address can do everything; ' +
  'let it be one of this machine alone (COUNTERFOIL_HOST=127.0.0.1) or put a guard in front of it';

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

interface Listening {
  readonly url: string;
  /** Takes no more requests, finishes those under way, and cuts off those that take too long. */
  close(): Promise<void>;
}

// Of the thirty seconds that an orchestrator grants, most; the rest is for the stores.
const finishMsMax = 20_000;

async function listen(platform: Platform, logger: Logger): Promise<Listening> {
  const { host, port } = platform.config;
  const server = await buildServer(serverParts(platform, logger));
  try {
    return {
      url: reachableUrl(await server.listen({ host, port })),
      close: async () => {
        const cutOff = setTimeout(() => server.server.closeAllConnections(), finishMsMax);
        await server.close();
        clearTimeout(cutOff);
      },
    };
  } catch (cause) {
    await server.close();
    throw listenFailure(cause, host, port);
  }
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
    terminal.say('\nRequests to try:');
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

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
