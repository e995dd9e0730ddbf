import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openServer, type ServerFixture } from '../packages/platform/src/api/server.fixture.ts';
import { exportLog } from '../packages/platform/src/record/export/export-log.ts';

// What a server handed out is verified when it is gone, in a directory with nothing but the file, the key and
// the built package.

const root = path.join(import.meta.dirname, '..');
const directory = mkdtempSync(path.join(tmpdir(), 'counterfoil-offline-'));
const program = path.join(directory, 'verify/cli/main.js');
const inDirectory = (name: string): string => path.join(directory, name);

beforeAll(async () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [path.join(root, 'packages/verify/build.ts')],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  cpSync(path.join(root, 'packages/verify/dist'), inDirectory('verify'), { recursive: true });
  const server = await openServer();
  try {
    await handOut(server);
  } finally {
    await server.close();
  }
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Puts down what an auditor would be given. */
async function handOut(server: ServerFixture): Promise<void> {
  for (const symbol of ['AAPL', 'IBM', 'GE', 'MSFT']) {
    await server.done({
      request: 'POST /api/v1/instruments',
      body: { symbol, name: 'Example', currency: 'USD' },
    });
  }
  const get = async (url: string): Promise<Buffer> => {
    const answer = await server.call({ request: `GET /api/v1${url}` });
    if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.body}`);
    return answer.rawPayload;
  };
  const head = await server.head();
  writeFileSync(inDirectory('checkpoint'), await get(`/audit/checkpoint?minSize=${head}`));
  const { keys } = JSON.parse(String(await get('/audit/keys'))) as { keys: readonly string[] };
  writeFileSync(inDirectory('log.key'), `${keys.join('\n')}\n`);
  writeFileSync(inDirectory('entry.json'), await get('/audit/entries/2/proof'));
  writeFileSync(
    inDirectory('report.zip'),
    await get('/reports/audit-trail?from=2000-01-01&to=2100-01-01&package=true'),
  );
  let text = '';
  for await (const piece of (await exportLog(server.platform.record.log, {})).pieces()) {
    text += piece.text;
  }
  writeFileSync(inDirectory('export.jsonl'), text);
}

interface End {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the verifier where nothing else is. */
function verifier(...words: readonly string[]): End {
  mkdirSync(inDirectory('elsewhere'), { recursive: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    cwd: inDirectory('elsewhere'),
    encoding: 'utf8',
    env: {},
  });
  return { code: status, output: stdout, errors: stderr };
}

const handedOut = [
  { name: 'export.jsonl', sentence: /^Right: entries 1 to \d+ of the log / },
  { name: 'report.zip', sentence: /^Right: the report audit-trail of .* is as it was signed/ },
  {
    name: 'entry.json',
    sentence: /^Right: entry 2 of the log ".*" is InstrumentListed, version 1 of/,
  },
  { name: 'checkpoint', sentence: /^Right: this is a checkpoint of the log / },
] as const;

describe.each(handedOut)('RC-02: $name, when the server is gone', ({ name, sentence }) => {
  const key = inDirectory('log.key');

  test('is right by the key of the log', () => {
    const { code, output, errors } = verifier(inDirectory(name), '--key', key);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toMatch(sentence);
  });

  test('is only whole without', () => {
    const { code, output } = verifier(inDirectory(name));
    expect(code).toBe(3);
    expect(output).toMatch(/^Whole, but not proven: /);
  });

  test('is wrong with a byte changed, wherever', () => {
    const bytes = readFileSync(inDirectory(name));
    const copy = inDirectory(`changed-${name}`);
    for (const part of [0.02, 0.3, 0.6, 0.98]) {
      const at = Math.floor(bytes.length * part);
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ 0xff;
      writeFileSync(copy, altered);
      const { code, output } = verifier(copy, '--key', key, '--json');
      expect({ at, code }).toEqual({ at, code: 1 });
      expect(JSON.parse(output)).toMatchObject({ outcome: 'altered', problem: {} });
    }
  });
});

describe('RC-02: the verifier as a command', () => {
  const key = inDirectory('log.key');
  const exported = inDirectory('export.jsonl');

  test('holds an export against a checkpoint that was kept', () => {
    const kept = inDirectory('checkpoint');
    const { code } = verifier(exported, '--key', key, '--checkpoint', kept);
    expect(code).toBe(0);
  });

  test('takes the key itself in place of a file', () => {
    const text = readFileSync(key, 'utf8').trim();
    expect(verifier(exported, '--key', text).code).toBe(0);
  });

  test('names the entry that was changed', () => {
    const lines = readFileSync(exported, 'utf8').split('\n');
    const at = lines.findIndex((line) => line.startsWith('{"kind":"entry","position":3,'));
    lines[at] = lines[at]?.replace('"version":1', '"version":2') ?? '';
    const copy = inDirectory('changed.jsonl');
    writeFileSync(copy, lines.join('\n'));
    const { code, output } = verifier(copy, '--key', key);
    expect(code).toBe(1);
    expect(output).toMatch(
      /^Does not verify \(entry 3, line \d+\): entry 3 \(InstrumentListed of /,
    );
  });

  test.each([
    ['no file', [], /Name one file[^]*counterfoil-verify <file>/],
    ['an option that there is not', ['x', '--keys', 'y'], /Unknown option '--keys'/],
    ['a file that is not there', ['nowhere.jsonl'], /Could not be checked: /],
    [
      'a key that is none',
      [exported, '--key', program],
      /Could not be checked: A key or checkpoint/,
    ],
    ['a checkpoint that is none', [exported, '--checkpoint', key], /can't be used/],
  ])('with %s could not check, and says why', (_, words, sentence) => {
    const { code, output, errors } = verifier(...words);
    expect(code).toBe(2);
    expect(output + errors).toMatch(sentence);
  });

  test('the published package has no dependency', () => {
    const manifest = readFileSync(inDirectory('verify/package.json'), 'utf8');
    expect(JSON.parse(manifest)).not.toHaveProperty('dependencies');
    expect(JSON.parse(manifest)).not.toHaveProperty('private');
  });
});

describe('RC-02: the page for auditors', () => {
  test('is one file, which lets its own script run and reach no network', () => {
    const page = readFileSync(inDirectory('verify/verify.html'), 'utf8');
    const [, script = ''] = /<script>([^]*)<\/script>/.exec(page) ?? [];
    const hash = createHash('sha256').update(script).digest('base64');
    const [, policy = ''] =
      /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];

    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-/);
    expect(policy).toContain(`script-src 'sha256-${hash}'`);
    expect(page).not.toMatch(/ src=| href=/);
    expect(script).not.toMatch(/^import |require\(/m);
  });

  test('verifies a file that is dropped on it', async () => {
    const page = readFileSync(inDirectory('verify/verify.html'), 'utf8');
    const [, script = ''] = /<script>([^]*)<\/script>/.exec(page) ?? [];
    const shown = await dropOn(script, {
      keys: readFileSync(inDirectory('log.key'), 'utf8'),
      file: new Blob([readFileSync(inDirectory('export.jsonl'))]),
    });
    expect(shown).toMatchObject({ className: 'proven' });
    expect(shown.textContent).toMatch(/^Right: entries 1 to \d+ of the log /);
  });
});

interface PagePart {
  value: string;
  className: string;
  textContent: string;
  hidden: boolean;
  listeners: Record<string, (event: object) => void>;
  addEventListener(name: string, listener: (event: object) => void): void;
}

/** Runs the page's script on parts that stand in for those of a browser; answers what it shows. */
async function dropOn(
  script: string,
  { keys, file }: { readonly keys: string; readonly file: Blob },
): Promise<PagePart> {
  const parts = new Map<string, PagePart>();
  const partOf = (selector: string): PagePart => {
    const listeners: PagePart['listeners'] = {};
    const part: PagePart = parts.get(selector) ?? {
      value: '',
      className: '',
      textContent: '',
      hidden: true,
      listeners,
      addEventListener: (name, listener) => {
        listeners[name] = listener;
      },
    };
    parts.set(selector, part);
    return part;
  };
  runInNewContext(script, { ...globalsOfPage, document: { querySelector: partOf } });
  partOf('#keys').value = keys;
  const drop = { preventDefault: () => undefined, dataTransfer: { files: [file] } };
  partOf('#drop').listeners['drop']?.(drop);
  await expect.poll(() => partOf('#progress').hidden && partOf('#verdict').className).toBeTruthy();
  return partOf('#verdict');
}

/** What is used of a browser, which Node has as well. */
const globalsOfPage = { crypto, TextEncoder, TextDecoder, DecompressionStream, Blob, Uint8Array };
