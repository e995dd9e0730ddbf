import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { at, commit, a } from '../contract/samples.ts';
import { StorageFailure } from '../storage.ts';
import { openSqliteStorage } from './sqlite-storage.ts';
import { createWriter, startWriterThread } from './writer.ts';
import type { WriterRequest } from './writer.worker.ts';

async function freshFile(): Promise<{ readonly directory: string; readonly file: string }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-writer-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return { directory, file: path.join(directory, 'log.sqlite') };
}

const snapshot: WriterRequest = {
  kind: 'snapshot',
  stream: 'a',
  version: 1,
  format: 'f',
  bytes: Buffer.of(1),
};

describe('OP-11 a writer that can not start', () => {
  test('starts with a later write when what was in the way passes', async () => {
    const { file } = await freshFile();
    const busy = new StorageFailure('another process holds the log', { final: false });
    const failures = [busy, busy];
    let starts = 0;
    const writer = createWriter(async () => {
      starts += 1;
      const failure = failures.pop();
      if (failure !== undefined) throw failure;
      return startWriterThread(file);
    });

    const together = await Promise.allSettled([writer.write(snapshot), writer.write(snapshot)]);
    expect(together).toEqual([1, 2].map(() => ({ status: 'rejected', reason: busy })));
    await expect(writer.write(snapshot)).rejects.toBe(busy);
    await expect(writer.write(snapshot)).resolves.toEqual({ kind: 'done' });

    expect(starts).toBe(3);
    await writer.close();
  });

  test('is not tried again when the failure is final, and closes all the same', async () => {
    const gone = new StorageFailure('gone', { final: true });
    let starts = 0;
    const writer = createWriter(async () => {
      starts += 1;
      throw gone;
    });

    await expect(writer.write(snapshot)).rejects.toBe(gone);
    await expect(writer.write(snapshot)).rejects.toBe(gone);

    expect(starts).toBe(1);
    await expect(writer.close()).resolves.toBeUndefined();
  });

  test('leaves a log that can be closed, readers and all', async () => {
    const { directory, file } = await freshFile();
    const storage = await openSqliteStorage({ file, pollMs: 5 });
    const [schema = 0] = await storage.registerSchemas([
      { type: 'Noted', version: 1, avro: 'bytes' },
    ]);
    await rm(directory, { recursive: true });

    const append = storage.append([commit(schema, [a, 'any', 1])], at(1));
    await expect(append).rejects.toThrow(StorageFailure);
    await expect(storage.close()).resolves.toBeUndefined();

    await expect(storage.head()).rejects.toThrow('finalized');
  });
});
