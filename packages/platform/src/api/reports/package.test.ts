import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillBooks, openReports, type ReportsUnderTest } from './reports.fixture.ts';

// The verifier shares no code with what writes packages: it is run as an auditor runs it, on a copy.
const verifier = path.join(import.meta.dirname, '../../../../verify/src/cli/main.ts');

let books: ReportsUnderTest;
let elsewhere: string;
let key: string;

beforeAll(async () => {
  books = await openReports({ perHour: 1_000 });
  await fillBooks(books);
  elsewhere = mkdtempSync(path.join(tmpdir(), 'counterfoil-package-'));
  [key = ''] = books.platform().record.log.publicKeys();
});
afterAll(async () => {
  await books.close();
  rmSync(elsewhere, { recursive: true, force: true });
});

async function packageOf(nameAndQuery: string): Promise<Buffer> {
  const response = await books.report(`${nameAndQuery}package=true`);
  expect(response.headers['content-type']).toBe('application/zip');
  return response.rawPayload;
}

/** The verifier's exit code, and what it says. */
function verified(bytes: Uint8Array): { readonly code: number | null; readonly says: string } {
  const file = path.join(elsewhere, 'report.zip');
  writeFileSync(file, bytes);
  const { status, stdout, stderr } = spawnSync(process.execPath, [verifier, file, '--key', key], {
    cwd: elsewhere,
    encoding: 'utf8',
  });
  return { code: status, says: stdout + stderr };
}

function members(bytes: Uint8Array): Readonly<Record<string, string>> {
  const files = Object.entries(unzipSync(bytes));
  return Object.fromEntries(files.map(([name, text]) => [name, Buffer.from(text).toString()]));
}

function proofsIn(bytes: Uint8Array): readonly { position: number }[] {
  const lines = members(bytes)['proofs.jsonl']?.trimEnd().split('\n') ?? [];
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}

describe('RC-02, RC-07 a report as a signed package', () => {
  test.each([
    ['audit-trail?format=json&', 'audit-trail.json'],
    ['trade-blotter?format=csv&', 'trade-blotter.csv'],
    ['large-trades?threshold=1000&format=pdf&', 'large-trades.pdf'],
    ['positions?format=json&', 'positions.json'],
    ['corporate-actions?format=csv&', 'corporate-actions.csv'],
  ])('%s verifies with no server', async (asked, file) => {
    const bytes = await packageOf(asked);
    const { code, says } = verified(bytes);

    expect(says).toContain(file);
    expect(code).toBe(0);
    expect(Object.keys(members(bytes))).toEqual([
      file,
      'manifest.json',
      'manifest.sig',
      'checkpoint',
      'proofs.jsonl',
    ]);
  });

  test('proves each entry that the report cites', async () => {
    const bytes = await packageOf('trade-blotter?format=json&');
    const { rows } = JSON.parse(members(bytes)['trade-blotter.json'] ?? '') as {
      rows: { position: number }[];
    };

    expect(proofsIn(bytes).map(({ position }) => position)).toEqual(
      rows.map(({ position }) => position),
    );
    const trail = await packageOf('audit-trail?event_type=TradeBooked&');
    expect(proofsIn(trail)).toHaveLength(3);
    expect(proofsIn(await packageOf('positions?'))).toEqual([]);
  });

  test('is the same as a job', async () => {
    const asked = await books.done({
      request: 'POST /api/v1/reports',
      body: { report: 'audit-trail', format: 'csv', package: true },
    });
    const { id } = asked.json<{ id: string }>();
    await books.job(id, 'COMPLETED');
    const file = await books.done({ request: `GET /api/v1/reports/jobs/${id}/content` });

    expect(file.headers['content-disposition']).toMatch(/filename="audit-trail-\d+\.zip"$/);
    expect(verified(file.rawPayload).code).toBe(0);
  });

  test('does not verify once one byte of it is another, wherever that is', async () => {
    const bytes = await packageOf('trade-blotter?format=csv&');
    const places = Array.from({ length: 24 }, (_, number) =>
      Math.floor((number * (bytes.length - 1)) / 23),
    );
    const codes = places.map((place) => {
      const altered = Buffer.from(bytes);
      altered[place] = (altered[place] ?? 0) ^ 0x10;
      return verified(altered).code;
    });

    // 1: it is not what was signed. 2: it can't even be read.
    expect(codes.filter((code) => code !== 1 && code !== 2)).toEqual([]);
  });
});
