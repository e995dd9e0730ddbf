import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createOrderedOutput } from './ordered-output.ts';

/** A reader that takes nothing until it is told to. */
function slowReader() {
  let heard = '';
  let release: (() => void) | undefined;
  const output = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _, done) => {
      heard += chunk.toString();
      release = () => done();
    },
  });
  return {
    output,
    heard: () => heard,
    read: () => release?.(),
  };
}

describe('answers are written in the order of their lines (RC-09)', () => {
  test('whatever the order in which they come', async () => {
    const { output, heard } = slowReader();
    const answers = createOrderedOutput(output, 4);
    const places = [answers.reserve(), answers.reserve(), answers.reserve()];
    answers.fill(places[2] ?? 0, 'c');
    answers.fill(places[1] ?? 0, 'b');
    await turn();
    expect(heard()).toBe('');
    answers.fill(places[0] ?? 0, 'a');
    await turn();
    expect(heard()).toBe('abc');
  });

  test('there is no room while answers are not read, and it comes back as they are', async () => {
    const { output, heard, read } = slowReader();
    const answers = createOrderedOutput(output, 2);
    answers.fill(answers.reserve(), 'a');
    await turn();
    answers.fill(answers.reserve(), 'b');
    expect(answers.room()).toBeUndefined();
    answers.fill(answers.reserve(), 'c');
    await turn();
    // "a" is on its way; "b" and "c" fill the window.
    const room = answers.room();
    expect(room).toBeInstanceOf(Promise);
    expect(heard()).toBe('a');
    read();
    await room;
    expect(heard()).toBe('abc');
  });

  test('when the reader has gone, nobody waits for it', async () => {
    const { output } = slowReader();
    const answers = createOrderedOutput(output, 1);
    answers.reserve();
    const room = answers.room();
    const finished = answers.finish();
    output.destroy();
    await room;
    await finished;
    expect(answers.gone()).toBe(true);
    expect(answers.room()).toBeUndefined();
  });
});
