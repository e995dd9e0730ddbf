import type { Instant } from '@counterfoil/event-store';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeJson } from '../packages/platform/src/reports/json-writer.ts';
import { packageWriter } from '../packages/platform/src/reports/package-writer.ts';
import type { RunningReport } from '../packages/platform/src/reports/report.ts';
import { verify, type Verdict } from '../packages/verify/src/verify.ts';
import { readZip } from '../packages/verify/src/zip.ts';
import { zipOf, type Contents } from './tampering-zip.fixture.ts';
import { sampleLog, signerOf, someEvents, type SampleLog } from './tampering.fixture.ts';

// Packages as the reports are packed, of a report of three rows that cites as many entries.

let log: SampleLog;
let packed: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  log = await sampleLog(someEvents(20));
  packed = await packageOf(log);
});

async function packageOf({ sealed }: SampleLog): Promise<Uint8Array<ArrayBuffer>> {
  const report: RunningReport = {
    definition: {
      name: 'audit-trail',
      title: 'Audit trail',
      columns: [{ name: 'position', kind: 'integer', width: 1 }],
      totalsBy: [],
      sums: [],
      cites: 'position',
      size: async () => 3,
      pages: () => rows(),
    },
    head: {
      position: 20,
      createdAt: 1_763_700_000_000_000_000n as Instant,
      parameters: {},
      checkpoint: await sealed.checkpoint(),
    },
    pages: rows(),
  };
  const write = packageWriter({ sealedLog: sealed, write: writeJson, format: 'json' });
  const chunks: Uint8Array[] = [];
  for await (const chunk of write(report)) chunks.push(chunk);
  return Uint8Array.from(Buffer.concat(chunks));
}

async function* rows() {
  yield [{ position: 3 }, { position: 17 }, { position: 20 }];
}

function verdictOn(bytes: Uint8Array<ArrayBuffer>, keys = [log.key]): Promise<Verdict> {
  return verify(new Blob([bytes]), { keys });
}

async function problemOf(bytes: Uint8Array<ArrayBuffer>, keys = [log.key]) {
  const verdict = await verdictOn(bytes, keys);
  if (!('problem' in verdict)) throw new Error(`it is taken for ${verdict.outcome}`);
  return verdict.problem;
}

/** The members of an archive, unpacked. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<Record<string, Uint8Array>> {
  const contents: Record<string, Uint8Array> = {};
  for (const { name, content } of await readZip(new Blob([bytes]))) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content()) chunks.push(chunk);
    contents[name] = Uint8Array.from(Buffer.concat(chunks));
  }
  return contents;
}

/** Packs members again, as somebody would who has changed one. */
function repacked(contents: Contents): Uint8Array<ArrayBuffer> {
  return zipOf(contents, 'deflated');
}

describe('RC-02: a package of a report', () => {
  test('is proven with the key of the log, and only whole without', async () => {
    expect(await verdictOn(packed)).toMatchObject({
      outcome: 'proven',
      subject: 'package',
      facts: { report: 'audit-trail', position: 20, files: ['audit-trail.json'], proofs: 3 },
    });
    expect(await verdictOn(packed, [])).toMatchObject({ outcome: 'whole' });
  });

  test('is the same when its members were deflated, or packed by another', async () => {
    const contents = await unpacked(packed);
    expect(await verdictOn(repacked(contents))).toMatchObject({ outcome: 'proven' });
    const stored = zipOf(contents, 'stored');
    expect(await verdictOn(stored)).toMatchObject({ outcome: 'proven' });
  });

  test('is not proven by the key of another log', async () => {
    const other = [signerOf(2).verifierKey];
    expect(await problemOf(packed, other)).toMatchObject({
      code: 'KEY_UNKNOWN',
      member: 'manifest.sig',
    });
  });
});

describe('RC-02: one bit flipped anywhere in a package', () => {
  test('is found at each byte', async () => {
    for (let at = 0; at < packed.length; at += 1) {
      const flipped = packed.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      const { outcome } = await verdictOn(flipped);
      expect({ at, isFound: ['altered', 'unchecked'].includes(outcome) }).toEqual({
        at,
        isFound: true,
      });
    }
  });

  // Deflating has more than one way to write the same, so another packs at his own risk.
  test('of deflated members is found, unless what is unpacked is the same to the bit', async () => {
    const contents = await unpacked(packed);
    const deflated = repacked(contents);
    await fc.assert(
      fc.asyncProperty(fc.nat(8 * deflated.length - 1), async (bit) => {
        const flipped = deflated.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const { outcome } = await verdictOn(flipped);
        if (outcome === 'proven') expect(await unpacked(flipped)).toEqual(contents);
        else expect(['altered', 'unchecked']).toContain(outcome);
      }),
      { numRuns: 300 },
    );
  });
});

describe('RC-02: a package that was changed and packed again', () => {
  const names = ['audit-trail.json', 'manifest.json', 'manifest.sig', 'checkpoint', 'proofs.jsonl'];

  test.each(names)('without %s names what is missing', async (name) => {
    const { [name]: _, ...others } = await unpacked(packed);
    expect(await problemOf(repacked(others))).toMatchObject({ code: 'FILE_MISSING', member: name });
  });

  test('with another file names that', async () => {
    const contents = { ...(await unpacked(packed)), 'note.txt': Buffer.from('believe me') };
    expect(await problemOf(repacked(contents))).toMatchObject({
      code: 'FILE_UNEXPECTED',
      member: 'note.txt',
    });
  });

  test.each([
    ['audit-trail.json', /17/, '18', 'FILE_ALTERED'],
    ['manifest.json', /"position":20/, '"position":19', 'FILE_ALTERED'],
    ['checkpoint', /\n20\n/, '\n21\n', 'SIGNATURE_INVALID'],
    ['proofs.jsonl', /"position":17/, '"position":18', 'POSITION_WRONG'],
    ['proofs.jsonl', /index 16/, 'index 15', 'PROOF_WRONG'],
    ['proofs.jsonl', /,"leaf"/, ', "leaf"', 'MALFORMED'],
  ])('in %s says where', async (name, found, put, code) => {
    const contents = await unpacked(packed);
    const text = Buffer.from(contents[name] ?? []).toString();
    expect(text).toMatch(found);
    const changed = { ...contents, [name]: Buffer.from(text.replace(found, put)) };
    expect(await problemOf(repacked(changed))).toMatchObject({ code, member: name });
  });

  test('whose report was signed by somebody else with its own hash names the signature', async () => {
    const other = await packageOf(await sampleLog(someEvents(20), signerOf(2)));
    const problem = await problemOf(other);
    expect(problem).toMatchObject({ code: 'KEY_UNKNOWN', member: 'manifest.sig' });
  });

  test('with the proofs of another log names the first', async () => {
    const others = await unpacked(await packageOf(await sampleLog(someEvents(21).slice(1))));
    const proofs = others['proofs.jsonl'] ?? new Uint8Array();
    const changed = { ...(await unpacked(packed)), 'proofs.jsonl': proofs };
    expect(await problemOf(repacked(changed))).toMatchObject({
      code: 'PROOF_WRONG',
      member: 'proofs.jsonl',
      line: 1,
    });
  });
});
