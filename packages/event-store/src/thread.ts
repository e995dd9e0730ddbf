import { Worker } from 'node:worker_threads';

/** A thread that serves one request after the other, each with one answer. */
export interface AnsweringThread<Request, Answer> {
  /** Requests are served in order. Rejects once the thread is dead. */
  request(request: Request, transfer?: ArrayBuffer[]): Promise<Answer>;
  /** Ends the thread once it has answered a last request; nothing to do when it is dead. */
  close(last: Request): Promise<void>;
}

export interface AnsweringThreadOptions {
  /** Posts one message when it is ready, and then one for each that it gets. */
  readonly program: URL;
  readonly workerData: unknown;
  /** What whoever waits, and whoever asks later, is told: of the error that ended the thread, if any. */
  failureOf(cause: unknown): Error;
}

/** Starts the thread; rejects when it ends before it is ready. It keeps no process alive that waits for nothing of it. */
export async function startAnsweringThread<Request, Answer>({
  program,
  workerData,
  failureOf,
}: AnsweringThreadOptions): Promise<AnsweringThread<Request, Answer>> {
  const thread = new Worker(program, { workerData });
  const waiting: { resolve: (answer: Answer) => void; reject: (reason: unknown) => void }[] = [];
  let dead: Error | undefined;

  const answered = new Promise<Answer>((resolve, reject) => waiting.push({ resolve, reject }));
  const die = (failure: Error): void => {
    dead ??= failure;
    for (const { reject } of waiting.splice(0)) reject(dead);
  };
  thread.on('message', (answer: Answer) => {
    waiting.shift()?.resolve(answer);
    // A thread that nobody waits for must not keep the program alive.
    if (waiting.length === 0) thread.unref();
  });
  thread.on('error', (cause) => die(failureOf(cause)));
  thread.on('exit', () => die(failureOf(undefined)));
  // Which request it was the answer to nobody knows, nor whether more are lost.
  thread.on('messageerror', (cause) => {
    die(failureOf(cause));
    void thread.terminate();
  });

  const request = (message: Request, transfer: ArrayBuffer[] = []): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (dead !== undefined) {
        reject(dead);
        return;
      }
      // Throws for what can't be sent, and then nobody may wait for an answer: it would be another's.
      thread.postMessage(message, transfer);
      waiting.push({ resolve, reject });
      thread.ref();
    });
  await answered;
  return {
    request,
    close: async (last) => {
      if (dead !== undefined) return;
      await request(last);
      await thread.terminate();
    },
  };
}
