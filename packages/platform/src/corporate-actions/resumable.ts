import { setTimeout as sleep } from 'node:timers/promises';

/** Something that can be begun when its surroundings allow it, stopped, and begun again. */
export interface Resumable {
  /** Resolves once it has begun, however often that has to be tried; at once when it has already. */
  resume(): Promise<void>;
  /** Resolves once it is stopped, after a beginning that is under way. */
  pause(): Promise<void>;
  /** Stops it, and gives up beginning it. */
  end(): Promise<void>;
}

const retryMinMs = 100;
const retryMaxMs = 5_000;

/** `begin` answers with how to stop what it has begun. */
export function resumable(
  begin: () => Promise<() => Promise<void>>,
  onFailure: (failure: unknown) => void,
): Resumable {
  const ended = new AbortController();
  let stop: (() => Promise<void>) | undefined;
  let starting: Promise<void> | undefined;

  const beginWhenPossible = async (): Promise<void> => {
    for (
      let pauseMs = retryMinMs;
      !ended.signal.aborted;
      pauseMs = Math.min(pauseMs * 2, retryMaxMs)
    ) {
      try {
        stop = await begin();
        return;
      } catch (failure) {
        onFailure(failure);
        await sleep(pauseMs, undefined, { signal: ended.signal }).catch(() => undefined);
      }
    }
  };

  const pause = async (): Promise<void> => {
    await starting;
    const stopping = stop;
    stop = undefined;
    await stopping?.();
  };

  return {
    resume: async () => {
      if (stop !== undefined) return;
      starting ??= beginWhenPossible().finally(() => {
        starting = undefined;
      });
      await starting;
    },
    pause,
    end: async () => {
      ended.abort();
      await pause();
    },
  };
}
