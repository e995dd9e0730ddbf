import type { Writable } from 'node:stream';

/** Writes results in the order of their lines, however they come, in few and large chunks. */
export interface OrderedOutput {
  /** Takes a place for the next line. Wait for `room` first. */
  reserve(): number;
  /** The result of a place: one line of text, or empty for none. */
  fill(place: number, text: string): void;
  /** Resolves when there is room for another line: at once, unless the window is full. */
  room(): Promise<void> | undefined;
  /** Resolves when everything reserved has been written, or nobody listens any more. */
  finish(): Promise<void>;
  /** Whether the reader has gone. */
  readonly gone: () => boolean;
}

/** `window` is how many lines may be under way, results that wait to be written included. */
export function createOrderedOutput(output: Writable, window: number): OrderedOutput {
  const results: (string | undefined)[] = Array.from({ length: window });
  let reserved = 0;
  let written = 0;
  let blocked = false;
  let gone = false;
  let scheduled = false;
  let wakeReader: (() => void) | undefined;
  let wakeFinisher: (() => void) | undefined;

  const wake = (): void => {
    // Half of the window at once: to wake the reader for every single line costs more than the line.
    if (gone || reserved - written <= window / 2) {
      wakeReader?.();
      wakeReader = undefined;
    }
    if (gone || reserved === written) {
      wakeFinisher?.();
      wakeFinisher = undefined;
    }
  };

  const flush = (): void => {
    scheduled = false;
    if (blocked || gone) return;
    let chunk = '';
    for (; written < reserved; written += 1) {
      const at = written % window;
      const text = results[at];
      if (text === undefined) break;
      chunk += text;
      results[at] = undefined;
    }
    if (chunk !== '') blocked = !output.write(chunk);
    wake();
  };

  output.on('drain', () => {
    blocked = false;
    flush();
  });
  output.on('close', () => {
    gone = true;
    wake();
  });

  return {
    reserve: () => {
      reserved += 1;
      return reserved - 1;
    },
    fill: (place, text) => {
      results[place % window] = text;
      if (scheduled || place !== written) return;
      scheduled = true;
      // A batch is confirmed as a whole: the results of all its commands go out together.
      setImmediate(flush);
    },
    room: () =>
      gone || reserved - written < window
        ? undefined
        : new Promise((resolve) => {
            wakeReader = resolve;
          }),
    finish: () =>
      gone || reserved === written
        ? Promise.resolve()
        : new Promise((resolve) => {
            wakeFinisher = resolve;
          }),
    gone: () => gone,
  };
}
