/**
 * Runs the tests that need more than npm brings. Each thing needed is found here, or installed where that is
 * possible; what can't be had fails the run, because a test that is left out proves nothing.
 */
import { spawnSync } from 'node:child_process';

requireCompiler();
requireJava();
const arguments_ = ['vitest', 'run', '--project', 'services', ...process.argv.slice(2)];
process.exitCode = spawnSync('npx', arguments_, { stdio: 'inherit' }).status ?? 1;

/** Of C, for the disk that goes wrong: Linux, glibc and `cc`. */
function requireCompiler(): void {
  if (works('cc', '--version')) return;
  installWhereAllowed('gcc', 'libc6-dev');
  if (works('cc', '--version')) return;
  throw new Error('the tests of disk faults need a C compiler: install gcc and libc6-dev');
}

/** For Apache Kafka and DynamoDB Local, whose jars the tests fetch from Maven Central. */
function requireJava(): void {
  if (works('java', '-version')) return;
  installWhereAllowed('openjdk-17-jre-headless');
  if (works('java', '-version')) return;
  throw new Error('the tests on Kafka and DynamoDB need Java 17 or newer: install it');
}

function installWhereAllowed(...packages: readonly string[]): void {
  if (process.getuid?.() !== 0 || !works('apt-get', '--version')) return;
  spawnSync('apt-get', ['update'], { stdio: 'inherit' });
  spawnSync('apt-get', ['install', '-y', ...packages], { stdio: 'inherit' });
}

function works(command: string, ...commandArguments: readonly string[]): boolean {
  return spawnSync(command, commandArguments, { stdio: 'ignore' }).status === 0;
}
