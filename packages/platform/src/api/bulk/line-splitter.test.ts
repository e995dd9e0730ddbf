import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineSplitter, type Line } from './line-splitter.ts';

const lineBytesMax = 20;

function split(chunks: readonly Uint8Array[]): Line[] {
  const splitter = createLineSplitter(lineBytesMax);
  const lines = chunks.flatMap((chunk) => [...splitter.take(Buffer.from(chunk))]);
  return [...lines, ...splitter.end()];
}

/** What the lines of a whole text are, by definition. */
function linesOf(bytes: Buffer): Line[] {
  const lines: Line[] = [];
  let from = 0;
  for (let number = 1; from < bytes.length; number += 1) {
    const feed = bytes.indexOf(10, from);
    const line = bytes.subarray(from, feed < 0 ? bytes.length : feed);
    from += line.length + 1;
    if (line.length > lineBytesMax) lines.push({ kind: 'too-long', number });
    else if (line.includes(0xff)) lines.push({ kind: 'not-utf8', number });
    else lines.push({ kind: 'text', number, text: line.toString() });
  }
  return lines;
}

const lineText = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'é', '€', '𝕏', ' ', '\r'), maxLength: 8 }),
  fc.constant('x'.repeat(lineBytesMax)),
  fc.constant('x'.repeat(lineBytesMax + 1)),
);
const line = fc.oneof(
  { weight: 9, arbitrary: lineText.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.constant(Buffer.from([0x61, 0xff])) },
);

describe('a stream is cut into the same lines however it arrives (RC-09)', () => {
  test('for any lines and any chunks', () => {
    const input = fc.record({
      lines: fc.array(line, { maxLength: 20 }),
      ended: fc.boolean(),
      cuts: fc.array(fc.nat({ max: 200 }), { maxLength: 30 }),
    });
    fc.assert(
      fc.property(input, ({ lines, ended, cuts }) => {
        const feed = Buffer.from('\n');
        const whole = lines.flatMap((each, at) =>
          at < lines.length - 1 || ended ? [each, feed] : [each],
        );
        const bytes = Buffer.concat(whole);
        const places = [...new Set(cuts)]
          .filter((at) => at < bytes.length)
          .toSorted((a, b) => a - b);
        const chunks = [0, ...places].map((from, at) =>
          bytes.subarray(from, places[at] ?? bytes.length),
        );
        expect(split(chunks)).toEqual(linesOf(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  test('an endless line is reported once, and held back by nobody', () => {
    const splitter = createLineSplitter(lineBytesMax);
    const lines = Array.from({ length: 1_000 }, () => [...splitter.take(Buffer.alloc(1_000, 120))]);
    expect(lines.flat()).toEqual([{ kind: 'too-long', number: 1 }]);
    expect([...splitter.take(Buffer.from('\nnext\n'))]).toEqual([
      { kind: 'text', number: 2, text: 'next' },
    ]);
  });
});
