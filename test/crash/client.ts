import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ClientOptions } from './client.program.ts';

/** A running `client.program.ts`. */
export interface Client {
  /** Resolves when the program says this; rejects when it ends first. */
  heard(line: string): Promise<void>;
  say(line: string): void;
  /** Ends it with SIGKILL, which no program can catch. Throws when it had ended by itself. */
  kill(): Promise<void>;
  /** Resolves with what it complained of when it has ended by itself; it is killed when the time is up. */
  ended(patienceMs: number): Promise<string | undefined>;
}

const program = fileURLToPath(new URL('./client.program.ts', import.meta.url));

export function startClient(
  options: ClientOptions,
  environment: Readonly<Record<string, string>> = {},
): Client {
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    env: { ...process.env, ...environment },
  });
  const exit = once(child, 'exit');
  const output = collectOutput(child);
  let killed = false;
  return {
    heard: async (line) => {
      const ended = exit.then(() => {
        throw new Error(`the client ended before it said "${line}": ${output.errors()}`);
      });
      await Promise.race([output.line(line), ended]);
    },
    say: (line) => {
      child.stdin.write(`${line}\n`);
    },
    kill: async () => {
      if (killed) return;
      killed = true;
      child.kill('SIGKILL');
      const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
      if (signal !== 'SIGKILL') {
        throw new Error(`the client ended by itself with ${code ?? signal}: ${output.errors()}`);
      }
    },
    ended: async (patienceMs) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      const [, signal] = (await exit) as [number | null, NodeJS.Signals | null];
      clearTimeout(timer);
      killed = true;
      return signal === null ? output.errors() : undefined;
    },
  };
}

function collectOutput(child: ChildProcessWithoutNullStreams): {
  line(wanted: string): Promise<void>;
  errors(): string;
} {
  let output = '';
  let errors = '';
  const waiting = new Map<string, () => void>();
  const look = (): void => {
    const lines = new Set(output.split('\n').slice(0, -1));
    for (const [line, resolve] of waiting) if (lines.has(line)) resolve();
  };
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString();
    look();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    errors += bytes.toString();
  });
  // Writing to a program that was just killed is no failure of ours.
  child.stdin.on('error', () => undefined);
  return {
    line: (wanted) =>
      new Promise((resolve) => {
        waiting.set(wanted, resolve);
        look();
      }),
    errors: () => errors,
  };
}
