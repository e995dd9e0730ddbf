import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'counterfoil-consumer-'));
const installed = join(project, 'node_modules/@counterfoil/event-store');

/** Runs a program to its end and answers what it printed; throws with all of that when it fails. */
function run(command: string, parameters: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

/** Its dependencies come from this repository's own node_modules, so that no registry is needed. */
function link(name: string): void {
  const target = join(project, 'node_modules', name);
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(join(root, 'node_modules', name), target, 'junction');
}

beforeAll(() => {
  run(process.execPath, [join(root, 'packages/event-store/build.ts')], root);
  const npm = process.env['npm_execpath'];
  if (npm === undefined) throw new Error('run this test through npm: `npm test`');
  const dist = join(root, 'packages/event-store/dist');
  const pack = [npm, 'pack', dist, '--json', '--pack-destination', project];
  const packed = run(process.execPath, pack, project);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  mkdirSync(installed, { recursive: true });
  run('tar', ['-xzf', join(project, filename), '-C', installed, '--strip-components=1'], project);

  const { dependencies } = manifest();
  for (const name of [...Object.keys(dependencies), '@types', 'vitest']) link(name);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  copyFileSync(
    join(root, 'test/fixtures/published-package/consumer.ts'),
    join(project, 'consumer.ts'),
  );
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

function manifest() {
  return JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    readonly private?: boolean;
    readonly dependencies: Record<string, string>;
    readonly exports: Record<string, { readonly types: string; readonly default: string }>;
  };
}

test('every published entry has its JavaScript and its declarations', () => {
  const { exports, private: isPrivate } = manifest();
  const files = Object.values(exports).flatMap(({ types, default: code }) => [types, code]);

  expect(isPrivate).toBeUndefined();
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !existsSync(join(installed, file)))).toEqual([]);
});

test('a program that installed the package runs on plain node', () => {
  expect(run(process.execPath, ['consumer.ts'], project)).toBe('CashDeposited at 1, version 1\n');
});

test('and type-checks against the published declarations', () => {
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
  const strict = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024'];
  expect(run(process.execPath, [tsc, ...strict, '--types', 'node', 'consumer.ts'], project)).toBe(
    '',
  );
});
