import { RecordAltered } from './sealed-log.ts';
import {
  resumeSealing,
  SealedByAnother,
  SealingRefused,
  type Sealing,
  type SealingOptions,
} from './sealing.ts';
import type { Seal, SealerLock } from './tree-store.ts';

/** Follows a log and seals what is appended, until it is stopped or has to refuse. */
export interface Sealer {
  /** Resolves once what was there has been looked at, sealed or refused, or when another process seals. */
  start(): Promise<void>;
  /** Look at the log now. */
  ring(): void;
  /** Seals what is there, and ends. */
  stop(): Promise<void>;
}

export interface SealerOptions extends SealingOptions {
  /** The newest checkpoint that is kept elsewhere, read at each beginning. */
  readonly keptElsewhere?: (() => Promise<string | undefined>) | undefined;
  readonly watch: (listener: () => void) => () => void;
  /** How long, in milliseconds, to gather entries before they are sealed together. */
  readonly gatherMs?: number | undefined;
  /** How long, in milliseconds, to wait before trying again after a failure. */
  readonly retryMs?: number | undefined;
  readonly onSeal: (seal: Seal) => void;
  /** Told of what is tried again, and of a SealingRefused, after which nothing is sealed any more. */
  readonly onFailure: (failure: unknown) => void;
}

/**
 * One process at a time seals a log: whoever has the store's lock. The others wait for it, and take over
 * when it is free.
 */
export function createSealer(options: SealerOptions): Sealer {
  const { tree, gatherMs = 30, retryMs = 500, onSeal, onFailure } = options;
  const wake = createBell();
  let stopping = false;
  let lock: SealerLock | undefined;
  let sealing: Sealing | undefined;
  let running: Promise<void> | undefined;

  const begin = async (): Promise<Sealing | undefined> => {
    if (lock?.held() !== true) {
      sealing = undefined;
      lock = await tree.lock();
    }
    if (lock === undefined) return undefined;
    sealing ??= await resumeSealing({
      ...options,
      kept: (await options.keptElsewhere?.()) ?? options.kept,
    });
    return sealing;
  };

  /** Seals all there is. Resolves false when another process does. */
  const sealAll = async (): Promise<boolean> => {
    const current = await begin();
    if (current === undefined) return false;
    for (let seal = await current.next(); seal !== undefined; seal = await current.next()) {
      onSeal(seal);
      // A long log is sealed for minutes: whoever wants to stop it must be heard, and not wait for all of it.
      await pause(0);
      if (stopping) break;
    }
    return true;
  };

  /** Resolves with how long to wait for the next look, or undefined for the bell alone. */
  const look = async (): Promise<number | undefined> => {
    try {
      return (await sealAll()) ? undefined : retryMs;
    } catch (failure) {
      sealing = undefined;
      if (failure instanceof SealedByAnother) return retryMs;
      const refused = refusalOf(failure);
      onFailure(refused ?? failure);
      if (refused !== undefined) stopping = true;
      return retryMs;
    }
  };

  const run = async (first: () => void): Promise<void> => {
    let waitMs = await look();
    first();
    while (!stopping) {
      await wake.wait(waitMs);
      // What comes within a moment is signed over once.
      if (!stopping) await pause(gatherMs);
      waitMs = await look();
    }
    await lock?.release();
  };

  return {
    start: () =>
      new Promise((resolve) => {
        const unwatch = options.watch(wake.ring);
        running = run(resolve).finally(unwatch);
      }),
    ring: wake.ring,
    stop: async () => {
      stopping = true;
      wake.ring();
      await running;
    },
  };
}

function refusalOf(failure: unknown): SealingRefused | undefined {
  if (failure instanceof SealingRefused) return failure;
  return failure instanceof RecordAltered
    ? new SealingRefused(failure.position, failure.message)
    : undefined;
}

interface Bell {
  ring(): void;
  /** Resolves at the next ring, or at once when it rang since the last wait; or when the time is up. */
  wait(timeoutMs: number | undefined): Promise<void>;
}

function createBell(): Bell {
  let rung = false;
  let heard: (() => void) | undefined;
  return {
    ring: () => {
      rung = true;
      heard?.();
    },
    wait: (timeoutMs) =>
      new Promise((resolve) => {
        const timer = timeoutMs === undefined ? undefined : setTimeout(() => heard?.(), timeoutMs);
        heard = () => {
          clearTimeout(timer);
          rung = false;
          heard = undefined;
          resolve();
        };
        if (rung) heard();
      }),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
