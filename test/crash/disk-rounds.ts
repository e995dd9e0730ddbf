import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { must } from '../simulation/must.ts';
import { randomOf, type Random } from '../simulation/random.ts';
import { addTally, createAudit, noTally, type Tally, type Told } from './audit.ts';
import { startClient, type Client } from './client.ts';
import { openDisk, type Disk, type DiskFault } from './disk.ts';
import { readJournal } from './journal.ts';
import { begin, inspect, recovered, sqliteSite, type Site } from './site.ts';
import type { Load } from './workload.ts';

export interface DiskRoundsOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly onRound?: ((round: number, fault: DiskRound, tally: Tally) => void) | undefined;
}

/** What goes wrong under load, and then the power is lost. */
export type DiskRound =
  /** Nothing: only what was not synced is lost. */
  | 'power'
  /** A sync of the log fails; the program must end. */
  | 'sync'
  /** The same, and the program is started again before the power is lost. */
  | 'sync, again'
  /** A write of the log fails; the program must end. */
  | 'write'
  /** For a while there is no room for the log; the program must go on by itself. */
  | 'log full'
  /** For a while there is no room for the read models; they must catch up by themselves. */
  | 'read models full';

export interface DiskSummary extends Tally {
  rounds: number;
  /** Rounds in which the fault came about, by kind. */
  readonly struck: Record<DiskRound, number>;
  /** Writes that were lost with the power. */
  lostWrites: number;
}

/** Rounds of faults below the embedded store, all of one log, as those of `crashRounds`. */
export async function diskRounds({
  rounds,
  seed,
  onRound,
}: DiskRoundsOptions): Promise<DiskSummary> {
  const site = await sqliteSite();
  const audit = createAudit();
  const random = randomOf(seed);
  const summary: DiskSummary = {
    rounds: 0,
    struck: { power: 0, sync: 0, 'sync, again': 0, write: 0, 'log full': 0, 'read models full': 0 },
    lostWrites: 0,
    ...noTally,
  };
  try {
    await begin(site.config, audit);
    const disk = await openDisk(site.directory, site.config.dataDirectory);
    for (let round = 1; round <= rounds; round += 1) {
      const load = { seed, round };
      const kind = kinds[(round - 1) % kinds.length] ?? 'power';
      const { told, struck, lost } = await strike(site, disk, load, kind, random);
      const everything = round === rounds || round % 10 === 0;
      const tally = await inspect(site.config, audit, load, told, everything);
      summary.rounds += 1;
      if (struck) summary.struck[kind] += 1;
      summary.lostWrites += lost;
      addTally(summary, tally);
      onRound?.(round, kind, tally);
    }
    return summary;
  } finally {
    await site.remove();
  }
}

const kinds: readonly DiskRound[] = [
  'power',
  'sync',
  'write',
  'sync, again',
  'log full',
  'read models full',
];

function faultOf(kind: DiskRound, random: Random): DiskFault | undefined {
  const log = 'log.sqlite-wal';
  switch (kind) {
    case 'power':
      return undefined;
    case 'sync':
    case 'sync, again':
      // The file itself is synced at checkpoints only, of which there are few.
      return random.chance(0.3)
        ? { call: 'sync', file: 'log.sqlite', first: 1, error: 'EIO', calls: 1 }
        : { call: 'sync', file: log, first: random.between(1, 150), error: 'EIO', calls: 1 };
    case 'write':
      // Two calls: of the first, half may still be written, and the rest is then tried.
      return { call: 'write', file: log, first: random.between(1, 1_500), error: 'EIO', calls: 2 };
    case 'log full':
      return fullFor(log, random.between(1, 40), random);
    case 'read models full':
      // The projector pauses after each failure, up to 5 s: after eight it is back within half a minute.
      return fullFor('read-models.sqlite-wal', random.between(1, 8), random);
  }
}

function fullFor(file: string, calls: number, random: Random): DiskFault {
  return { call: 'write', file, first: random.between(1, 800), error: 'ENOSPC', calls };
}

interface Struck {
  readonly told: Told;
  readonly struck: boolean;
  readonly lost: number;
}

const patienceMs = 20_000;

async function strike(
  site: Site,
  disk: Disk,
  load: Load,
  kind: DiskRound,
  random: Random,
): Promise<Struck> {
  const { directory, config } = site;
  const journal = path.join(directory, `round-${load.round}.journal`);
  const environment = disk.environment(faultOf(kind, random));
  const client = startClient({ config, load, journal, clients: 32 }, environment);
  const struck = await suffer(client, kind, journal, random);
  const told = new Map(readJournal(journal));
  if (kind === 'sync, again') {
    const second = await startAgain(site, disk, load, told.size, random);
    for (const [number, outcome] of second) told.set(number, outcome);
  }
  const lost = disk.losePower(random);
  await rm(journal, { force: true });
  return { told, struck, lost };
}

/** Another process goes on, with the orders behind those that were sent, until it is killed. */
async function startAgain(
  { directory, config }: Site,
  disk: Disk,
  load: Load,
  first: number,
  random: Random,
): Promise<Told> {
  const journal = path.join(directory, `round-${load.round}-again.journal`);
  const options = { config, load, journal, clients: 32, first };
  const client = startClient(options, disk.environment(undefined));
  await client.heard('ready');
  await sleep(random.below(300));
  await client.kill();
  const told = readJournal(journal);
  await rm(journal, { force: true });
  return told;
}

/** Answers whether the fault was seen to come about. */
async function suffer(
  client: Client,
  kind: DiskRound,
  journal: string,
  random: Random,
): Promise<boolean> {
  switch (kind) {
    case 'power':
      await client.heard('ready');
      // Some long enough for the log's file to be brought up to date.
      await sleep(random.below(random.chance(0.3) ? 3_000 : 300));
      await client.kill();
      return true;
    case 'sync':
    case 'sync, again':
    case 'write': {
      const complaint = await client.ended(patienceMs);
      if (complaint === undefined) return false;
      must(
        complaint.includes("the log can't be written"),
        () => `the program ended for another reason: ${complaint}`,
      );
      return true;
    }
    case 'log full':
    case 'read models full':
      await client.heard('ready');
      await recovered(client, journal);
      await client.kill();
      return true;
  }
}
