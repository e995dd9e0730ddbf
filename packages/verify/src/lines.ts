import { joined, textOf } from './bytes.ts';
import { Problem } from './problem.ts';

/** Longer than any line of ours; what is not ours must not fill the memory. */
const lineBytesMax = 64 * 1_024 * 1_024;
const newline = 0x0a;

/**
 * The lines of a text in UTF-8, some at a time. Each ends with a newline, the last one too; throws a
 * Problem that names the line where that is not so.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly string[], void, void> {
  let before = 0;
  let pieces: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end > 0) {
      const { lines, isText } = decodeLines(joined(...pieces, chunk.subarray(0, end)));
      before += lines.length;
      yield lines;
      if (!isText) throw malformed('it is not UTF-8', before + 1);
      pieces = [];
      held = 0;
    }
    if (end < chunk.length) pieces.push(chunk.slice(end));
    held += chunk.length - end;
    if (held > lineBytesMax)
      throw malformed('it is longer than any line of this format', before + 1);
  }
  if (held > 0) throw malformed('it is cut off: it has no end', before + 1);
}

/** The lines up to the first that is no text, of bytes that end with a newline. */
function decodeLines(bytes: Uint8Array): { lines: readonly string[]; isText: boolean } {
  const text = textOf(bytes);
  if (text !== undefined) return { lines: text.slice(0, -1).split('\n'), isText: true };
  const lines: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(newline, start) + 1;
    const line = textOf(bytes.subarray(start, end - 1));
    if (line === undefined) break;
    lines.push(line);
    start = end;
  }
  return { lines, isText: false };
}

function malformed(why: string, line: number): Problem {
  return new Problem('MALFORMED', `line ${line} can't be read: ${why}`, { line });
}
