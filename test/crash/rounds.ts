import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestServer } from '../../packages/event-store/src/storage/postgres/test-server.ts';
import { loadConfig, type Config } from '../../packages/platform/src/config.ts';
import { Price, Quantity } from '../../packages/platform/src/domain/money/money.ts';
import { startPlatform, type Platform } from '../../packages/platform/src/platform.ts';
import { randomOf, type Random } from '../simulation/random.ts';
import { createAudit, type Audit, type Tally, type Told } from './audit.ts';
import { startClient, type Client } from './client.ts';
import { readJournal } from './journal.ts';
import { symbols, type Load } from './workload.ts';

export type StoreKind = 'sqlite' | 'postgres';

export interface RoundsOptions {
  readonly store: StoreKind;
  readonly rounds: number;
  readonly seed: number;
  readonly onRound?: ((round: number, crash: Crash, tally: Tally) => void) | undefined;
}

/** What is killed, and when. */
export type Crash =
  /** The program, at any moment from its start on: mostly while it opens the log. */
  | 'at start'
  /** The program, under load. */
  | 'under load'
  /** The program under load, and again while it recovers. */
  | 'twice'
  /** The database server with all its processes, under load; the program goes on, and is killed later. */
  | 'server';

export interface Summary extends Tally {
  rounds: number;
  readonly crashes: Record<Crash, number>;
}

/** All rounds are of one log, which grows; the audit compares it with what clients were told. */
export async function crashRounds(options: RoundsOptions): Promise<Summary> {
  const { store, rounds, seed } = options;
  const site = store === 'sqlite' ? await sqliteSite() : await postgresSite();
  const summary: Summary = {
    rounds: 0,
    crashes: { 'at start': 0, 'under load': 0, twice: 0, server: 0 },
    acknowledged: 0,
    recovered: 0,
    resent: 0,
    events: 0,
  };
  const audit = createAudit();
  const random = randomOf(seed);
  try {
    await listInstruments(site.config, audit);
    for (let round = 1; round <= rounds; round += 1) {
      const crash = crashOf(random, store, round);
      const load = { seed, round };
      const told = await crashUnderLoad(site, load, crash, random);
      const everything = round === rounds || round % 25 === 0;
      const tally = await inspect(site.config, audit, load, told, everything);
      summary.rounds += 1;
      summary.crashes[crash] += 1;
      summary.acknowledged += tally.acknowledged;
      summary.recovered += tally.recovered;
      summary.resent += tally.resent;
      summary.events = tally.events;
      options.onRound?.(round, crash, tally);
    }
    return summary;
  } finally {
    await site.remove();
  }
}

function crashOf(random: Random, store: StoreKind, round: number): Crash {
  if (store === 'postgres' && round % 4 === 0) return 'server';
  const kind = random.next();
  return kind < 0.1 ? 'at start' : kind < 0.8 ? 'under load' : 'twice';
}

/** Where a log lives for as long as the rounds last. */
interface Site {
  readonly directory: string;
  readonly config: Config;
  crashServer(outageMs: number): Promise<void>;
  remove(): Promise<void>;
}

async function sqliteSite(): Promise<Site> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-crash-'));
  return {
    directory,
    config: loadConfig({ environment: { COUNTERFOIL_DATA_DIR: path.join(directory, 'data') } }),
    crashServer: () => Promise.reject(new Error('SQLite has no server')),
    remove: () => rm(directory, { recursive: true }),
  };
}

async function postgresSite(): Promise<Site> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-crash-'));
  const server = await startTestServer({ max_connections: '100' });
  return {
    directory,
    config: loadConfig({
      environment: { COUNTERFOIL_STORE: await server.createDatabase() },
    }),
    crashServer: server.crash,
    remove: async () => {
      await server.stop();
      await rm(directory, { recursive: true });
    },
  };
}

async function crashUnderLoad(
  { directory, config, crashServer }: Site,
  load: Load,
  crash: Crash,
  random: Random,
): Promise<Told> {
  const journal = path.join(directory, `round-${load.round}.journal`);
  const start = (): Client => startClient({ config, load, journal, clients: 32 });
  const client = start();
  try {
    if (crash === 'at start') {
      await sleep(random.below(500));
    } else {
      await client.heard('ready');
      await sleep(random.below(250));
    }
    if (crash === 'server') {
      await crashServer(random.below(300));
      await recovered(client, journal);
    }
  } finally {
    await client.kill();
  }
  if (crash === 'twice') {
    const again = startClient({ config, load, journal: `${journal}-2`, clients: 0 });
    await sleep(random.below(400));
    await again.kill();
  }
  const told = readJournal(journal);
  await rm(journal, { force: true });
  return told;
}

/** Waits until the client works again by itself, and its followers do. */
async function recovered(client: Client, journal: string): Promise<void> {
  const before = readJournal(journal).size;
  // More orders than are under way at once: some were placed since.
  while (readJournal(journal).size < before + 100) await sleep(20);
  client.say('status');
  await client.heard('caught up');
}

async function inspect(
  config: Config,
  audit: Audit,
  load: Load,
  told: Told,
  everything: boolean,
): Promise<Tally> {
  const platform = await startPlatform(config);
  try {
    const tally = await audit.check(platform, load, told);
    if (everything) await audit.checkAll(platform);
    return tally;
  } finally {
    await platform.close();
  }
}

async function listInstruments(config: Config, audit: Audit): Promise<void> {
  const platform = await startPlatform(config);
  try {
    await listAll(platform);
    await audit.begin(platform);
  } finally {
    await platform.close();
  }
}

async function listAll({ ledger }: Platform): Promise<void> {
  for (const symbol of symbols) {
    await ledger.instrument(
      symbol,
      {
        type: 'ListInstrument',
        symbol,
        name: symbol,
        currency: 'USD',
        lotSize: Quantity.of('1'),
        tickSize: Price.of('0.01'),
        isin: null,
      },
      { cause: { userId: 'crash-test', correlationId: 'listing' } },
    );
  }
}
