import { StorageFailure, type EventStorage, type HeldClaim } from '@counterfoil/event-store';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How often things go wrong, as probabilities of each call. */
export interface Faults {
  /** An append fails, and nothing of it was written. */
  readonly refused: number;
  /** An append fails, though all of it was written: the answer was lost. */
  readonly answerLost: number;
  /** An append fails, and is written only afterwards: it was still on its way when the line broke. */
  readonly late: number;
  /** An append fails, written or not, and the storage does nothing more. */
  readonly final: number;
  /** A read fails. */
  readonly read: number;
  /** An append overtakes the one before it. */
  readonly overtaking: number;
  readonly delayMsMax: number;
}

/** One process's way to a log that others use too; slow, and unreliable as its faults say. */
export interface Connection {
  readonly storage: EventStorage;
  /** The process is gone: nothing is answered any more; what was under way is written or not. */
  cut(): void;
  /** From now on nothing goes wrong. */
  heal(): void;
  /** Whether it has failed for good. */
  isBroken(): boolean;
}

/** What happened on connections, so that a run can show that it was no walk in the park. */
export interface Weather {
  conflicts: number;
  claimed: number;
  refused: number;
  answersLost: number;
  late: number;
  finals: number;
  failedReads: number;
  overtaken: number;
  snapshotsUsed: number;
}

export function calmWeather(): Weather {
  return {
    conflicts: 0,
    claimed: 0,
    refused: 0,
    answersLost: 0,
    late: 0,
    finals: 0,
    failedReads: 0,
    overtaken: 0,
    snapshotsUsed: 0,
  };
}

type Commits = Parameters<EventStorage['append']>[0];
type Verdicts = Awaited<ReturnType<EventStorage['append']>>;

export function connect(
  log: EventStorage,
  time: VirtualTime,
  random: Random,
  weather: Weather,
  wanted: Faults,
): Connection {
  let faults = wanted;
  let gone = false;
  let broken: StorageFailure | undefined;
  /** Settles when every append sent before has been written, or never will be. */
  let line: Promise<unknown> = Promise.resolve();

  const delay = (): Promise<void> => time.sleep(random.next() * faults.delayMsMax);

  /** Writes when it is this append's turn; undefined when it never came to that. */
  const written = async (
    batch: Commits,
    at: Parameters<EventStorage['append']>[1],
  ): Promise<Verdicts | undefined> => {
    const before = line;
    const overtakes = random.chance(faults.overtaking);
    if (overtakes) weather.overtaken += 1;
    const turn = (async () => {
      if (!overtakes) await before;
      await delay();
      if (broken !== undefined || (gone && random.chance(0.5))) return undefined;
      return log.append(batch, at);
    })();
    line = Promise.allSettled([before, turn]);
    return turn;
  };

  const append = async (
    batch: Commits,
    at: Parameters<EventStorage['append']>[1],
  ): Promise<Verdicts> => {
    if (broken !== undefined) throw broken;
    // As if sent: what the caller does with its buffers from now on changes nothing.
    const sent = batch.map(copied);
    const fate = random.next();
    const { refused, answerLost, late, final } = faults;
    if (fate < refused) {
      weather.refused += 1;
      await delay();
      throw failure(false);
    }
    if (fate < refused + late) {
      weather.late += 1;
      void time.sleep(faults.delayMsMax).then(() => written(sent, at));
      await delay();
      throw failure(false);
    }
    if (fate < refused + late + final) {
      weather.finals += 1;
      if (random.chance(0.5)) await written(sent, at);
      broken = failure(true);
      throw broken;
    }
    const verdicts = await written(sent, at);
    await delay();
    if (verdicts === undefined) throw broken ?? failure(true);
    if (fate < refused + late + final + answerLost) {
      weather.answersLost += 1;
      throw failure(false);
    }
    for (const { kind } of verdicts) {
      if (kind === 'conflict') weather.conflicts += 1;
      if (kind === 'claimed') weather.claimed += 1;
    }
    return verdicts;
  };

  const answered = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await delay();
    if (random.chance(faults.read)) {
      weather.failedReads += 1;
      throw failure(false);
    }
    const result = await work();
    await delay();
    return result;
  };

  /** Answers never come to a process that is gone. */
  const whileThere = async <Result>(work: Promise<Result>): Promise<Result> => {
    const [settled] = await Promise.allSettled([work]);
    if (gone) return new Promise<never>(() => undefined);
    if (settled.status === 'rejected') throw settled.reason;
    return settled.value;
  };
  const reading = <Result>(work: () => Promise<Result>): Promise<Result> =>
    whileThere(answered(work));

  return {
    storage: {
      append: (batch, at) => whileThere(append(batch, at)),
      readStream: (stream, from, limit) => reading(() => log.readStream(stream, from, limit)),
      streamVersion: (stream) => reading(() => log.streamVersion(stream)),
      readAll: (query) => reading(() => log.readAll(query)),
      head: () => reading(() => log.head()),
      watch: log.watch,
      registerSchemas: (schemas) => whileThere(log.registerSchemas(schemas)),
      schemas: () => whileThere(log.schemas()),
      loadSnapshot: async (stream, format) => {
        const snapshot = await reading(() => log.loadSnapshot(stream, format));
        if (snapshot !== undefined) weather.snapshotsUsed += 1;
        return snapshot;
      },
      saveSnapshot: (stream, snapshot) => reading(() => log.saveSnapshot(stream, snapshot)),
      findClaim: (key, at) => reading<HeldClaim | undefined>(() => log.findClaim(key, at)),
      listClaims: (after, upTo) => reading(() => log.listClaims(after, upTo)),
      close: async () => undefined,
    },
    cut: () => {
      gone = true;
    },
    heal: () => {
      faults = { ...calm, delayMsMax: faults.delayMsMax };
    },
    isBroken: () => broken !== undefined,
  };
}

function failure(final: boolean): StorageFailure {
  return new StorageFailure(final ? 'simulated: the disk broke' : 'simulated: try again', {
    final,
  });
}

const calm: Omit<Faults, 'delayMsMax'> = {
  refused: 0,
  answerLost: 0,
  late: 0,
  final: 0,
  read: 0,
  overtaking: 0,
};

function copied({ appends, claims, standsOn }: Commits[number]): Commits[number] {
  return {
    standsOn,
    appends: appends.map((append) => ({
      ...append,
      records: append.records.map(({ schema, body }) => ({ schema, body: body.slice() })),
    })),
    claims: claims?.map((claim) => ({ ...claim, note: claim.note.slice() })),
  };
}
