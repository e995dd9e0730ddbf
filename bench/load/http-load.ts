import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { LoadAnswer, LoadStart, LoadTask } from './http-load.program.ts';

/** A load generator at work on one server. */
export interface HttpLoad {
  run(task: LoadTask): Promise<LoadAnswer>;
  stop(): Promise<void>;
}

export function startHttpLoad(start: LoadStart): HttpLoad {
  const child = fork(path.join(import.meta.dirname, 'http-load.program.ts'), [
    JSON.stringify(start),
  ]);
  const ended = once(child, 'exit');
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        const failed = (): void => reject(new Error('the load generator ended by itself'));
        child.once('exit', failed);
        child.once('message', (answer) => {
          child.off('exit', failed);
          resolve(answer as LoadAnswer);
        });
        child.send(task);
      }),
    stop: async () => {
      // Ends by itself when nobody can ask it any more.
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
