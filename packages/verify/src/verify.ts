import { readCause } from './body.ts';
import { textOf } from './bytes.ts';
import { chunksOf } from './chunks.ts';
import { checkpointOpener, verifyEntry, verifyTlogProof, type VerifiedEntry } from './entry.ts';
import { parseExportLine } from './export-line.ts';
import { createExportCheck } from './export.ts';
import { verifyGrowth } from './growth.ts';
import { linesOf } from './lines.ts';
import { Problem } from './problem.ts';
import { verifyPackage } from './report-package.ts';
import { tlogProofHeader } from './tlog-proof.ts';
import { openTrust, requireAgreement, type Trust } from './trust.ts';
import { checkpointFacts, type Facts, type Subject, type Verdict } from './verdict.ts';
import { isZip } from './zip.ts';

export type { Facts, Outcome, Subject, Verdict } from './verdict.ts';
export { sentencesOf } from './sentences.ts';

export interface VerifyOptions {
  /** Verifier keys that are known from elsewhere, one or several a text. Without any, nothing is proven. */
  readonly keys?: readonly string[] | undefined;
  /** Checkpoints that were kept elsewhere, one or several a text: what is verified has to agree with them. */
  readonly checkpoints?: readonly string[] | undefined;
  /** What a bare tlog-proof is about. */
  readonly leaf?: Uint8Array | undefined;
  /** Told now and then; both in bytes. The total is that of the file, of which some may be packed. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Verifies an export, a report's package, an entry with its proof, a bare tlog-proof, a proof of growth or a
 * checkpoint, whichever the file is, and looks at nothing else. Never rejects for what is in the file: that is the
 * verdict.
 */
export async function verify(file: Blob, options: VerifyOptions = {}): Promise<Verdict> {
  let subject: Subject | undefined;
  try {
    const trust = await trustOf(options);
    subject = await subjectOf(file);
    const facts = await checks[subject](file, trust, options);
    return { outcome: trust.keys.length > 0 ? 'proven' : 'whole', subject, facts };
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure;
    const { code, place, message } = failure;
    const outcome = uncheckable.has(code) ? 'unchecked' : 'altered';
    return { outcome, subject, problem: { code, sentence: message, ...place } };
  }
}

const uncheckable: ReadonlySet<string> = new Set(['NOT_COMPARABLE', 'UNRECOGNIZED']);

/** What is wrong with what was brought along says nothing of the file. */
async function trustOf({ keys = [], checkpoints = [] }: VerifyOptions): Promise<Trust> {
  try {
    return await openTrust(keys, checkpoints);
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure;
    throw new Problem('NOT_COMPARABLE', `A key or checkpoint can't be used: ${failure.message}`);
  }
}

const headBytes = 64 * 1_024;

async function subjectOf(file: Blob): Promise<Subject> {
  if (await isZip(file)) return 'package';
  const head = new TextDecoder().decode(await file.slice(0, headBytes).arrayBuffer());
  if (/^\{"kind":/m.test(head)) return 'export';
  if (head.startsWith(tlogProofHeader)) return 'proof';
  if (/"(?:leaf|proof)"\s*:/.test(head)) return 'entry';
  if (/"hashes"\s*:/.test(head)) return 'growth';
  if (head.includes('\n\u2014 ')) return 'checkpoint';
  throw new Problem(
    'UNRECOGNIZED',
    'this is no export, package, entry, proof or checkpoint that is known here',
  );
}

type Check = (file: Blob, trust: Trust, options: VerifyOptions) => Promise<Facts>;

const checks: { readonly [Kind in Subject]: Check } = {
  export: checkExport,
  package: async (file, trust, { onProgress }) => {
    let done = 0;
    const found = await verifyPackage(file, trust, (bytes) => {
      done += bytes;
      onProgress?.(Math.min(done, file.size), file.size);
    });
    const { report, createdAt, position, files, proofs, checkpoint } = found;
    return { ...checkpointFacts(checkpoint), report, createdAt, position, files, proofs };
  },
  entry: async (file, trust) => {
    const entry = await verifyEntry(await textIn(file), checkpointOpener(trust));
    requireAgreement(entry.checkpoint, trust.kept);
    return entryFacts(entry);
  },
  proof: async (file, trust, { leaf }) => {
    if (leaf === undefined) {
      throw new Problem('NOT_COMPARABLE', 'a bare proof needs the leaf that it is about');
    }
    const proven = await verifyTlogProof(await textIn(file), leaf, checkpointOpener(trust));
    requireAgreement(proven.checkpoint, trust.kept);
    return { ...checkpointFacts(proven.checkpoint), index: String(proven.index) };
  },
  growth: async (file, { kept }) => {
    const { from, to } = verifyGrowth(await textIn(file), kept);
    return { ...checkpointFacts(to), grownFrom: String(from.size) };
  },
  checkpoint: async (file, trust) => {
    const checkpoint = await checkpointOpener(trust)(await textIn(file));
    requireAgreement(checkpoint, trust.kept);
    return checkpointFacts(checkpoint);
  },
};

async function checkExport(
  file: Blob,
  trust: Trust,
  { onProgress }: VerifyOptions,
): Promise<Facts> {
  const check = createExportCheck(trust);
  let line = 0;
  let done = 0;
  try {
    for await (const lines of linesOf(chunksOf(file.stream()))) {
      for (const text of lines) {
        line += 1;
        done += text.length + 1;
        // Only where a signature is verified there is something to wait for.
        const pending = check.take(parseExportLine(text));
        if (pending !== undefined) await pending;
      }
      onProgress?.(Math.min(done, file.size), file.size);
    }
    const { from, to, checkpoint } = check.end();
    return { ...checkpointFacts(checkpoint), from, to };
  } catch (failure) {
    throw failure instanceof Problem ? failure.at(placeOf(line, check.nextPosition)) : failure;
  }
}

function placeOf(line: number, position: number | undefined) {
  return position === undefined ? { line } : { line, position };
}

function entryFacts({ leaf, checkpoint }: VerifiedEntry): Facts {
  const cause = readCause(leaf.body);
  return {
    ...checkpointFacts(checkpoint),
    position: Number(leaf.position),
    stream: leaf.stream,
    version: Number(leaf.version),
    type: leaf.type,
    recordedAt: new Date(Number(leaf.recordedAt / 1_000_000n)).toISOString(),
    ...cause,
  };
}

async function textIn(file: Blob): Promise<string> {
  const text = textOf(new Uint8Array(await file.arrayBuffer()));
  if (text === undefined) throw new Problem('MALFORMED', 'this is not UTF-8');
  return text;
}
