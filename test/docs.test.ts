import { globSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../packages/platform/src/config.ts';
import { brokenLinks, examplesOf, readPage, tableOf, type Example } from './docs/markdown.ts';
import { openWorkplace, type Workplace } from './docs/workplace.ts';

const root = path.join(import.meta.dirname, '..');
const pages = globSync('**/*.md', {
  cwd: root,
  exclude: (name) => /(^|\/)(node_modules|dist|fixtures)$/.test(name),
});
const brokenPage = path.join(root, 'test/fixtures/docs/broken.md');
// The demo is loaded more than once, and each `npx` takes its second.
const patienceMs = 300_000;

function workplace(): Workplace {
  const place = openWorkplace();
  onTestFinished(place.close);
  return place;
}

function pageOf(file: string): string {
  return readPage(path.join(root, file));
}

function unquoted(cell = ''): string {
  return cell.replaceAll('`', '');
}

async function findings(place: Workplace, examples: readonly Example[]): Promise<string[]> {
  const found: string[] = [];
  for (const example of examples) {
    const problems = await place.run(example);
    found.push(...problems.map((problem) => `line ${example.block.line}: ${problem}`));
  }
  return found;
}

describe('OP-01 the pages', () => {
  test.each([
    'README.md',
    'docs/operate.md',
    'docs/trade-capture.md',
    'docs/corporate-actions.md',
    'docs/reports.md',
    'docs/auditing.md',
    'docs/keys.md',
    'docs/retention.md',
    'packages/event-store/README.md',
  ])('every example of %s does what it says', { timeout: patienceMs }, async (file) => {
    const examples = examplesOf(pageOf(file), ['sh', 'ts']);

    expect(examples.length).toBeGreaterThan(0);
    expect(await findings(workplace(), examples)).toEqual([]);
  });

  test('have links that lead somewhere', () => {
    expect(pages).toContain('docs/operate.md');
    expect(
      pages.flatMap((file) => brokenLinks(path.join(root, file)).map((link) => `${file}: ${link}`)),
    ).toEqual([]);
  });

  test(
    'and each fault is seen in the page that has them all',
    { timeout: patienceMs },
    async () => {
      const examples = examplesOf(readPage(brokenPage), ['sh', 'ts']);
      const place = workplace();
      const found: number[] = [];
      for (const example of examples) found.push((await place.run(example)).length);

      expect(found).toEqual(examples.map(() => 1));
      expect(brokenLinks(brokenPage)).toEqual([
        'nowhere.md',
        '#nothing',
        '../../../README.md#nothing',
      ]);
    },
  );
});

describe('OP-01 docs/operate.md', () => {
  const page = pageOf('docs/operate.md');
  const settings = tableOf(page, 'in the file').map((row) => ({
    variable: unquoted(row.get('environment')),
    key: unquoted(row.get('in the file')),
    default: unquoted(row.get('default')),
  }));

  test('lists every setting that is read, and no other', () => {
    const source = pageOf('packages/platform/src/config.ts');
    const variables = new Set([...source.matchAll(/COUNTERFOIL_[A-Z_]+/g)].map(([name]) => name));
    const keys = new Set([...source.matchAll(/\bfromFile\.(\w+)/g)].map(([, key]) => key));

    expect(new Set(settings.flatMap(({ variable }) => (variable === '' ? [] : variable)))).toEqual(
      variables,
    );
    expect(new Set(settings.map(({ key }) => key))).toEqual(keys);
  });

  test('says the default of each', () => {
    const { store, bus, requestStore, keys, dataDirectory, ...others } = loadConfig({
      environment: {},
    });
    const defaults = {
      ...others,
      store: store.kind,
      bus: bus.kind,
      requestStore: requestStore.kind,
      keys: keys.kind,
      dataDirectory: path.relative(process.cwd(), dataDirectory),
    };

    expect(Object.fromEntries(settings.map((setting) => [setting.key, setting.default]))).toEqual(
      Object.fromEntries(
        Object.entries(defaults).flatMap(([key, value]) =>
          key === 'demo'
            ? []
            : [[key, typeof value === 'object' ? JSON.stringify(value) : String(value ?? '')]],
        ),
      ),
    );
  });

  test('lists every command', async () => {
    const { output } = await workplace().shell('npx counterfoil --help');
    const commands = [...output.matchAll(/^ {2}([a-z]+) \S.*$/gm)].map(([, name]) => name);

    const listed = tableOf(page, 'beside a server').map(
      (row) => unquoted(row.get('command')).split(' ')[0],
    );
    expect(new Set([...listed, 'help'])).toEqual(new Set(commands));
  });
});
