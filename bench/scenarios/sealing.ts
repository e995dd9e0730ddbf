import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { EventStorage } from '@counterfoil/event-store';
import {
  checkRecord,
  noteSigner,
  openSealedLog,
  resumeSealing,
  type TreeStore,
} from '@counterfoil/event-store/log';
import { openSqliteTreeStore } from '@counterfoil/event-store/log/sqlite';
import { startSealerThread } from '@counterfoil/platform/src/record/sealer-thread.ts';
import { openSigningKeys, openStorage, openTree } from '@counterfoil/platform/src/stores.ts';
import { configFor } from '../load/ledger.ts';
import { syntheticLog } from '../load/synthetic-log.ts';
import { callsPerSecond } from '../measuring/closed-loop.ts';
import { createLatencies } from '../measuring/latencies.ts';
import { figuresOf, type Reading } from '../measuring/readings.ts';
import type { Appender } from '../rivals/appender.ts';
import { counterfoilAppender } from '../rivals/counterfoil.ts';
import type { Bench, Figure, Outcome, Scenario } from '../scenario.ts';

/** What it costs to seal the log, and how quickly it is proved. */
export const sealing: Scenario = {
  title: 'Sealing the log: what it takes from appends, how fast it is, and how fast it proves',
  measure: async (bench): Promise<Outcome> => ({
    conditions: {
      events: 'TradeBooked, in SQLite; the sealer in a thread of its own, as in the server',
      'beside appends': `${callers.toLocaleString('en')} callers with 1 event each, then one with 1,000 at a time; with the sealer and without in turns, on logs of their own`,
      'a long log': `${longLog(bench).toLocaleString('en')} events of 200 bytes that are made up as they are read; their tree in SQLite`,
    },
    figures: [
      ...(await besideAppends(bench)),
      ...(await delays(bench)),
      ...(await alone(bench)),
      ...(await proofs(bench)),
    ],
  }),
};

const callers = 1_000;
const streams = 1_000;

function longLog({ quick }: Bench): number {
  return quick ? 300_000 : 10_000_000;
}

/** A log with or without a sealer. */
interface Site {
  readonly appender: Appender;
  readonly storage: EventStorage;
  /** Entries that are sealed. */
  sealedUpTo(): number;
  nextSeal(): Promise<void>;
  close(): Promise<void>;
}

async function openSite(bench: Bench, name: string, sealed: boolean): Promise<Site> {
  const directory = path.join(bench.directory, name);
  mkdirSync(directory, { recursive: true });
  const config = configFor(directory);
  const storage = await openStorage(config);
  const appender = await counterfoilAppender(storage);
  let size = 0;
  let heard = Promise.withResolvers<void>();
  await openSigningKeys(config);
  // The sealer's thread keeps no process alive.
  const alive = setInterval(() => {}, 60_000);
  const sealer = sealed
    ? startSealerThread(config, storage, (news) => {
        if (news.kind === 'begun') return;
        if (news.kind !== 'sealed') throw new Error(news.message);
        ({ size } = news.seal);
        heard.resolve();
        heard = Promise.withResolvers();
      })
    : undefined;
  return {
    appender,
    storage,
    sealedUpTo: () => size,
    nextSeal: () => heard.promise,
    close: async () => {
      clearInterval(alive);
      await sealer?.close();
      await appender.close();
    },
  };
}

async function besideAppends(bench: Bench): Promise<readonly Figure[]> {
  const seconds = bench.quick ? 0.5 : 3;
  const sites = [await openSite(bench, 'off', false), await openSite(bench, 'on', true)] as const;
  const versions = sites.map(() => Array.from({ length: streams }, () => 0));
  const measured = { single: [] as Reading[][], batch: [] as Reading[][] };
  for (let round = 0; round <= 3; round += 1) {
    for (const [shape, count, together] of [
      ['single', 1, callers],
      ['batch', 1_000, 4],
    ] as const) {
      const rates = [0, 0];
      let behindMs = 0;
      for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const site = sites[index];
        const known = versions[index];
        if (site === undefined || known === undefined) continue;
        const rate = await callsPerSecond(seconds, together, (caller) => {
          const version = known[caller] ?? 0;
          known[caller] = version + count;
          return site.appender.append(caller, version, count);
        });
        rates[index] = rate * count;
        if (index === 1) behindMs = await untilSealed(site);
      }
      const [off = 0, on = 0] = rates;
      const taken = 100 * (1 - on / off);
      bench.say(`round ${round}: ${shape}: off ${off}, on ${on}, behind ${behindMs} ms`);
      if (round > 0) {
        measured[shape].push([
          { column: 'without sealing', unit: 'events/s', value: off },
          { column: 'with sealing', unit: 'events/s', value: on },
          { column: 'taken by it', unit: '%', value: taken },
          { column: 'sealed after the last append', unit: 'ms', value: behindMs },
        ]);
      }
    }
  }
  for (const site of sites) await site.close();
  const table = 'Appends while the log is sealed';
  const targets = { 'taken by it': { below: 15 } };
  return [
    ...figuresOf({ table, row: '1 event each of 1,000 callers', targets }, measured.single),
    ...figuresOf({ table, row: '1,000 events an append', targets }, measured.batch),
  ];
}

