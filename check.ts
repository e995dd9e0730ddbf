/**
 * Everything that must hold before a change is taken, fastest first; stops at the first failure. With
 * `--without-tests` it leaves out the unit tests, for those who run all tests next.
 */
import { spawnSync } from 'node:child_process';

const withTests = !process.argv.includes('--without-tests');

const all = [
  { name: 'format', script: 'format', arguments: ['--check'] },
  { name: 'lint', script: 'lint' },
  { name: 'types', script: 'types' },
  { name: 'architecture', script: 'architecture' },
  { name: 'dead code', script: 'deadcode' },
  { name: 'unit tests', script: 'test:unit' },
  { name: 'generated files', script: 'generate', arguments: ['--check'] },
];

const steps = all.filter(({ script }) => withTests || script !== 'test:unit');

for (const step of steps) {
  const startedMs = performance.now();
  console.log(`\n== ${step.name}`);
  const { status } = spawnSync(
    process.execPath,
    ['--run', step.script, '--', ...(step.arguments ?? [])],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (status !== 0) {
    console.error(`\ncheck failed at: ${step.name} (${seconds} s)`);
    process.exit(1);
  }
  console.log(`== ${step.name}: passed in ${seconds} s`);
}

console.log(`\ncheck passed: ${steps.map(({ name }) => name).join(', ')}`);
