import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A fenced block of code. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** Where it begins, counted from 1. */
  readonly line: number;
  /** What an HTML comment just before it tells whoever runs it. */
  readonly note: string | undefined;
}

/** Something to be run, and what the page says that it prints. */
export interface Example {
  readonly block: Block;
  readonly prints: Block | undefined;
}

export function readPage(file: string): string {
  return readFileSync(file, 'utf8');
}

/** Blocks in one of the languages, each with a block of `text` or `json` that follows before the next. */
export function examplesOf(page: string, languages: readonly string[]): readonly Example[] {
  const blocks = blocksOf(page);
  return blocks.flatMap((block, at) => {
    if (!languages.includes(block.language)) return [];
    const next = blocks[at + 1];
    const prints = next?.language === 'text' || next?.language === 'json' ? next : undefined;
    return [{ block, prints }];
  });
}

function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  let note: string | undefined;
  for (const [at, line] of page.split('\n').entries()) {
    const fence = /^```(\w*)/.exec(line);
    if (open !== undefined && fence === null) open.lines.push(line);
    else if (open !== undefined) {
      blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line, note });
      [open, note] = [undefined, undefined];
    } else if (fence !== null) open = { language: fence[1] ?? '', line: at + 1, lines: [] };
    else if (line.trim() !== '') note = /^<!-- (.*) -->$/.exec(line)?.[1];
  }
  return blocks;
}

/** The rows of the table that has this cell in its head, as cells by the head. */
export function tableOf(page: string, head: string): readonly ReadonlyMap<string, string>[] {
  const lines = page.split('\n');
  const top = lines.findIndex((line) => line.startsWith('|') && cellsOf(line).includes(head));
  if (top === -1) throw new Error(`there is no table with a column ${head}`);
  const names = cellsOf(lines[top] ?? '');
  const end = lines.findIndex((line, at) => at > top && !line.startsWith('|'));
  return lines
    .slice(top + 2, end)
    .map((line) => new Map(cellsOf(line).map((cell, at) => [names[at] ?? '', cell])));
}

function cellsOf(line: string): readonly string[] {
  return line
    .slice(1, line.lastIndexOf('|'))
    .split('|')
    .map((cell) => cell.trim());
}

/** Links of a page, relative ones only, that lead nowhere: to no file, or to no heading of a page. */
export function brokenLinks(file: string): readonly string[] {
  const text = withoutCode(readPage(file));
  const links = [...text.matchAll(/\]\(\s*([^)\s]+)(?:\s+"[^"]*")?\s*\)/g)].map(
    ([, link = '']) => link,
  );
  return links.filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(file, link));
}

function leadsSomewhere(file: string, link: string): boolean {
  const [name = '', heading] = link.split('#');
  const target = name === '' ? file : path.join(path.dirname(file), decodeURIComponent(name));
  if (!existsSync(target)) return false;
  return heading === undefined || !target.endsWith('.md') || anchorsOf(target).has(heading);
}

/** As GitHub makes them of headings. */
function anchorsOf(file: string): ReadonlySet<string> {
  const headings = withoutCode(readPage(file)).matchAll(/^#{1,6} (.*)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .trim()
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function withoutCode(page: string): string {
  return page.replaceAll(/^```[^]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, 'code');
}
