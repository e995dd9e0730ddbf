import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { moduleDiagram } from '../../../docs/module-diagram.ts';
import { accessReference } from './reference/access-reference.ts';
import { errorReference } from './reference/error-reference.ts';
import { eventReference } from './reference/event-reference.ts';
import { openApiReference } from './reference/openapi-reference.ts';

/**
 * Writes every file that is made from the code. With `--check` it writes nothing, and fails when one of
 * them is not what the code would make of it now.
 */
const root = fileURLToPath(new URL('../../..', import.meta.url));

interface GeneratedFile {
  readonly file: string;
  readonly text: string;
}

const openApi = await openApiReference();

const files: readonly GeneratedFile[] = [
  { file: 'docs/reference/openapi.json', text: openApi },
  { file: 'docs/reference/access.md', text: accessReference(openApi) },
  { file: 'docs/reference/errors.md', text: errorReference() },
  { file: 'docs/reference/events.md', text: eventReference() },
  withSection(
    'ARCHITECTURE.md',
    'module diagram',
    `\n\`\`\`mermaid\n${await moduleDiagram()}\`\`\`\n\n`,
  ),
];

const stale = files.filter(({ file, text }) => present(file) !== text);

if (process.argv.includes('--check')) {
  for (const { file } of stale) {
    process.stderr.write(`${file} is not what the code makes of it: run \`npm run generate\`\n`);
  }
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const { file, text } of stale) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
    process.stdout.write(`wrote ${file}\n`);
  }
}

function present(file: string): string | undefined {
  try {
    return readFileSync(path.join(root, file), 'utf8');
  } catch {
    return undefined;
  }
}

/** A file written by hand, with the text between the two marks of a section made anew. */
function withSection(file: string, section: string, text: string): GeneratedFile {
  const start = `<!-- generated: ${section} -->\n`;
  const [before, rest] = (present(file) ?? '').split(start);
  const end = rest?.indexOf('<!-- end of generated -->') ?? -1;
  if (before === undefined || rest === undefined || end < 0) {
    throw new Error(`${file} has no section "${start.trim()}"`);
  }
  return { file, text: `${before}${start}${text}${rest.slice(end)}` };
}
