import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf, type Random } from '../simulation/random.ts';
import { addTally, createAudit, noTally, type Tally, type Told } from './audit.ts';
import { startClient, type Client } from './client.ts';
import { readJournal } from './journal.ts';
import { begin, inspect, postgresSite, recovered, sqliteSite, type Site } from './site.ts';
import type { Load } from './workload.ts';

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
    ...noTally,
  };
  const audit = createAudit();
  const random = randomOf(seed);
  try {
    await begin(site.config, audit);
    for (let round = 1; round <= rounds; round += 1) {
      const crash = crashOf(random, store, round);
      const load = { seed, round };
      const told = await crashUnderLoad(site, load, crash, random);
      const everything = round === rounds || round % 25 === 0;
      const tally = await inspect(site.config, audit, load, told, everything);
      summary.rounds += 1;
      summary.crashes[crash] += 1;
      addTally(summary, tally);
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
      // Most often, however slow the machine is, there is something by then that must not be lost.
      if (random.chance(0.8)) await client.heard('answered');
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
