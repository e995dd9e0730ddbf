import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startAnsweringThread, type AnsweringThread } from './thread.ts';

/** Answers each number with its double, and `silence` not at all. */
const doubling = `
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', (request) => {
    if (request !== 'silence') parentPort.postMessage(request === 'end' ? 'ended' : request * 2);
  });
  parentPort.postMessage('ready');
`;

// Functions are not cloned.
const unsendable = (): void => undefined;

type Doubling = AnsweringThread<unknown, unknown>;

async function started(): Promise<{ readonly thread: Doubling; readonly worker: Worker }> {
  const posting = vi.spyOn(Worker.prototype, 'postMessage');
  onTestFinished(() => posting.mockRestore());
  const thread = await startAnsweringThread<unknown, unknown>({
    program: new URL(`data:text/javascript,${encodeURIComponent(doubling)}`),
    workerData: undefined,
    failureOf: (cause) => new Error('the thread is dead', { cause }),
  });
  onTestFinished(() => thread.close('end'));
  expect(await thread.request(1)).toBe(2);
  const [worker] = posting.mock.contexts;
  if (!(worker instanceof Worker)) throw new Error('nothing was posted');
  return { thread, worker };
}

describe('OP-11 a thread that answers', () => {
  test('gives everybody their own answer, though what somebody asks can not be sent', async () => {
    const { thread } = await started();

    const outcomes = await Promise.allSettled([
      thread.request(2),
      thread.request(unsendable),
      thread.request(3),
      thread.request(4),
    ]);

    expect(outcomes).toMatchObject([
      { value: 4 },
      { reason: { name: 'DataCloneError' } },
      { value: 6 },
      { value: 8 },
    ]);
    expect(await thread.request(5)).toBe(10);
  });

  test('is dead once an answer of it can not be read', async () => {
    const { thread, worker } = await started();
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    const garbled = new Error('garbled');

    const waiting = Promise.allSettled([thread.request('silence'), thread.request('silence')]);
    worker.emit('messageerror', garbled);

    const dead = { message: 'the thread is dead', cause: garbled };
    expect(await waiting).toMatchObject([{ reason: dead }, { reason: dead }]);
    await expect(thread.request(1)).rejects.toMatchObject(dead);
    await expect(ended).resolves.toBe(1);
    await expect(thread.close('end')).resolves.toBeUndefined();
  });
});
