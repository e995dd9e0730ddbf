import type { Clock, EventStorage, EventStore } from '@counterfoil/event-store';
import {
  checkRecord,
  openSealedLog,
  type SealedLog,
  type TreeStore,
} from '@counterfoil/event-store/log';
import type { Config } from '../config.ts';
import { checkInThread } from './check-thread.ts';
import { startRecordChecks, type RecordChecks } from './checks.ts';
import type { LogKeys } from './log-keys.ts';
import { keptCheckpoints, runSealer, type SealerNews } from './sealer-parts.ts';
import { startSealerThread } from './sealer-thread.ts';

/** The record as something that can be proved: sealed as it grows, and checked. */
export interface SealedRecord {
  readonly log: SealedLog;
  readonly checks: RecordChecks;
  state(): RecordState;
  close(): Promise<void>;
}

export interface RecordState {
  /** Entries that are sealed. */
  readonly sealedUpTo: number;
  /** Why nothing more is sealed, or was not a moment ago; undefined while all is well. */
  readonly failure: string | undefined;
  /** From which position on the log is not what was signed; undefined unless sealing was refused. */
  readonly refusedFrom: number | undefined;
}

export interface SealedRecordParts {
  readonly config: Config;
  readonly store: EventStore;
  readonly storage: EventStorage;
  readonly tree: TreeStore;
  readonly keys: LogKeys;
  readonly clock: Clock;
  readonly onFailure: (failure: unknown) => void;
}

export async function startSealedRecord(parts: SealedRecordParts): Promise<SealedRecord> {
  const { config, store, storage, tree, keys, clock, onFailure } = parts;
  const { origin, signer, publicKeys } = keys;
  const log = await openSealedLog({ storage, tree, origin, signer, publicKeys });
  let failure: string | undefined;
  let refusedFrom: number | undefined;
  const tell = (news: SealerNews): void => {
    if (news.kind === 'begun') return;
    if (news.kind === 'sealed') {
      log.sealed(news.seal);
      failure = undefined;
      return;
    }
    failure = news.message;
    if (news.kind === 'refused') refusedFrom = news.position;
    onFailure(new Error(news.message));
  };
  // What is in the memory of this thread can't be seen from another.
  const inMemory = config.store.kind === 'memory';
  const sealer = inMemory
    ? await runSealer({ config, storage, tree, keys, clock, tell })
    : startSealerThread(config, store, tell);
  const checks = startRecordChecks({
    store,
    clock,
    everyHours: config.checkEveryHours,
    onFailure,
    check: async (signal) => {
      if (!inMemory) return checkInThread(config, signal);
      const kept = (await keptCheckpoints(config)?.notes(origin)) ?? [];
      return checkRecord({ storage, tree, origin, publicKeys, kept, signal });
    },
  });
  return {
    log,
    checks,
    state: () => ({ sealedUpTo: log.sealedUpTo().size, failure, refusedFrom }),
    close: async () => {
      await checks.close();
      await sealer.close();
      await tree.close();
    },
  };
}
