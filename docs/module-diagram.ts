import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { options } from '../test/architecture.rules.ts';

/**
 * The folders of the source and which of them import which, as a Mermaid flowchart, read from the imports
 * themselves: what the diagram shows is so.
 */
export async function moduleDiagram(): Promise<string> {
  const { output } = await cruise(['packages'], {
    ...options,
    baseDir: fileURLToPath(new URL('..', import.meta.url)),
  });
  if (typeof output === 'string') throw new Error(output);
  const arrows = arrowsOf(output);
  const folders = new Set(arrows.flatMap(({ from, to }) => [from, to]));
  const packages = Map.groupBy(folders, (folder) => folder.slice(0, folder.indexOf('/')));
  const lines = ['flowchart TB'];
  for (const [name, members] of [...packages].toSorted(([left], [right]) =>
    left.localeCompare(right),
  )) {
    lines.push(`  subgraph ${name}`);
    for (const folder of [...members].toSorted((left, right) => left.localeCompare(right)))
      lines.push(`    ${nodeOf(folder)}`);
    lines.push('  end');
  }
  for (const { from, to } of arrows) lines.push(`  ${idOf(from)} --> ${idOf(to)}`);
  return `${lines.join('\n')}\n`;
}

interface Arrow {
  readonly from: string;
  readonly to: string;
}

function arrowsOf({ modules }: ICruiseResult): Arrow[] {
  const found = new Map<string, Arrow>();
  for (const { source, dependencies } of modules) {
    const from = folderOf(source);
    if (from === undefined || isForTests(source)) continue;
    for (const { resolved } of dependencies) {
      const to = folderOf(resolved);
      if (to !== undefined && to !== from) found.set(`${from} ${to}`, { from, to });
    }
  }
  return [...found.keys()]
    .toSorted((left, right) => left.localeCompare(right))
    .flatMap((key) => found.get(key) ?? []);
}

const domainPattern = /^packages\/([^/]+)\/src\/(domain\/[^/]+)\//;
const folderPattern = /^packages\/([^/]+)\/src\/([^/]+)/;

/** `event-store/kernel`, `platform/domain/accounts`; a file beside the folders counts by its name. */
function folderOf(source: string): string | undefined {
  const match = domainPattern.exec(source) ?? folderPattern.exec(source);
  return match === null ? undefined : `${match[1]}/${match[2]}`;
}

function isForTests(source: string): boolean {
  return /\.(test|contract)\.ts$|\/testing\//.test(source);
}

function idOf(folder: string): string {
  return folder.replaceAll(/[^a-z0-9]+/gi, '_');
}

function nodeOf(folder: string): string {
  return `${idOf(folder)}["${folder.slice(folder.indexOf('/') + 1)}"]`;
}
