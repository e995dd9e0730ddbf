import { isUtf8 } from 'node:buffer';

/** A line as it came, or why it can't be read as text. */
export type Line =
  | { readonly kind: 'text'; readonly number: number; readonly text: string }
  | { readonly kind: 'too-long'; readonly number: number }
  | { readonly kind: 'not-utf8'; readonly number: number };

/** Cuts a stream of bytes into lines; holds back no more than one unfinished line of allowed length. */
export interface LineSplitter {
  /** The lines that end in this chunk. */
  take(chunk: Buffer): Generator<Line>;
  /** The last line, when it does not end with a line feed. */
  end(): Generator<Line>;
}

const lineFeed = 10;

function isTooLong(line: string, bytesMax: number): boolean {
  // A character of UTF-16 takes at most three bytes, so nearly no line has to be measured.
  return (
    line.length > bytesMax || (line.length * 3 > bytesMax && Buffer.byteLength(line) > bytesMax)
  );
}

export function createLineSplitter(lineBytesMax: number): LineSplitter {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  /** The present line has been reported as too long: the rest of it is skipped. */
  let skipping = false;

  const lineOf = (bytes: Buffer): Line => {
    number += 1;
    if (bytes.length > lineBytesMax) return { kind: 'too-long', number };
    // Decoding would put U+FFFD in place of what is not UTF-8, and that would be recorded.
    return isUtf8(bytes)
      ? { kind: 'text', number, text: bytes.toString() }
      : { kind: 'not-utf8', number };
  };

  function* complete(block: Buffer): Generator<Line> {
    if (!isUtf8(block)) {
      let from = 0;
      for (let to = block.indexOf(lineFeed); to >= 0; to = block.indexOf(lineFeed, from)) {
        yield lineOf(block.subarray(from, to));
        from = to + 1;
      }
      return;
    }
    // Decoded at once and cut as text: half the work of decoding line by line.
    const text = block.toString();
    let from = 0;
    for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
      number += 1;
      const line = text.slice(from, to);
      yield isTooLong(line, lineBytesMax)
        ? { kind: 'too-long', number }
        : { kind: 'text', number, text: line };
      from = to + 1;
    }
  }

  return {
    *take(chunk) {
      let start = 0;
      if (skipping) {
        start = chunk.indexOf(lineFeed) + 1;
        if (start === 0) return;
        skipping = false;
      }
      const end = chunk.lastIndexOf(lineFeed) + 1;
      if (end > start) {
        const block = chunk.subarray(start, end);
        yield* complete(rest.length === 0 ? block : Buffer.concat([rest, block]));
        rest = Buffer.alloc(0);
      }
      const unfinished = chunk.subarray(Math.max(end, start));
      rest = rest.length === 0 ? unfinished : Buffer.concat([rest, unfinished]);
      if (rest.length <= lineBytesMax) return;
      number += 1;
      yield { kind: 'too-long', number };
      rest = Buffer.alloc(0);
      skipping = true;
    },
    *end() {
      if (rest.length > 0) yield lineOf(rest);
      rest = Buffer.alloc(0);
    },
  };
}
