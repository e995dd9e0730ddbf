import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Example } from './markdown.ts';

const root = path.join(import.meta.dirname, '../..');

/** What stands in the pages for an address and for directories of the reader. */
const address = 'http://127.0.0.1:8000';
const directories = '/srv/';

export interface Ran {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** A directory that is as a clone after `npm ci`, where examples can do no harm. */
export interface Workplace {
  readonly directory: string;
  /** Runs an example as it stands; answers what is not as its page says. */
  run(example: Example): Promise<readonly string[]>;
  /** Runs bash, with the server's address in the place of the one that the pages name. */
  shell(script: string): Promise<Ran>;
  /** What the server has said since it was started. */
  said(): string;
  /** Stops the server if there is one, and answers its exit code. */
  stopServer(): Promise<number | null>;
  close(): Promise<void>;
}

export function openWorkplace(): Workplace {
  const directory = mkdtempSync(path.join(tmpdir(), 'counterfoil-docs-'));
  for (const name of ['package.json', 'package-lock.json', 'node_modules', 'packages']) {
    symlinkSync(path.join(root, name), path.join(directory, name));
  }
  cpSync(path.join(root, 'examples'), path.join(directory, 'examples'), { recursive: true });
  for (const name of ['counterfoil', 'backups']) {
    mkdirSync(path.join(directory, 'srv', name), { recursive: true });
  }
  let server: Server | undefined;
  // Printed by the first start on a directory and by no other.
  let password: string | undefined;

  const shell = async (script: string): Promise<Ran> => {
    const here = `${secrets(server)}${script}`
      .replaceAll(address, server?.url ?? address)
      .replaceAll(directories, `${directory}${directories}`);
    return finished(start(`${prelude}\n${here}`, directory));
  };

  const stopServer = async (): Promise<number | null> => {
    const code = await server?.stop();
    server = undefined;
    return code ?? null;
  };

  const runShell = async ({ block, prints }: Example): Promise<readonly string[]> => {
    if (block.note === 'the server is stopped') await stopServer();
    const lines = block.text.split('\n');
    const starting = lines.findIndex((line) => line.startsWith('npm start'));
    if (starting !== -1) {
      await stopServer();
      server = await startServer(lines[starting] ?? '', directory, password);
      password = server.password;
      lines.splice(starting, 1);
    }
    const { code, output, errors } = await shell(lines.map(expectingItsCode).join('\n'));
    if (code !== 0) return [`exit code ${code}: ${output}${errors}`];
    return prints === undefined ? [] : differences(output.replaceAll(directory, ''), prints);
  };

  return {
    directory,
    shell,
    stopServer,
    run: (example) =>
      example.block.language === 'ts' ? runTypeScript(example, directory) : runShell(example),
    said: () => server?.said() ?? '',
    close: async () => {
      await stopServer();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

// The lines of a page are pasted as they are. What has been done, installing, is not done again; a request
// that is not answered with 2xx fails.
const prelude = `
set -euo pipefail
npm() { [ "$1" = ci ] || command npm "$@"; }
curl() { command curl --fail-with-body "$@"; }
expect_exit() { local code=0; "\${@:2}" || code=$?; [ "$code" = "$1" ]; }
`;

function expectingItsCode(line: string): string {
  return line.replace(/^(.*?) +# exit code (\d+)$/, 'expect_exit $2 $1');
}

/** Every line of a text is printed somewhere, … standing for anything; JSON is the whole answer. */
function differences(output: string, { language, text }: Example['block']): readonly string[] {
  if (language === 'json') {
    return isDeepStrictEqual(JSON.parse(output), JSON.parse(text)) ? [] : [`printed ${output}`];
  }
  const shown = output.split('\n');
  const missing = text.split('\n').filter((line) => !shown.some((one) => holds(one, line)));
  return missing.map((line) => `"${line}" is not in what was printed: ${output}`);
}

/** What a reader has set after he has logged in. */
function secrets(server: Server | undefined): string {
  if (server === undefined) return '';
  return `PASSWORD='${server.password}'\nTOKEN='${server.token}'\n`;
}

/** Whether the pieces of a line that are written out stand in another, in their order. */
function holds(shown: string, line: string): boolean {
  let from = 0;
  for (const piece of line.split('…')) {
    const at = shown.indexOf(piece, from);
    if (at === -1) return false;
    from = at + piece.length;
  }
  return true;
}

interface Server {
  readonly url: string;
  /** Of the administrator. */
  readonly password: string;
  readonly token: string;
  said(): string;
  stop(): Promise<number | null>;
}

async function startServer(
  command: string,
  directory: string,
  known: string | undefined,
): Promise<Server> {
  const running = start(command, directory, { COUNTERFOIL_PORT: '0' });
  const wanted = command.includes('--demo') ? /Everything else is described at/ : /listens on/;
  while (!wanted.test(running.output())) {
    if (running.process.exitCode !== null) throw new Error(`it ended: ${running.errors()}`);
    await sleep(50);
  }
  const url = /listens on (\S+)/.exec(running.output())?.[1] ?? '';
  let password = known;
  while (password === undefined) {
    await sleep(50);
    [, password] = /with the password (\S+)/.exec(running.output()) ?? [];
  }
  return {
    url,
    password,
    token: await tokenFrom(url, password),
    said: running.output,
    stop: async () => {
      const { pid } = running.process;
      // As Ctrl-C does: to npm, and to what npm has started.
      if (pid !== undefined) process.kill(-pid, 'SIGINT');
      return (await finished(running)).code;
    },
  };
}

async function tokenFrom(url: string, password: string): Promise<string> {
  const response = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password }),
  });
  if (response.status === 503) {
    // It has only just started, and is busy with that.
    await sleep(100);
    return tokenFrom(url, password);
  }
  if (!response.ok) throw new Error(`the login was answered with ${await response.text()}`);
  return ((await response.json()) as { readonly access_token: string }).access_token;
}

/** The example is a module: what it prints stands in comments behind its `console.log`s. */
async function runTypeScript({ block }: Example, directory: string): Promise<readonly string[]> {
  const name = `example-${block.line}`;
  writeFileSync(path.join(directory, `${name}.ts`), block.text);
  const settings = { extends: path.join(root, 'tsconfig.json'), include: [`${name}.ts`] };
  writeFileSync(path.join(directory, `${name}.json`), JSON.stringify(settings));
  const compiler = path.join(root, 'node_modules/@typescript/native/bin/tsc');
  const checked = await finished(start(`node ${compiler} --project ${name}.json`, directory));
  if (checked.code !== 0) return [checked.output];
  const { code, output, errors } = await finished(start(`node ${name}.ts`, directory));
  if (code !== 0) return [`exit code ${code}: ${errors}`];
  const told = [...block.text.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
  return output === told.map((text) => `${text}\n`).join('') ? [] : [`printed ${output}`];
}

function start(script: string, directory: string, extra: Readonly<Record<string, string>> = {}) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('COUNTERFOIL_'));
  const child = spawn('bash', ['-c', script], {
    cwd: directory,
    env: { ...Object.fromEntries(own), npm_config_update_notifier: 'false', ...extra },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return {
    process: child,
    closed: once(child, 'close'),
    output: () => output,
    errors: () => errors,
  };
}

async function finished({ process: child, closed, output, errors }: ReturnType<typeof start>) {
  await closed;
  return { code: child.exitCode, output: output(), errors: errors() };
}
