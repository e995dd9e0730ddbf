import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createLineSplitter, type Line } from '../../api/bulk/line-splitter.ts';
import { CommandFailure } from '../failure.ts';
import { lineBytesMax } from './row-reader.ts';

const chunkBytes = 256 * 1024;

/** A file that is to be imported, known by its content. */
export interface SourceFile {
  readonly file: string;
  /** 128 bits of SHA-256 over the content, as base64url; keyed where the content is personal. */
  readonly hash: string;
  /** Counted by line feeds. */
  readonly lines: number;
}

/** Reads the whole file once. Throws a CommandFailure when it can't be read. */
export async function examineFile(file: string): Promise<SourceFile> {
  const hash = createHash('sha256');
  let lines = 0;
  let last = lineFeed;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes })) {
      const bytes = chunk as Buffer;
      hash.update(bytes);
      for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1))
        lines += 1;
      last = bytes.at(-1) ?? last;
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if (last !== lineFeed) lines += 1;
  return { file, hash: hash.digest().subarray(0, 16).toString('base64url'), lines };
}

const lineFeed = 10;

function unreadable(file: string, cause: unknown): CommandFailure {
  const reasons = new Map([
    ['ENOENT', 'there is no such file'],
    ['EACCES', 'this user may not read it'],
    ['EISDIR', 'it is a directory'],
  ]);
  const reason = reasons.get(String((cause as NodeJS.ErrnoException).code)) ?? String(cause);
  return new CommandFailure(`${file} can't be read: ${reason}`, { cause });
}

/** The lines of a file, the header included, in arrays as they come off the disk. */
export async function* linesOf(file: string): AsyncGenerator<Iterable<Line>, void, undefined> {
  const splitter = createLineSplitter(lineBytesMax);
  for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes })) {
    yield splitter.take(chunk as Buffer);
  }
  yield splitter.end();
}
