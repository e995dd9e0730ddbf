import { noteSigner } from '@counterfoil/event-store/log';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verify, type Verdict, type VerifyOptions } from '../packages/verify/src/verify.ts';
import {
  histories,
  exported,
  sampleLog,
  signerOf,
  someEvents,
  type SampleLog,
} from './tampering.fixture.ts';

function verdictOn(
  text: string | Uint8Array<ArrayBuffer>,
  options: VerifyOptions,
): Promise<Verdict> {
  return verify(new Blob([text]), options);
}

/** What is wrong with it; fails when nothing is. */
async function problemOf(text: string | Uint8Array<ArrayBuffer>, options: VerifyOptions) {
  const verdict = await verdictOn(text, options);
  if (!('problem' in verdict)) throw new Error(`it is taken for ${verdict.outcome}`);
  return verdict.problem;
}

interface Parsed {
  readonly kind: string;
  readonly position?: number;
}

function parsedLines(text: string): readonly Parsed[] {
  return linesOf(text).map((line) => JSON.parse(line) as Parsed);
}

function linesOf(text: string): readonly string[] {
  return text.slice(0, -1).split('\n');
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** The places of the lines that are entries. */
function entryLines(text: string): readonly number[] {
  return parsedLines(text).flatMap(({ kind }, index) => (kind === 'entry' ? [index] : []));
}

function optionsFor({ key }: SampleLog): VerifyOptions {
  return { keys: [key] };
}

async function checkpointOf(log: SampleLog): Promise<string> {
  return log.sealed.checkpoint();
}

describe('RC-02: an export as it was made', () => {
  test('is proven with the key of the log, and only whole without', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (sample) => {
        const log = await sampleLog(sample);
        const text = await exported(log);
        const proven = await verdictOn(text, optionsFor(log));
        expect(proven).toMatchObject({
          outcome: 'proven',
          subject: 'export',
          facts: { from: 1, to: sample.length, size: String(sample.length), signers: [log.key] },
        });
        expect(await verdictOn(text, {})).toMatchObject({ outcome: 'whole' });
      }),
      { numRuns: 30 },
    );
  });

  test('is proven in any part, against any checkpoint within', async () => {
    const log = await sampleLog(someEvents(40));
    const kept = await checkpointOf(log);
    await log.add(someEvents(30));
    const range = fc
      .tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 }))
      .map(([one, other]) => ({ from: Math.min(one, other), until: Math.max(one, other) }));
    await fc.assert(
      fc.asyncProperty(range, async ({ from, until }) => {
        const text = await exported(log, { from, until });
        expect(await verdictOn(text, optionsFor(log))).toMatchObject({
          outcome: 'proven',
          facts: { from, to: until },
        });
        const compared = await verdictOn(text, { ...optionsFor(log), checkpoints: [kept] });
        const isWithin = from - 1 <= 40 && until >= 40;
        const otherwise = from - 1 > 40 ? 'unchecked' : 'altered';
        expect(compared.outcome).toBe(isWithin ? 'proven' : otherwise);
      }),
    );
  });

  test('is not proven by the key of another log', async () => {
    const log = await sampleLog(someEvents(3));
    const options = { keys: [signerOf(2).verifierKey] };
    expect(await problemOf(await exported(log), options)).toMatchObject({ code: 'KEY_UNKNOWN' });
  });
});

