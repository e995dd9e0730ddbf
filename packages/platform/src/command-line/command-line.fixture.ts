import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished, vi } from 'vitest';
import { loadConfig, type Config } from '../config.ts';
import { runCommandLine } from './program.ts';
import type { Terminal } from './terminal.ts';

/** What a command said, and the code that it ended with. */
export interface CommandEnd {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export type Environment = Readonly<Record<string, string>>;

/** A directory that goes with the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-cli-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** The environment of a command that works on a data directory. */
export function environmentOf(dataDirectory: string, store = 'sqlite'): Environment {
  return { COUNTERFOIL_DATA_DIR: dataDirectory, COUNTERFOIL_STORE: store };
}

export function configOf(environment: Environment): Config {
  return loadConfig({ environment });
}

/** Runs a command in this process, its output caught. */
export async function runHere(
  commandArguments: readonly string[],
  environment: Environment,
): Promise<CommandEnd> {
  const output: string[] = [];
  const errors: string[] = [];
  const terminal: Terminal = {
    say: (line) => output.push(`${line}\n`),
    tell: (line) => errors.push(`${line}\n`),
    write: async (text) => {
      output.push(text);
    },
    startProgress: () => ({ update: () => undefined, end: () => undefined }),
  };
  stub(environment);
  try {
    const code = await runCommandLine(commandArguments, terminal);
    return { code, output: output.join(''), errors: errors.join('') };
  } finally {
    vi.unstubAllEnvs();
  }
}

function stub(environment: Environment): void {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
}

export interface RunningCommand {
  readonly process: ChildProcess;
  readonly ended: Promise<CommandEnd>;
  /** Resolves when its output matches; rejects when it ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

const program = path.join(import.meta.dirname, '../../bin/counterfoil.js');

/** Starts a command as a process of its own; it is killed when the test ends before it does. */
export function startProcess(
  commandArguments: readonly string[],
  environment: Environment,
  options: { readonly uid?: number } = {},
): RunningCommand {
  // A child has the environment as it is when it begins.
  stub(environment);
  const child = spawn(process.execPath, [program, ...commandArguments], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  vi.unstubAllEnvs();
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  let isOver = false;
  const ended = new Promise<CommandEnd>((resolve) => {
    child.once('close', (code) => {
      isOver = true;
      resolve({ code, output, errors });
    });
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    process: child,
    ended,
    said: async (pattern) => {
      for (;;) {
        const match = pattern.exec(output);
        if (match !== null) return match;
        if (isOver) throw new Error(`it ended without saying ${pattern}: ${output}${errors}`);
        await sleep(20);
      }
    },
  };
}
