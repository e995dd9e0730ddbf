import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verify, type VerifyOptions } from '../packages/verify/src/verify.ts';
import { origin, sampleLog, signerOf, someEvents, type SampleLog } from './tampering.fixture.ts';

/** As `GET /api/v1/audit/entries/{position}/proof` answers. */
async function entryText({ sealed }: SampleLog, position: number, size?: number): Promise<string> {
  const { leaf, text } = await sealed.proof(position, size);
  const encoded = Buffer.from(leaf).toString('base64');
  return JSON.stringify({ format: 'counterfoil-entry/1', leaf: encoded, proof: text });
}

/** As `GET /api/v1/audit/consistency` answers. */
async function growthText({ sealed }: SampleLog, from: number, to: number): Promise<string> {
  const hashes = await sealed.consistency(from, to);
  const encoded = hashes.map((hash) => Buffer.from(hash).toString('base64'));
  return JSON.stringify({ from, to, hashes: encoded });
}

async function checkpointAt({ sealed }: SampleLog, size: number): Promise<string> {
  return (await sealed.proof(size, size)).checkpoint;
}

function verdictOn(text: string, options: VerifyOptions) {
  return verify(new Blob([text]), options);
}

async function codeOf(text: string, options: VerifyOptions): Promise<string> {
  const verdict = await verdictOn(text, options);
  return 'problem' in verdict ? verdict.problem.code : verdict.outcome;
}

describe('RC-02: an entry with its proof', () => {
  test('is proven in every tree that has it, and says what it is', async () => {
    const log = await sampleLog(someEvents(30));
    const places = fc.tuple(fc.nat(29), fc.nat(29)).map(([one, other]) => ({
      position: 1 + Math.min(one, other),
      size: 1 + Math.max(one, other),
    }));
    await fc.assert(
      fc.asyncProperty(places, async ({ position, size }) => {
        const verdict = await verdictOn(await entryText(log, position, size), { keys: [log.key] });
        expect(verdict).toMatchObject({
          outcome: 'proven',
          subject: 'entry',
          facts: { position, size: String(size), stream: `stream-${(position - 1) % 5}` },
        });
      }),
    );
  });

  test('is only whole without a key, and nothing by the key of another log', async () => {
    const log = await sampleLog(someEvents(5));
    const text = await entryText(log, 2);
    expect(await codeOf(text, {})).toBe('whole');
    expect(await codeOf(text, { keys: [signerOf(2).verifierKey] })).toBe('KEY_UNKNOWN');
  });

  test('with any bit flipped is not proven', async () => {
    const log = await sampleLog(someEvents(11));
    const bytes = new TextEncoder().encode(await entryText(log, 6));
    await fc.assert(
      fc.asyncProperty(fc.nat(8 * bytes.length - 1), async (bit) => {
        const flipped = bytes.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const { outcome } = await verify(new Blob([flipped]), { keys: [log.key] });
        expect(['altered', 'unchecked']).toContain(outcome);
      }),
      { numRuns: 500 },
    );
  });

  test('that a log has sealed in the place of another is not taken for it', async () => {
    const { leaf } = await (await sampleLog(someEvents(9))).sealed.proof(7);
    const root = createHash('sha256').update(Buffer.of(0)).update(leaf).digest('base64');
    const signer = signerOf(1);
    const note = signer.sign(`${origin}\n1\n${root}\n`);
    const proof = `c2sp.org/tlog-proof@v1\nindex 0\n\n${note}`;
    const encoded = Buffer.from(leaf).toString('base64');
    const text = JSON.stringify({ format: 'counterfoil-entry/1', leaf: encoded, proof });
    expect(await codeOf(text, { keys: [signer.verifierKey] })).toBe('POSITION_WRONG');
  });

  test('agrees with a checkpoint that was kept, if it is of the same size', async () => {
    const log = await sampleLog(someEvents(12));
    const text = await entryText(log, 6, 10);
    const against = async (note: string) => codeOf(text, { keys: [log.key], checkpoints: [note] });
    const forged = await sampleLog(someEvents(13).slice(1));
    expect(await against(await checkpointAt(log, 10))).toBe('proven');
    expect(await against(await checkpointAt(forged, 10))).toBe('CHECKPOINT_CONTRADICTED');
    expect(await against(await checkpointAt(log, 11))).toBe('NOT_COMPARABLE');
    expect(await against('no checkpoint')).toBe('NOT_COMPARABLE');
  });

  test('as a bare tlog-proof is proven with the leaf at hand', async () => {
    const log = await sampleLog(someEvents(12));
    const { leaf, text } = await log.sealed.proof(6);
    const keys = [log.key];
    expect(await codeOf(text, { keys })).toBe('NOT_COMPARABLE');
    expect(await codeOf(text, { keys, leaf })).toBe('proven');
    expect(await codeOf(text, { keys, leaf: leaf.subarray(1) })).toBe('PROOF_WRONG');
    const [header = '', ...rest] = text.split('\n');
    const withExtra = [header, 'extra c29tZXRoaW5n', ...rest].join('\n');
    expect(await codeOf(withExtra, { keys, leaf })).toBe('proven');
  });
});

describe('RC-02: a checkpoint', () => {
  test('is proven by the key of the log, among signatures by others', async () => {
    const log = await sampleLog(someEvents(4));
    const note = await checkpointAt(log, 4);
    const others = Array.from({ length: 15 }, (_, number) =>
      signerOf(100 + number)
        .sign('another text\n')
        .split('\n')
        .at(-2),
    );
    const text = `${note}${others.join('\n')}\n`;
    expect(await verdictOn(text, { keys: [log.key] })).toMatchObject({
      outcome: 'proven',
      subject: 'checkpoint',
      facts: { size: '4', signers: [log.key] },
    });
    expect(await codeOf(note.replace('\n4\n', '\n5\n'), { keys: [log.key] })).toBe(
      'SIGNATURE_INVALID',
    );
  });
});

describe('RC-02: a proof of growth', () => {
  test('holds between all checkpoints of one log, and none of another', async () => {
    const log = await sampleLog(someEvents(24));
    const forged = await sampleLog(someEvents(25).slice(1));
    const sizes = fc.tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 24 }));
    await fc.assert(
      fc.asyncProperty(sizes, async ([one, other]) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const text = await growthText(log, from, to);
        const with2 = async (earlier: SampleLog, later: SampleLog) =>
          codeOf(text, {
            keys: [log.key],
            checkpoints: [await checkpointAt(earlier, from), await checkpointAt(later, to)],
          });
        expect(await with2(log, log)).toBe('proven');
        if (from < to) expect(await with2(forged, log)).toBe('PROOF_WRONG');
        if (from < to) expect(await with2(log, forged)).toBe('PROOF_WRONG');
      }),
    );
  });

  test('needs both checkpoints', async () => {
    const log = await sampleLog(someEvents(6));
    const text = await growthText(log, 3, 6);
    const checkpoints = [await checkpointAt(log, 6)];
    expect(await codeOf(text, { keys: [log.key], checkpoints })).toBe('NOT_COMPARABLE');
  });
});

describe('RC-02: what is none of these', () => {
  test.each(['', 'Dear auditor, all is well.\n', '{"type": "letter"}', '\u0000\u0001'])(
    '%j could not be checked',
    async (text) => {
      expect(await verdictOn(text, {})).toMatchObject({
        outcome: 'unchecked',
        subject: undefined,
        problem: { code: 'UNRECOGNIZED' },
      });
    },
  );
});
