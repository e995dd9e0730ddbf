import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A process that answers one task after the other. */
export interface WorkerProcess<Task, Answer> {
  run(task: Task): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts a program that is told by its argument what it is for, and takes tasks as messages. */
export function startWorkerProcess<Task, Answer>(
  program: string,
  start: unknown,
): WorkerProcess<Task, Answer> {
  const child = fork(program, [JSON.stringify(start)]);
  const ended = once(child, 'exit');
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        const failed = (): void => reject(new Error(`${program} ended by itself`));
        child.once('exit', failed);
        child.once('message', (answer) => {
          child.off('exit', failed);
          resolve(answer as Answer);
        });
        child.send(task as object);
      }),
    stop: async () => {
      // Ends by itself when nobody can ask it any more.
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
