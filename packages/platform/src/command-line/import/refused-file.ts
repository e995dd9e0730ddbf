import { closeSync, fsyncSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Line } from '../../api/bulk/line-splitter.ts';
import { cellOf, cellsOf } from '../../formats/csv.ts';
import { resultColumns, type Header } from './header.ts';
import type { Refusal } from './row-reader.ts';

/** The result file: every refused line as it came, with its number, a code and the reason. */
export interface RefusedFile {
  readonly file: string;
  /** Takes a line; it is in the file after the next `flush`. */
  add(line: Line, refusal: Refusal): void;
  /** Answers the size of the file, all of which is then on the disk. */
  flush(): number;
  /** A file without a refused line is removed. */
  close(): void;
}

/** Goes on behind `bytes` of the file, or begins it anew for 0. */
export function openRefusedFile(file: string, header: Header, bytes: number): RefusedFile {
  const handle = openSync(file, bytes === 0 ? 'w' : 'r+');
  ftruncateSync(handle, bytes);
  // What an earlier import added is not part of the line any more.
  const kept = header.columns.flatMap((column, at) => (column === undefined ? [] : [at]));
  let size = bytes;
  let waiting = '';

  const flush = (): number => {
    if (waiting === '') return size;
    const data = Buffer.from(size === 0 ? headLine(header, kept) + waiting : waiting);
    for (let written = 0; written < data.length;) {
      written += writeSync(handle, data, written, data.length - written, size + written);
    }
    fsyncSync(handle);
    size += data.length;
    waiting = '';
    return size;
  };

  return {
    file,
    add: (line, { code, reason }) => {
      const cells = [...cellsOrWhole(line, header, kept), String(line.number), code, reason];
      waiting += `${cells.map(cellOf).join(',')}\n`;
    },
    flush,
    close: () => {
      const empty = flush() === 0;
      closeSync(handle);
      if (empty) rmSync(file, { force: true });
    },
  };
}

function headLine({ names }: Header, kept: readonly number[]): string {
  const own = kept.map((at) => names[at] ?? '');
  return `${[...own, ...resultColumns].map(cellOf).join(',')}\n`;
}

/** The line's cells; of a line that can't be cut into them, the whole of it in the first. */
function cellsOrWhole(line: Line, { columns }: Header, kept: readonly number[]): readonly string[] {
  const text = line.kind === 'text' ? line.text : '';
  const cells = cellsOf(text);
  if (cells?.length === columns.length) return kept.map((at) => cells[at] ?? '');
  return kept.map((_, place) => (place === 0 ? text.trimEnd() : ''));
}