describe('RC-02: an export that is written in another way', () => {
  test.each([
    ['a space', '{"kind":"entry",', '{"kind":"entry", '],
    ['a sign in another spelling', '"kind":"entry"', '"kind":"\\u0065ntry"'],
    ['a number in another spelling', '"position":3,', '"position":3.0,'],
    ['members in another order', '{"kind":"entry","position":3,', '{"position":3,"kind":"entry",'],
    [
      'a member that is not known',
      '{"kind":"entry","position":3,',
      '{"kind":"entry","position":3,"a":1,',
    ],
    [
      'a member twice',
      '{"kind":"entry","position":3,',
      '{"kind":"entry","position":4,"position":3,',
    ],
    ['half a pair of surrogates', '"stream":"stream-2"', '"stream":"stream-\\ud800"'],
    ['a byte order mark', '{"kind":"export",', '\ufeff{"kind":"export",'],
    [
      'another end of a line',
      '}\n{"kind":"entry","position":4,',
      '}\r\n{"kind":"entry","position":4,',
    ],
    ['an empty line', '{"kind":"entry","position":4,', '\n{"kind":"entry","position":4,'],
  ])('by %s is refused', async (_, found, put) => {
    const log = await sampleLog(someEvents(5));
    const text = await exported(log);
    expect(text).toContain(found);
    const problem = await problemOf(text.replace(found, put), optionsFor(log));
    expect(problem).toMatchObject({ code: 'MALFORMED' });
  });

  test('or in another order of lines is refused', async () => {
    const log = await sampleLog(someEvents(5));
    const lines = linesOf(await exported(log));
    const [header = '', key = '', schema = '', entry = '', ...rest] = lines;
    const checkpoint = rest.at(-1) ?? '';
    for (const forged of [
      [key, header, schema, entry, ...rest],
      [header, header, key, schema, entry, ...rest],
      [header, schema, entry, key, ...rest],
      [header, key, schema, schema, entry, ...rest],
      [header, key, entry, schema, ...rest],
      [header, key, schema, entry, ...rest, schema],
      [header, key, schema, entry, ...rest.slice(0, -1)],
      [header, key, checkpoint, schema, entry, ...rest],
      [header, key, schema, entry, ...rest, entry],
    ]) {
      const { outcome } = await verdictOn(joined(forged), optionsFor(log));
      expect(outcome).toBe('altered');
    }
  });

  test('with a key of another name among its own is refused', async () => {
    const log = await sampleLog(someEvents(3));
    const foreign = noteSigner('counterfoil.test/2', Buffer.alloc(32, 5)).verifierKey;
    const line = `${JSON.stringify({ kind: 'key', verifier_key: foreign })}\n`;
    const text = (await exported(log)).replace('{"kind":"schema"', `${line}{"kind":"schema"`);
    expect(await problemOf(text, {})).toMatchObject({ code: 'ORIGIN_DIFFERS', line: 3 });
  });
});

