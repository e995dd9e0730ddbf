import { createHash, hash } from 'node:crypto';
import { formatInstant } from '@counterfoil/event-store';
import type { SealedLog } from '@counterfoil/event-store/log';
import type { ReportFormat } from '../domain/reports/events.ts';
import type { ReportRow, ReportWriter, RunningReport } from './report.ts';
import { createZip, type ZipStream } from './zip-stream.ts';

// A report that proves itself: docs/record-format.md says what is in it. The manifest signs the files by their
// hashes, the checkpoint signs the log, and the proofs tie the entries that the report cites to it.

export interface PackageParts {
  readonly sealedLog: Pick<SealedLog, 'origin' | 'proof' | 'signNote'>;
  readonly write: ReportWriter;
  readonly format: ReportFormat;
  /** More entries than these are cited without a proof in the package. */
  readonly proofsMax?: number;
}

const formatName = 'counterfoil-package/1';

/** A proof takes up to a millisecond and two kilobytes. */
const proofsInPackage = 10_000;

interface PackagedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Writes a report as a signed package. */
export function packageWriter(parts: PackageParts): ReportWriter {
  return async function* writePackage(report) {
    const { definition, head } = report;
    const { sealedLog, proofsMax = proofsInPackage } = parts;
    const cited = createCitations(definition.cites, proofsMax);
    const zip = createZip(new Date(Number(head.createdAt / 1_000_000n)));
    const files: PackagedFile[] = [];

    const pages = watched(report.pages, cited.note);
    const name = `${definition.name}.${parts.format}`;
    files.push(yield* addFile(zip, name, parts.write({ ...report, pages })));
    if (cited.total() > proofsMax) {
      const text = `${unproven(cited.total(), proofsMax)}\n`;
      files.push(yield* addFile(zip, 'proofs.txt', [Buffer.from(text)]));
    }
    const manifest = manifestOf(report, sealedLog.origin, files);
    yield* addFile(zip, 'manifest.json', [Buffer.from(manifest)]);
    const signed = `${formatName}\n${sealedLog.origin}\n${hash('sha256', manifest, 'base64')}\n`;
    yield* addFile(zip, 'manifest.sig', [Buffer.from(await sealedLog.signNote(signed))]);
    yield* addFile(zip, 'checkpoint', [Buffer.from(head.checkpoint)]);
    yield* addFile(zip, 'proofs.jsonl', proofLines(sealedLog, cited.positions, head.checkpoint));
    yield* zip.end();
  };
}

function unproven(total: number, proofsMax: number): string {
  return (
    `The report cites ${total} entries, and proofs.jsonl proves the first ${proofsMax} of them. ` +
    'Of the others, ask the server at /api/v1/audit/entries/{position}/proof, or verify an export of the log.'
  );
}

/** Adds a file, piece by piece; answers what the manifest says of it. */
async function* addFile(
  zip: ZipStream,
  name: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, PackagedFile, void> {
  const hashing = createHash('sha256');
  let bytes = 0;
  const add = zip.add(name);
  for await (const piece of pieces) {
    hashing.update(piece);
    bytes += piece.length;
    yield* add.push(piece);
  }
  yield* add.end();
  return { name, bytes, sha256: hashing.digest('hex') };
}

interface Citations {
  note(row: ReportRow): void;
  /** Of the first of them, ascending as they came and each once. */
  readonly positions: ReadonlySet<number>;
  total(): number;
}

function createCitations(column: string | undefined, max: number): Citations {
  const positions = new Set<number>();
  let total = 0;
  return {
    note: (row) => {
      const position = column === undefined ? undefined : row[column];
      if (typeof position !== 'number') return;
      total += 1;
      if (positions.size < max) positions.add(position);
    },
    positions,
    total: () => total,
  };
}

async function* watched(
  pages: RunningReport['pages'],
  note: (row: ReportRow) => void,
): RunningReport['pages'] {
  for await (const page of pages) {
    for (const row of page) note(row);
    yield page;
  }
}

function manifestOf(
  { definition, head }: RunningReport,
  origin: string,
  files: readonly PackagedFile[],
): string {
  return JSON.stringify({
    format: formatName,
    report: definition.name,
    parameters: head.parameters,
    created_at: formatInstant(head.createdAt),
    origin,
    position: head.position,
    files,
  });
}

/** A proof a line, each to the package's own checkpoint. */
async function* proofLines(
  { proof }: Pick<SealedLog, 'proof'>,
  positions: Iterable<number>,
  checkpoint: string,
): AsyncIterable<Uint8Array> {
  const size = Number(checkpoint.split('\n')[1]);
  for (const position of positions) {
    const { leaf, text } = await proof(position, size);
    const line = {
      format: 'counterfoil-entry/1',
      position,
      leaf: Buffer.from(leaf).toString('base64'),
      proof: text,
    };
    yield Buffer.from(`${JSON.stringify(line)}\n`);
  }
}
