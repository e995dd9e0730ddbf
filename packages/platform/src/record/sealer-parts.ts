import path from 'node:path';
import type { Clock, EventStorage } from '@counterfoil/event-store';
import {
  createSealer,
  SealingRefused,
  type Seal,
  type TreeStore,
} from '@counterfoil/event-store/log';
import type { Config } from '../config.ts';
import { checkpointFile, newestNote, type CheckpointFile } from './checkpoint-file.ts';
import { createCheckpointKeeper } from './checkpoint-keeper.ts';
import type { LogKeys } from './log-keys.ts';
import { createWitness } from './witnesses.ts';

/** What a sealer tells of itself. */
export type SealerNews =
  /** What was there is sealed, or another process seals. */
  | { readonly kind: 'begun' }
  | { readonly kind: 'sealed'; readonly seal: Seal }
  /** Something that is tried again. */
  | { readonly kind: 'failure'; readonly message: string }
  /** The log does not extend what was signed: it is sealed no more. */
  | { readonly kind: 'refused'; readonly message: string; readonly position: number };

export interface SealerParts {
  readonly config: Config;
  readonly storage: EventStorage;
  readonly tree: TreeStore;
  readonly keys: LogKeys;
  readonly clock: Clock;
  readonly tell: (news: SealerNews) => void;
}

export interface RunningSealer {
  ring(): void;
  close(): Promise<void>;
}

/** Where the configuration has checkpoints kept; a log in memory keeps none unless it is told to. */
export function keptCheckpoints({
  checkpointFile: file,
  dataDirectory,
  store,
}: Config): CheckpointFile | undefined {
  if (file !== undefined) return checkpointFile(file);
  if (store.kind === 'memory') return undefined;
  return checkpointFile(path.join(dataDirectory, 'checkpoints.txt'));
}

/** Seals the log, and takes its checkpoints to where they are kept. */
export async function runSealer(parts: SealerParts): Promise<RunningSealer> {
  const { config, storage, tree, keys, clock, tell } = parts;
  const { origin, signer, publicKeys } = keys;
  const onFailure = (failure: unknown): void =>
    failure instanceof SealingRefused
      ? tell({ kind: 'refused', message: failure.message, position: failure.position })
      : tell({ kind: 'failure', message: String(failure) });
  const file = keptCheckpoints(config);
  const witnesses = config.witnesses.map((witness) =>
    createWitness({ ...witness, clock, onFailure }),
  );
  const keeper = createCheckpointKeeper({ file, witnesses, onFailure });
  const sealer = createSealer({
    storage,
    tree,
    origin,
    signer,
    publicKeys,
    keptElsewhere: async () => newestNote((await file?.notes(origin)) ?? []),
    watch: storage.watch,
    onSeal: (seal) => {
      keeper.sealed(seal);
      tell({ kind: 'sealed', seal });
    },
    onFailure,
  });
  await sealer.start();
  return {
    ring: sealer.ring,
    close: async () => {
      await sealer.stop();
      await keeper.close();
    },
  };
}
