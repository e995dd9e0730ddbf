/**
 * Runs the tests that need more than npm brings. Each thing needed is found here, or installed where that is
 * possible; what can't be had fails the run, because a test that is left out proves nothing.
 */
import { spawnSync } from 'node:child_process';

requireCompiler();
const arguments_ = ['vitest', 'run', '--project', 'services', ...process.argv.slice(2)];
process.exitCode = spawnSync('npx', arguments_, { stdio: 'inherit' }).status ?? 1;

/** Of C, for the disk that goes wrong: Linux, glibc and `cc`. */
function requireCompiler(): void {
  if (works('cc', '--version')) return;
  if (process.getuid?.() === 0 && works('apt-get', '--version')) {
    spawnSync('apt-get', ['update'], { stdio: 'inherit' });
    spawnSync('apt-get', ['install', '-y', 'gcc', 'libc6-dev'], { stdio: 'inherit' });
  }
  if (works('cc', '--version')) return;
  throw new Error('the tests of disk faults need a C compiler: install gcc and libc6-dev');
}

function works(command: string, ...commandArguments: readonly string[]): boolean {
  return spawnSync(command, commandArguments, { stdio: 'ignore' }).status === 0;
}
