import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { describe, expect, test } from 'vitest';
import { forbidden, options } from './architecture.rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const fixtures = fileURLToPath(new URL('fixtures/architecture', import.meta.url));

async function cruised(baseDir: string, folders: string[]): Promise<ICruiseResult> {
  const { output } = await cruise(folders, {
    ...options,
    baseDir,
    ruleSet: { forbidden },
    validate: true,
  });
  if (typeof output === 'string') throw new Error(output);
  return output;
}

describe('imports keep to the rules', () => {
  test('in every package, the benchmarks and the tests', async () => {
    const { modules, summary } = await cruised(root, ['packages', 'bench', 'test']);

    const folders = [
      'packages/event-store/src/',
      'packages/platform/src/',
      'packages/verify/src/',
      'bench/',
    ];
    for (const folder of folders) {
      const reached = modules.filter(({ source }) => source.startsWith(folder));
      expect(reached.length, `files cruised in ${folder}`).toBeGreaterThan(0);
    }
    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual(
      [],
    );
  });

  test('and each rule reports the fixture that breaks it', async () => {
    const { summary } = await cruised(fixtures, ['packages']);
    const found = summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`);

    expect(new Set(found)).toEqual(
      new Set([
        'kernel-imports-nothing: packages/event-store/src/kernel/decimal.ts',
        'event-store-knows-no-platform: packages/event-store/src/engine/append.ts',
        'domain-imports-domain: packages/platform/src/domain/trades/trade.ts',
        'domain-imports-domain: packages/platform/src/domain/trades/views.ts',
        'contract-imports-contracts: packages/platform/src/domain/accounts/contract.ts',
        'domain-uses-no-node: packages/platform/src/domain/trades/views.ts',
        'domain-uses-no-package: packages/platform/src/domain/accounts/account.ts',
        'contract-uses-the-schema-library-alone: packages/platform/src/domain/accounts/contract.ts',
        'implementations-stand-apart: packages/event-store/src/storage/sqlite/sqlite-storage.ts',
        'adapters-stand-apart: packages/platform/src/streams/kafka/kafka-bus.ts',
        'storage-port-knows-no-implementation: packages/event-store/src/storage/storage.ts',
        'engine-sees-ports: packages/event-store/src/engine/append.ts',
        'engine-sees-ports: packages/event-store/src/projections/project.ts',
        'api-sees-contracts: packages/platform/src/api/http.ts',
        'only-the-root-sees-implementations: packages/platform/src/api/http.ts',
        'only-the-root-sees-implementations: packages/platform/src/domain/trades/views.ts',
        'verify-imports-nothing: packages/verify/src/verify.ts',
        'no-cycles: packages/event-store/src/egg.ts',
        'no-orphans: packages/event-store/src/orphan.ts',
        'no-orphans: packages/platform/src/domain/trades/impure.ts',
        'no-unresolvable: packages/event-store/src/storage/storage.ts',
      ]),
    );
    // So that a rule added later comes with a fixture.
    const named = new Set(found.map((violation) => violation.split(':', 1)[0]));
    expect(named).toEqual(new Set(forbidden.map(({ name }) => name)));
  });
});

/** What would make deciding, or folding, the same events again give something else. */
const impurities = {
  'reads the clock': /\bDate\.now\b|\bperformance\./,
  'is random': /\bMath\.random\b|\bcrypto\./,
  waits: /\b(?:async|await|setTimeout|setInterval|setImmediate|queueMicrotask)\b/,
  'sees its process': /\bprocess\./,
  'depends on the locale': /\.toLocale\w+\(/,
  // Also with arguments: most forms read the machine's time zone.
  'makes a Date': /\bnew Date\b/,
};
/** The kernel owns the instant, and may turn one count of milliseconds into its parts. */
const kernelImpurities = { ...impurities, 'makes a Date': /\bnew Date\((?:\s*\)|[^)]*,)/ };

const environment = { 'reads the environment': /\bprocess\.env\b|\benv\b.*'node:process'/ };

function breaches(folder: string, kinds: Record<string, RegExp>) {
  const files = globSync('**/*.ts', { cwd: folder });
  const sources = files.filter((file) => !/\.(?:test|contract)\.ts$/.test(file)).toSorted();
  const found = sources.flatMap((file) => {
    const code = withoutCommentsAndStrings(readFileSync(`${folder}/${file}`, 'utf8'));
    const broken = Object.entries(kinds).filter(([, pattern]) => pattern.test(code));
    return broken.map(([kind]) => `${file} ${kind}`);
  });
  return { scanned: sources.length, found };
}

function withoutCommentsAndStrings(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'/g, "''");
}

describe('deciding and folding are pure', () => {
  test('in the domain', () => {
    const { scanned, found } = breaches(`${root}packages/platform/src/domain`, impurities);
    expect(scanned).toBeGreaterThan(0);
    expect(found).toEqual([]);
  });

  test('in the kernel', () => {
    const folder = `${root}packages/event-store/src/kernel`;
    const { scanned, found } = breaches(folder, kernelImpurities);
    expect(scanned).toBeGreaterThan(0);
    expect(found).toEqual([]);
  });

  test('and each impurity is seen in the fixture that has them all', () => {
    const { found } = breaches(`${fixtures}/packages/platform/src/domain`, impurities);
    expect(found).toEqual(Object.keys(impurities).map((kind) => `trades/impure.ts ${kind}`));
  });
});

describe('only the configuration reads the environment', () => {
  test('in the platform', () => {
    const { scanned, found } = breaches(`${root}packages/platform/src`, environment);
    expect(scanned).toBeGreaterThan(0);
    expect(found.filter((breach) => !breach.startsWith('config.ts '))).toEqual([]);
  });

  test('in the event store', () => {
    const { scanned, found } = breaches(`${root}packages/event-store/src`, environment);
    expect(scanned).toBeGreaterThan(0);
    expect(found).toEqual([]);
  });

  test('and the fixture that reads it elsewhere is seen', () => {
    const { found } = breaches(`${fixtures}/packages/platform/src`, environment);
    expect(found).toEqual(['domain/trades/impure.ts reads the environment']);
  });
});
