import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkpointText, noteSigner } from '@counterfoil/event-store/log';
import { expect, onTestFinished, test } from 'vitest';
import { checkpointFile, newestNote } from './checkpoint-file.ts';

const origin = 'counterfoil.test/1';

function noteOf(size: number, name = origin): string {
  const signer = noteSigner(name, Buffer.alloc(32, 7));
  return signer.sign(checkpointText({ origin: name, size, root: Buffer.alloc(32, size) }));
}

async function place(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-checkpoints-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return path.join(directory, 'checkpoints.txt');
}

test('RC-01 checkpoints stand one behind the other, and come back as they were', async () => {
  const path_ = await place();
  const file = checkpointFile(path_);
  expect(await file.notes(origin)).toEqual([]);
  for (const size of [1, 20, 300]) await file.append(noteOf(size));

  expect(await readFile(path_, 'utf8')).toBe([1, 20, 300].map((size) => noteOf(size)).join(''));
  expect(await file.notes(origin)).toEqual([noteOf(1), noteOf(20), noteOf(300)]);
  expect(newestNote(await file.notes(origin))).toBe(noteOf(300));
});

test('RC-01 at whatever byte the power failed, the checkpoints before and after are there', async () => {
  const cutNote = noteOf(20);
  for (let length = 1; length < cutNote.length; length += 3) {
    const path_ = await place();
    const file = checkpointFile(path_);
    await file.append(noteOf(1));
    await appendFile(path_, cutNote.slice(0, length));
    await file.append(noteOf(300));
    const notes = await file.notes(origin);

    expect(notes).toEqual([noteOf(1), noteOf(300)]);
  }
});

test('RC-01 those of other logs are of no concern', async () => {
  const file = checkpointFile(await place());
  await file.append(noteOf(500, 'counterfoil.test/2'));
  await file.append(noteOf(3));

  expect(await file.notes(origin)).toEqual([noteOf(3)]);
});

test('RC-01 the newest is the one that covers the most, wherever it stands', () => {
  expect(newestNote([noteOf(9), noteOf(100), noteOf(20)])).toBe(noteOf(100));
  expect(newestNote([])).toBeUndefined();
});
