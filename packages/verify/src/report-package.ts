import { toBase64 } from './base64.ts';
import { hex, joined, textOf } from './bytes.ts';
import { sameTree, type SignedCheckpoint } from './checkpoint.ts';
import { checkpointOpener, verifyEntry } from './entry.ts';
import { linesOf } from './lines.ts';
import { placed, Problem } from './problem.ts';
import { createSha256, sha256 } from './sha256.ts';
import { parseNote, signersOf } from './signed-note.ts';
import { requireAgreement, type Trust } from './trust.ts';
import { readZip, type ZipMember } from './zip.ts';

/** What a report's package turned out to be. */
export interface VerifiedPackage {
  readonly report: string;
  readonly origin: string;
  readonly createdAt: string;
  /** What the log had come to. */
  readonly position: number;
  readonly files: readonly string[];
  /** How many entries the report cites, each with a proof. */
  readonly proofs: number;
  readonly checkpoint: SignedCheckpoint;
}

interface Manifest {
  readonly format: string;
  readonly report: string;
  readonly created_at: string;
  readonly origin: string;
  readonly position: number;
  readonly files: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

const format = 'counterfoil-package/1';
const own = {
  manifest: 'manifest.json',
  signature: 'manifest.sig',
  checkpoint: 'checkpoint',
  proofs: 'proofs.jsonl',
};
/** Of what is read as a whole. */
const textBytesMax = 64 * 1_024 * 1_024;

/** Verifies a report's package. Throws a Problem when it is not right. */
export async function verifyPackage(
  file: Blob,
  trust: Trust,
  progress: (bytes: number) => void,
): Promise<VerifiedPackage> {
  const members = new Map((await readZip(file)).map((member) => [member.name, member]));
  const manifestText = await readText(members, own.manifest);
  const manifest = await placed({ member: own.manifest }, () => parseManifest(manifestText));
  const note = await readText(members, own.signature);
  await placed({ member: own.signature }, () => requireSigned(note, manifestText, manifest, trust));

  const open = checkpointOpener(trust);
  const checkpointNote = await readText(members, own.checkpoint);
  const checkpoint = await placed({ member: own.checkpoint }, async () => {
    const opened = await open(checkpointNote);
    requireCover(opened, manifest);
    requireAgreement(opened, trust.kept);
    return opened;
  });

  requireNoOthers(members, manifest);
  for (const listed of manifest.files) {
    await placed({ member: listed.name }, () => requireFile(members, listed, progress));
  }
  const proofs = await verifyProofs(memberOf(members, own.proofs), open, checkpoint, progress);
  const { report, origin, created_at: createdAt, position } = manifest;
  const files = manifest.files.map(({ name }) => name);
  return { report, origin, createdAt, position, files, proofs, checkpoint };
}

type Members = ReadonlyMap<string, ZipMember>;

function memberOf(members: Members, name: string): ZipMember {
  const member = members.get(name);
  if (member === undefined) {
    throw new Problem('FILE_MISSING', `the file "${name}" is not in the package`, { member: name });
  }
  return member;
}

async function readText(members: Members, name: string): Promise<string> {
  const member = memberOf(members, name);
  return placed({ member: name }, async () => {
    if (member.size > textBytesMax) throw malformed(`"${name}" is too large`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of member.content()) chunks.push(chunk);
    const text = textOf(joined(...chunks));
    if (text === undefined) throw malformed(`"${name}" is not UTF-8`);
    return text;
  });
}

function parseManifest(text: string): Manifest {
  let manifest: Manifest | null;
  try {
    manifest = JSON.parse(text) as Manifest | null;
  } catch {
    throw malformed('its manifest is no JSON');
  }
  if (manifest?.format !== format) throw malformed(`its format is not "${format}"`);
  const { report, created_at: createdAt, origin, position, files } = manifest;
  const isWhole =
    [report, createdAt, origin].every((member) => typeof member === 'string') &&
    Number.isSafeInteger(position) &&
    Array.isArray(files) &&
    files.every(
      ({ name, bytes, sha256: hash }) =>
        typeof name === 'string' && Number.isSafeInteger(bytes) && typeof hash === 'string',
    );
  if (!isWhole) throw malformed('its manifest lacks a member');
  return manifest;
}

/** The note signs the manifest by its hash. Without a key, only that is held against the manifest. */
async function requireSigned(
  text: string,
  manifestText: string,
  { origin }: Manifest,
  { keys }: Trust,
): Promise<void> {
  const note = parseNote(text);
  const hash = sha256(new TextEncoder().encode(manifestText));
  if (note.text !== `${format}\n${origin}\n${toBase64(hash)}\n`) {
    throw new Problem('FILE_ALTERED', 'the manifest is not the one that was signed', {
      member: own.manifest,
    });
  }
  if (keys.length > 0) await signersOf(note, keys);
}

function requireCover({ origin, size }: SignedCheckpoint, manifest: Manifest): void {
  if (origin !== manifest.origin) {
    throw new Problem(
      'ORIGIN_DIFFERS',
      `the checkpoint is of the log "${origin}", and the report of "${manifest.origin}"`,
    );
  }
  if (size >= BigInt(manifest.position)) return;
  throw new Problem(
    'PROOF_WRONG',
    `the checkpoint covers ${size} entries, and the report is of ${manifest.position}`,
  );
}

function requireNoOthers(members: Members, { files }: Manifest): void {
  const known = new Set([...Object.values(own), ...files.map(({ name }) => name)]);
  for (const name of members.keys()) {
    if (known.has(name)) continue;
    throw new Problem('FILE_UNEXPECTED', `"${name}" is not in the manifest`, { member: name });
  }
}

async function requireFile(
  members: Members,
  { name, bytes, sha256: stated }: Manifest['files'][number],
  progress: (bytes: number) => void,
): Promise<void> {
  const member = memberOf(members, name);
  const hasher = createSha256();
  for await (const chunk of member.content()) {
    hasher.update(chunk);
    progress(chunk.length);
  }
  if (member.size === bytes && hex(hasher.digest()) === stated) return;
  throw new Problem('FILE_ALTERED', `"${name}" is not the file that was signed`);
}

/** Answers how many there are. */
async function verifyProofs(
  member: ZipMember,
  open: ReturnType<typeof checkpointOpener>,
  checkpoint: SignedCheckpoint,
  progress: (bytes: number) => void,
): Promise<number> {
  let count = 0;
  return placed({ member: own.proofs }, async () => {
    for await (const lines of linesOf(member.content())) {
      for (const line of lines) {
        count += 1;
        await placed({ line: count }, async () => {
          if (!isExact(line)) throw malformed('a proof could be written in another way');
          const proven = await verifyEntry(line, open);
          if (!sameTree(proven.checkpoint, checkpoint)) {
            throw new Problem(
              'PROOF_WRONG',
              'it leads to another checkpoint than that of the package',
            );
          }
        });
        progress(line.length);
      }
    }
    return count;
  });
}

/** Whether a line of JSON is written in the one way that leaves no sign without a meaning. */
function isExact(line: string): boolean {
  try {
    return JSON.stringify(JSON.parse(line)) === line;
  } catch {
    return false;
  }
}

function malformed(why: string): Problem {
  return new Problem('MALFORMED', `the package is not as it has to be: ${why}`);
}