describe('RC-01: one bit flipped anywhere in an export', () => {
  test('is found, at its line and its entry', async () => {
    const parts = fc.record({
      sample: histories,
      from: fc.nat(),
      at: fc.nat(),
      withKey: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(parts, async ({ sample, from: anywhere, at, withKey }) => {
        const log = await sampleLog(sample);
        const from = 1 + (anywhere % sample.length);
        const text = await exported(log, { from });
        const bytes = new TextEncoder().encode(text);
        const bit = at % (8 * bytes.length);
        const flipped = bytes.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));

        const problem = await problemOf(flipped, withKey ? optionsFor(log) : {});
        expect(misplacement(problem, text, lineOfByte(bytes, bit >> 3))).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  test('each of a small one', async () => {
    const log = await sampleLog(someEvents(2));
    const text = await exported(log, { from: 2 });
    const bytes = new TextEncoder().encode(text);
    for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const problem = await problemOf(flipped, optionsFor(log));
      expect(misplacement(problem, text, lineOfByte(bytes, bit >> 3))).toBeNull();
    }
  });
});

/** From 1; a newline belongs to the line that it ends. */
function lineOfByte(bytes: Uint8Array, at: number): number {
  return bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
}

interface Found {
  readonly line?: number;
  readonly position?: number;
}

/** What is wrong with where a problem is told to be, when this line was changed; nothing if it is right. */
function misplacement({ line = 0, position }: Found, text: string, changed: number): object | null {
  const lines = parsedLines(text);
  const kind = lines[changed - 1]?.kind;
  const entryAt = (number: number) => lines[number - 1]?.position;
  const isRight = {
    entry: line === changed && position === entryAt(changed),
    // Right behind it stands the first entry that uses it.
    schema:
      [changed, changed + 1].includes(line) && [undefined, entryAt(changed + 1)].includes(position),
    checkpoint: line === changed,
    key: line === changed,
    // One that could be right is found wrong by what follows from it.
    export: line >= changed && line <= lines.length,
    frontier: line >= changed && line <= lines.length,
  };
  return isRight[kind as keyof typeof isRight] ? null : { changed, kind, line, position };
}

describe('RC-01: entries of an export', () => {
  const places = fc.record({ at: fc.nat(), to: fc.nat() });
  const count = 12;

  /** Each changes the lines at two different places of entries; answers the first position that is wrong. */
  const changes = [
    {
      name: 'deleted',
      change: (lines: string[], at: number) => {
        lines.splice(at, 1);
        return 0;
      },
    },
    {
      name: 'doubled',
      change: (lines: string[], at: number) => {
        lines.splice(at, 0, lines[at] ?? '');
        return 1;
      },
    },
    {
      name: 'inserted from elsewhere',
      change: (lines: string[], at: number, other: number) => {
        lines.splice(at, 0, lines[other] ?? '');
        return 0;
      },
    },
    {
      name: 'swapped',
      change: (lines: string[], at: number, other: number) => {
        [lines[at], lines[other]] = [lines[other] ?? '', lines[at] ?? ''];
        return 0;
      },
    },
  ];

  test.each(changes)('$name are found, and where', async ({ change }) => {
    const log = await sampleLog(someEvents(count));
    const text = await exported(log);
    await fc.assert(
      fc.asyncProperty(places, async ({ at, to }) => {
        const entries = entryLines(text);
        const first = entries[at % count] ?? 0;
        const other = entries[(at + 1 + (to % (count - 1))) % count] ?? 0;
        const lines = [...linesOf(text)];
        const earlier = Math.min(first, other);
        const later = Math.max(first, other);
        const offset = change(lines, earlier, later);
        const position = (parsedLines(text)[earlier]?.position ?? 0) + offset;
        const problem = await problemOf(joined(lines), optionsFor(log));
        expect(problem).toMatchObject({ position });
      }),
    );
  });

  test('that are deleted and the others numbered anew are found at the first', async () => {
    const log = await sampleLog(someEvents(count));
    const lines = linesOf(await exported(log));
    const forged = lines.flatMap((line) => {
      const { position = 0, ...rest } = JSON.parse(line) as Parsed;
      if (position === 5) return [];
      const told = position > 5 ? { ...rest, kind: 'entry', position: position - 1 } : undefined;
      const { kind, position: at, ...others } = told ?? { kind: '' };
      return told === undefined ? [line] : [JSON.stringify({ kind, position: at, ...others })];
    });
    expect(await problemOf(joined(forged), optionsFor(log))).toMatchObject({
      code: 'ENTRY_ALTERED',
      position: 5,
    });
  });
});

describe('RC-01: an export that ends too early', () => {
  test('is found wherever it was cut', async () => {
    const log = await sampleLog(someEvents(10));
    const text = await exported(log);
    const { length } = new TextEncoder().encode(text);
    await fc.assert(
      fc.asyncProperty(fc.nat(length - 1), async (end) => {
        const cut = new TextEncoder().encode(text).slice(0, end);
        const { outcome } = await verdictOn(cut, optionsFor(log));
        expect(['altered', 'unchecked']).toContain(outcome);
      }),
    );
  });

  test('with a checkpoint of its own is found by one that was kept', async () => {
    const log = await sampleLog(someEvents(10));
    const kept = await checkpointOf(log);
    const text = await exported(log, { until: 7 });
    expect(await verdictOn(text, optionsFor(log))).toMatchObject({ outcome: 'proven' });
    const options = { ...optionsFor(log), checkpoints: [kept] };
    expect(await problemOf(text, options)).toMatchObject({ code: 'CUT_OFF' });
  });
});

describe('RC-01: a log that was built anew with one event changed', () => {
  const original = someEvents(20);
  const rewritten = original.map((event, index) =>
    index === 11 ? { ...event, body: Buffer.from('as it should have been') } : event,
  );

  test('by the log itself is found by a checkpoint that was kept', async () => {
    const kept = await checkpointOf(await sampleLog(original.slice(0, 15)));
    const forged = await sampleLog(rewritten);
    const text = await exported(forged);
    expect(await verdictOn(text, optionsFor(forged))).toMatchObject({ outcome: 'proven' });
    const options = { ...optionsFor(forged), checkpoints: [kept] };
    expect(await problemOf(text, options)).toMatchObject({
      code: 'CHECKPOINT_CONTRADICTED',
      position: 15,
    });
  });

  test('is found also by a part that begins where the checkpoint ends', async () => {
    const kept = await checkpointOf(await sampleLog(original.slice(0, 15)));
    const forged = await sampleLog(rewritten);
    const text = await exported(forged, { from: 16 });
    const options = { ...optionsFor(forged), checkpoints: [kept] };
    expect(await problemOf(text, options)).toMatchObject({ code: 'CHECKPOINT_CONTRADICTED' });
  });

  test('with another key is found by the key, and by a checkpoint without', async () => {
    const log = await sampleLog(original);
    const kept = await checkpointOf(log);
    const text = await exported(await sampleLog(rewritten, signerOf(9)));
    expect(await problemOf(text, optionsFor(log))).toMatchObject({ code: 'KEY_UNKNOWN' });
    expect(await problemOf(text, { checkpoints: [kept] })).toMatchObject({
      code: 'CHECKPOINT_CONTRADICTED',
    });
  });
});
