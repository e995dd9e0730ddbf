import { Worker } from 'node:worker_threads';
import type { EventLog } from '@counterfoil/event-store';
import type { Config } from '../config.ts';

/** What keeps the read models up to date, seen from those who read them. */
export interface ProjectorHandle {
  /** The position that every read model reflects. */
  position(): number;
  /** Resolves true once the read models reflect the position, false when the time is up. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
  /** Why the read models stand still; undefined while all is well. */
  failure(): Error | undefined;
  close(): Promise<void>;
}

export type ProjectorNews =
  | { readonly kind: 'position'; readonly position: number }
  /** The database or the log could not be used, which is tried again, or a projection stands still. */
  | { readonly kind: 'failure'; readonly message: string }
  | { readonly kind: 'stopped' };

/** Starts the projector in a thread of its own. Resolves once it has begun. */
export async function startProjectorThread(
  config: Config,
  log: Pick<EventLog, 'watch'>,
): Promise<ProjectorHandle> {
  const worker = new Worker(new URL('./projector.worker.ts', import.meta.url), {
    workerData: config,
  });
  const waiting = new Set<() => void>();
  let position = 0;
  let failure: Error | undefined;
  let ended = false;
  let begun: () => void;
  const beginning = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const stopped = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
  });
  worker.on('message', (news: ProjectorNews) => {
    if (news.kind === 'stopped') return;
    if (news.kind === 'failure') {
      failure = new Error(news.message);
      return;
    }
    // One that stands still holds the position of all.
    if (news.position > position && !ended) failure = undefined;
    position = news.position;
    begun();
    for (const look of waiting) look();
  });
  worker.on('error', (cause) => {
    ended = true;
    failure = new Error('the projector has stopped', { cause });
    begun();
  });
  const unwatch = log.watch(() => worker.postMessage('ring'));
  await beginning;
  worker.unref();
  return {
    position: () => position,
    waitFor: (wanted, timeoutMs) =>
      position >= wanted
        ? Promise.resolve(true)
        : new Promise((resolve) => {
            const settle = (reached: boolean): void => {
              clearTimeout(timer);
              waiting.delete(look);
              resolve(reached);
            };
            const look = (): void => {
              if (position >= wanted) settle(true);
            };
            const timer = setTimeout(() => settle(false), timeoutMs);
            waiting.add(look);
          }),
    failure: () => failure,
    close: async () => {
      unwatch();
      // From now on somebody waits for it.
      worker.ref();
      if (!ended) worker.postMessage('stop');
      await stopped;
    },
  };
}
