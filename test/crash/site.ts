import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestServer } from '../../packages/event-store/src/storage/postgres/test-server.ts';
import { loadConfig, type Config } from '../../packages/platform/src/config.ts';
import { Price, Quantity } from '../../packages/platform/src/domain/money/money.ts';
import { startPlatform, type Platform } from '../../packages/platform/src/platform.ts';
import type { Audit, Tally, Told } from './audit.ts';
import type { Client } from './client.ts';
import { readJournal } from './journal.ts';
import { symbols, type Load } from './workload.ts';

/** Where a log lives for as long as the rounds last. */
export interface Site {
  readonly directory: string;
  readonly config: Config;
  crashServer(outageMs: number): Promise<void>;
  remove(): Promise<void>;
}

export async function sqliteSite(): Promise<Site> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-crash-'));
  return {
    directory,
    config: loadConfig({ environment: { COUNTERFOIL_DATA_DIR: path.join(directory, 'data') } }),
    crashServer: () => Promise.reject(new Error('SQLite has no server')),
    remove: () => rm(directory, { recursive: true }),
  };
}

export async function postgresSite(): Promise<Site> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-crash-'));
  const server = await startTestServer({ max_connections: '100' });
  return {
    directory,
    config: loadConfig({
      environment: {
        COUNTERFOIL_STORE: await server.createDatabase(),
        // The queue is embedded all the same.
        COUNTERFOIL_DATA_DIR: path.join(directory, 'data'),
      },
    }),
    crashServer: server.crash,
    remove: async () => {
      await server.stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** Opens the log again and checks it. */
export async function inspect(
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

/** Lists the instruments that the load trades in. */
export async function begin(config: Config, audit: Audit): Promise<void> {
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

/** Waits until the client works again by itself, and its followers do. */
export async function recovered(client: Client, journal: string): Promise<void> {
  const before = readJournal(journal).size;
  // More orders than are under way at once: some were placed since.
  while (readJournal(journal).size < before + 100) await sleep(20);
  client.say('status');
  await client.heard('caught up');
}
