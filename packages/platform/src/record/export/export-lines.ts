import type { SealedEntry } from '@counterfoil/event-store/log';

// The lines of an export, exactly as docs/record-format.md has them: the order of members counts, as the
// verifier takes no other.

export function headerLine(origin: string, from: number, to: number): string {
  return lineOf({ kind: 'export', format: 'counterfoil-export/1', origin, from, to });
}

export function keyLine(verifierKey: string): string {
  return lineOf({ kind: 'key', verifier_key: verifierKey });
}

/** `previous` is the leaf hash of the entry before, `hashes` the roots of the whole subtrees before. */
export function frontierLine(previous: Uint8Array, hashes: readonly Uint8Array[]): string {
  return lineOf({ kind: 'frontier', previous: base64(previous), hashes: hashes.map(base64) });
}

export function schemaLine({ type, schemaVersion, avro }: SealedEntry): string {
  // The text whose hash is in the leaves.
  return lineOf({ kind: 'schema', type, version: schemaVersion, avro: JSON.stringify(avro) });
}

export function entryLine({ record, type, schemaVersion, leafHash }: SealedEntry): string {
  const { position, recordedAt, stream, version, body } = record;
  return lineOf({
    kind: 'entry',
    position,
    recorded_at: String(recordedAt),
    stream,
    version,
    type,
    schema_version: schemaVersion,
    body: base64(body),
    leaf_hash: base64(leafHash),
  });
}

export function checkpointLine(note: string): string {
  return lineOf({ kind: 'checkpoint', note });
}

function lineOf(members: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(members)}\n`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
