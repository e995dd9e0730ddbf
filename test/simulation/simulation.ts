import type { EventLog, EventStorage } from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import {
  accountStream,
  type AccountId,
  type TradeId,
} from '../../packages/platform/src/domain/accounts/events.ts';
import { openAccount, randomCommand } from './commands.ts';
import { calmWeather, type Faults, type Weather } from './faulty-storage.ts';
import { checkEnd, checkLoaded } from './invariants.ts';
import { startProcess, type Process } from './process.ts';
import { randomOf, type Random } from './random.ts';
import { openReader } from './records.ts';
import { isOutage, send, type Request } from './request.ts';
import { virtualTime, type VirtualTime } from './virtual-time.ts';

/** What a run went through, so that it can show that it was no walk in the park. */
export interface Course extends Weather {
  commands: number;
  events: number;
  kills: number;
  /** How often a client was left without an answer. */
  doubts: number;
  /** Commands that had taken effect unknown to their client, which learned of it by repeating them. */
  recovered: number;
}

interface World {
  readonly random: Random;
  readonly time: VirtualTime;
  readonly log: EventStorage;
  readonly reader: EventLog;
  readonly course: Course;
  readonly faults: Faults;
  readonly accountIds: readonly AccountId[];
  readonly requests: Request[];
  /** Of all trades that were asked for. */
  readonly tradeIds: TradeId[];
  readonly processes: Process[];
  clientsLeft: number;
}

/**
 * Runs the whole write path for a while: clients give random commands to random accounts through several
 * processes, whose way to the common log is slow and breaks, and which are killed now and then. Everything
 * follows from the seed. Throws when an invariant is broken.
 */
export async function simulate(seed: number): Promise<Course> {
  const world = await createWorld(seed);
  try {
    await world.time.runUntilDone(live(world));
    return world.course;
  } catch (cause) {
    throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  } finally {
    for (const process of world.processes) process.kill();
  }
}

// 2026-11-20T15:00:00Z.
const startMs = 1_795_186_800_000;

async function createWorld(seed: number): Promise<World> {
  const random = randomOf(seed);
  const log = openMemoryStorage();
  const accounts = random.between(1, 4);
  return {
    random,
    time: virtualTime(startMs),
    log,
    reader: await openReader(log),
    course: { ...calmWeather(), commands: 0, events: 0, kills: 0, doubts: 0, recovered: 0 },
    faults: faultsOf(random),
    accountIds: Array.from({ length: accounts }, (_, n) => `A${n + 1}` as AccountId),
    requests: [],
    tradeIds: [],
    processes: [],
    clientsLeft: random.between(1, 8),
  };
}

/** Each kind of fault has its calm seeds, so that none hides behind the others. */
function faultsOf(random: Random): Faults {
  const often = (): number => random.pick([0, 0, 0.02, 0.15]);
  return {
    refused: often(),
    answerLost: often(),
    late: often(),
    final: random.pick([0, 0, 0.02]),
    read: often(),
    overtaking: often(),
    delayMsMax: random.pick([1, 10, 100]),
  };
}

async function live(world: World): Promise<void> {
  const { random, time, log, reader, processes, requests, course } = world;
  const count = random.between(1, 3);
  for (let n = 0; n < count; n += 1) processes.push(await start(world));
  const clients = Array.from({ length: world.clientsLeft }, (_, n) => client(world, `c${n}`));
  await Promise.all([...clients, observe(world), disturb(world)]);
  for (const process of processes) process.heal();
  // What was still on its way arrives.
  await time.sleep(10_000);
  const fresh = await start(world);
  fresh.heal();
  processes.push(fresh);
  const { events, recovered } = await checkEnd(log, reader, requests, processes, time);
  Object.assign(course, { events, recovered, commands: requests.length });
}

function start({ log, time, random, course, faults }: World): Promise<Process> {
  return startProcess({ log, time, random, weather: course, faults });
}

async function client(world: World, name: string): Promise<void> {
  const { random, accountIds, requests, time } = world;
  const commands = random.between(3, 25);
  for (let n = 0; n < commands; n += 1) {
    const accountId = random.pick(accountIds);
    const request = await nextRequest(world, `${name}-${n}`, accountId, n === 0);
    requests.push(request);
    // A client may lose patience and send twice; what has a key takes effect once all the same.
    const copies = request.keyed && random.chance(0.1) ? 2 : 1;
    await Promise.all(Array.from({ length: copies }, () => untilAnswered(world, request)));
    if (random.chance(0.3)) await time.sleep(random.below(50));
  }
  world.clientsLeft -= 1;
}

async function nextRequest(
  { random, tradeIds, log }: World,
  id: string,
  accountId: AccountId,
  first: boolean,
): Promise<Request> {
  const command =
    first && random.chance(0.7)
      ? openAccount(accountId)
      : randomCommand(random, accountId, id, tradeIds);
  if (command.type === 'BookTrade') tradeIds.push(command.tradeId);
  if (command.type === 'CorrectTrade') tradeIds.push(command.replacement.tradeId);
  const stream = accountStream(accountId);
  // Some insist on the version that they have seen, or on one that may come.
  const insists = random.chance(0.1);
  return {
    id,
    accountId,
    stream,
    command,
    keyed: random.chance(0.8),
    expectedVersion: insists ? (await log.streamVersion(stream)) + random.below(2) : undefined,
    answers: [],
    doubts: 0,
  };
}

async function untilAnswered(world: World, request: Request): Promise<void> {
  const { random, processes, log, time, course } = world;
  for (;;) {
    if (await send(request, random.pick(processes), log)) return;
    course.doubts += 1;
    if (!request.keyed) return;
    await time.sleep(random.below(200));
  }
}

/** Looks at accounts through any process, and expects to find what was durable by then. */
async function observe(world: World): Promise<void> {
  const { random, time, log, reader, processes, accountIds } = world;
  while (world.clientsLeft > 0) {
    await time.sleep(random.below(100));
    const stream = accountStream(random.pick(accountIds));
    const durable = await log.streamVersion(stream);
    const { accounts, death } = random.pick(processes);
    try {
      const loaded = await Promise.race([accounts.load(stream), death]);
      await checkLoaded(reader, stream, loaded, durable);
    } catch (failure) {
      if (!isOutage(failure)) throw failure;
    }
  }
}

/** Kills processes now and then, and starts others in their place and in that of broken ones. */
async function disturb(world: World): Promise<void> {
  const { random, time, processes, course } = world;
  const often = random.pick([0, 0.02, 0.15]);
  while (world.clientsLeft > 0) {
    await time.sleep(100);
    for (const [place, process] of processes.entries()) {
      if (!process.isBroken() && !random.chance(often)) continue;
      process.kill();
      course.kills += 1;
      processes[place] = await start(world);
    }
  }
}
