import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { adminPassword, logIn } from './token.ts';

/** The whole program, as `counterfoil serve` starts it. */
export interface ServedProgram {
  readonly url: string;
  /** Ends it with SIGKILL. Throws when it had ended by itself. */
  kill(): Promise<void>;
}

const program = path.join(import.meta.dirname, '../../packages/platform/bin/counterfoil.js');

/** Resolves once it listens and its administrator is logged in; `started` is called with a way to kill it before. */
export async function serveProgram(
  dataDirectory: string,
  started: (kill: () => Promise<void>) => void = () => {},
): Promise<ServedProgram | undefined> {
  const child = spawn(process.execPath, [program, 'serve'], {
    env: {
      ...process.env,
      COUNTERFOIL_PORT: '0',
      COUNTERFOIL_DATA_DIR: dataDirectory,
      COUNTERFOIL_LOG_LEVEL: 'error',
      COUNTERFOIL_ADMIN_PASSWORD: adminPassword,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Whatever ends this process early, the program must not outlive it.
  const killAlong = (): void => void child.kill('SIGKILL');
  process.once('exit', killAlong);
  let errors = '';
  child.stderr.on('data', (bytes: Buffer) => {
    errors += bytes.toString();
  });
  const exit = once(child, 'exit');
  void exit.then(() => process.off('exit', killAlong));
  let killed = false;
  const kill = async (): Promise<void> => {
    if (killed) return;
    killed = true;
    child.kill('SIGKILL');
    const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
    if (signal !== 'SIGKILL') throw new Error(`the program ended with ${code}: ${errors}`);
  };
  started(kill);
  const url = await Promise.race([
    exit.then(() => undefined),
    new Promise<string>((resolve) => {
      createInterface(child.stdout).on('line', (line) => {
        const [, address] = /listens on (http:\S+)/.exec(line) ?? [];
        if (address !== undefined) resolve(address);
      });
    }),
  ]);
  const loggedIn = url !== undefined && (await reached(logIn(url), () => killed));
  if (url !== undefined && loggedIn) return { url, kill };
  if (killed) return undefined;
  throw new Error(`the program ended before it listened: ${errors}`);
}

/** False when it was killed meanwhile. */
async function reached(login: Promise<void>, wasKilled: () => boolean): Promise<boolean> {
  try {
    await login;
    return true;
  } catch (failure) {
    if (wasKilled()) return false;
    throw failure;
  }
}