/** How long, in milliseconds, until all of the log is sealed. */
async function untilSealed(site: Site): Promise<number> {
  const startedMs = performance.now();
  const { position } = await site.storage.head();
  while (site.sealedUpTo() < position) await site.nextSeal();
  return performance.now() - startedMs;
}

async function delays(bench: Bench): Promise<readonly Figure[]> {
  const site = await openSite(bench, 'delays', true);
  const rounds: (readonly Reading[])[] = [];
  for (let round = 0; round <= 3; round += 1) {
    const latencies = createLatencies();
    for (let turn = 0; turn < (bench.quick ? 10 : 50); turn += 1) {
      await site.appender.append(turn, round, 1);
      latencies.record(await untilSealed(site));
    }
    if (round > 0) rounds.push(latencies.readings());
  }
  await site.close();
  const targets = { p99: { below: 100 } };
  return figuresOf({ table: 'From commit to seal', row: 'one event at a time', targets }, rounds);
}

/** Seals a log that is there already, and checks it, as fast as that goes. */
async function alone(bench: Bench): Promise<readonly Figure[]> {
  const directory = path.join(bench.directory, 'alone');
  mkdirSync(directory, { recursive: true });
  const config = configFor(directory);
  const events = bench.quick ? 50_000 : 1_000_000;
  const appender = await counterfoilAppender(await openStorage(config));
  for (let done = 0; done < events; done += 1_000) await appender.append(done / 1_000, 0, 1_000);
  await appender.close();
  const storage = await openStorage(config);
  const { origin, signer, publicKeys } = await openSigningKeys(config);
  const tree = await openTree(config);
  const options = { storage, tree, origin, signer, publicKeys };
  const sealed = await timed(() => sealAll(options));
  const checked = await timed(() => checkRecord(options));
  await tree.close();
  await storage.close();
  const table = 'A whole log at once';
  return [
    {
      table,
      row: `${events.toLocaleString('en')} events`,
      column: 'sealed',
      unit: 'events/s',
      rounds: [events / sealed],
      target: { atLeast: 100_000 },
    },
    {
      table,
      row: `${events.toLocaleString('en')} events`,
      column: 'checked in full',
      unit: 'events/s',
      rounds: [events / checked],
    },
  ];
}

async function sealAll(options: Parameters<typeof resumeSealing>[0]): Promise<void> {
  const work = await resumeSealing(options);
  while ((await work.next()) !== undefined);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1_000;
}

/** Proofs of entries anywhere in a long log, in the tree of all of it. */
async function proofs(bench: Bench): Promise<readonly Figure[]> {
  const storage = syntheticLog(longLog(bench));
  const tree: TreeStore = await openSqliteTreeStore(path.join(bench.directory, 'long.sqlite'));
  const origin = 'counterfoil.bench/1';
  const signer = noteSigner(origin, Buffer.alloc(32, 7));
  const options = { storage, tree, origin, signer, publicKeys: [signer.verifierKey] };
  const seconds = await timed(() => sealAll({ ...options, entriesMax: 65_536 }));
  bench.say(`sealed ${longLog(bench)} events in ${seconds.toFixed(1)} s`);
  const log = await openSealedLog(options);
  const size = longLog(bench);
  const rounds: (readonly Reading[])[] = [];
  for (let round = 0; round <= 3; round += 1) {
    const latencies = createLatencies();
    for (let turn = 0; turn < 2_000; turn += 1) {
      const position = 1 + Math.floor(Math.random() * size);
      const startedMs = performance.now();
      await log.proof(position);
      latencies.record(performance.now() - startedMs);
    }
    if (round > 0) rounds.push(latencies.readings());
  }
  await tree.close();
  const row = `anywhere among ${size.toLocaleString('en')} events`;
  return figuresOf({ table: 'A proof of an entry', row, targets: { p99: { below: 1 } } }, rounds);
}
