import { hash } from 'node:crypto';
import type { EntryProof, SealedLog } from '@counterfoil/event-store/log';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { writeCsv } from './csv-writer.ts';
import { packageWriter } from './package-writer.ts';
import { sampleCheckpoint, sampleReport, sampleRow, writtenBy } from './report.fixture.ts';
import type { ReportRow } from './report.ts';

// Whether a package verifies is for the verifier to say: see api/reports/package.test.ts. Here is what it holds.

/** A log that proves whatever it is asked for, and says to which size. */
const sealedLog: Pick<SealedLog, 'origin' | 'proof' | 'signNote'> = {
  origin: 'counterfoil.example/log',
  proof: (position, size = 0): Promise<EntryProof> =>
    Promise.resolve({
      position,
      size,
      leaf: Buffer.from([position]),
      hashes: [],
      checkpoint: sampleCheckpoint,
      text: `proof of ${position} in ${size}`,
    }),
  signNote: (text) => Promise.resolve(`${text}\n— signed\n`),
};

async function packageOf(rows: readonly ReportRow[], proofsMax?: number) {
  const parts = { sealedLog, write: writeCsv, format: 'csv' } as const;
  const write = packageWriter(proofsMax === undefined ? parts : { ...parts, proofsMax });
  const bytes = await writtenBy(write, sampleReport([rows], { from: '2026-01-01' }));
  const files = Object.entries(unzipSync(bytes));
  return new Map(files.map(([name, content]) => [name, Buffer.from(content).toString()]));
}

interface Manifest {
  readonly files: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

describe('RC-02 a package', () => {
  test('names each of its files with what is in it, and signs that', async () => {
    const files = await packageOf([sampleRow(1)]);
    const text = files.get('manifest.json') ?? '';
    const manifest = JSON.parse(text) as Manifest;

    expect(manifest).toMatchObject({
      format: 'counterfoil-package/1',
      report: 'trade-blotter',
      parameters: { from: '2026-01-01' },
      created_at: '2026-11-20T15:00:00.000Z',
      origin: 'counterfoil.example/log',
      position: 17,
    });
    expect(manifest.files).toEqual(
      ['trade-blotter.csv'].map((name) => {
        const content = files.get(name) ?? '';
        return { name, bytes: Buffer.byteLength(content), sha256: hash('sha256', content) };
      }),
    );
    expect(files.get('manifest.sig')).toBe(
      `counterfoil-package/1\ncounterfoil.example/log\n${hash('sha256', text, 'base64')}\n\n— signed\n`,
    );
    expect(files.get('checkpoint')).toBe(sampleCheckpoint);
  });

  test('proves the entries that it cites, each once, by its own checkpoint', async () => {
    const files = await packageOf([sampleRow(3), sampleRow(9), sampleRow(3)]);

    expect(
      files
        .get('proofs.jsonl')
        ?.trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { format: 'counterfoil-entry/1', position: 3, leaf: 'Aw==', proof: 'proof of 3 in 17' },
      { format: 'counterfoil-entry/1', position: 9, leaf: 'CQ==', proof: 'proof of 9 in 17' },
    ]);
  });

  test('says so when it proves some of them only', async () => {
    const files = await packageOf([sampleRow(3), sampleRow(4), sampleRow(5)], 2);
    const manifest = JSON.parse(files.get('manifest.json') ?? '') as Manifest;

    expect(files.get('proofs.jsonl')?.trimEnd().split('\n')).toHaveLength(2);
    expect(files.get('proofs.txt')).toMatch(
      /^The report cites 3 entries, and .* the first 2 of them\./,
    );
    expect(manifest.files.map(({ name }) => name)).toEqual(['trade-blotter.csv', 'proofs.txt']);
  });
});
