import type { Seal } from '@counterfoil/event-store/log';
import type { CheckpointFile } from './checkpoint-file.ts';
import type { Witness } from './witnesses.ts';

/** Takes checkpoints away from the log: into a file, and to witnesses. */
export interface CheckpointKeeper {
  sealed(seal: Seal): void;
  /** Writes what is not kept yet, and ends. */
  close(): Promise<void>;
}

export interface CheckpointKeeperOptions {
  readonly file: Pick<CheckpointFile, 'append'> | undefined;
  readonly witnesses: readonly Witness[];
  readonly onFailure: (failure: unknown) => void;
  /** Between one checkpoint that is kept and the next. */
  readonly everyMs?: number | undefined;
}

/**
 * A busy log is sealed many times a second. Not each of those checkpoints is kept: the first is, and then
 * the newest now and then, and the last.
 */
export function createCheckpointKeeper(options: CheckpointKeeperOptions): CheckpointKeeper {
  const { file, witnesses, onFailure, everyMs = 5_000 } = options;
  let waiting: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let keeping: Promise<void> | undefined;

  const keep = async (): Promise<void> => {
    const note = waiting;
    if (note === undefined) return;
    try {
      await file?.append(note);
    } catch (failure) {
      // The next one covers this one too.
      onFailure(failure);
      return;
    }
    if (waiting === note) waiting = undefined;
    for (const witness of witnesses) witness.tell(note);
  };

  const next = (): void => {
    timer = undefined;
    if (waiting === undefined) return;
    timer = setTimeout(next, everyMs).unref();
    keeping = keep();
  };

  return {
    sealed: ({ note }) => {
      waiting = note;
      if (timer === undefined) next();
    },
    close: async () => {
      clearTimeout(timer);
      await keeping;
      await keep();
      for (const witness of witnesses) await witness.close();
    },
  };
}
