import { fromBase64 } from './base64.ts';
import { hex, joined, utf8 } from './bytes.ts';
import { rawSignature } from './ecdsa-signature.ts';
import { Problem } from './problem.ts';
import { hashBytes, sha256 } from './sha256.ts';

/**
 * A public key with the name of who holds it (c2sp.org/signed-note). Besides the Ed25519 keys that logs
 * sign with, those of witnesses are known (type 4, c2sp.org/tlog-cosignature) and ECDSA on P-256 (type 2).
 */
export interface VerifierKey {
  readonly text: string;
  readonly name: string;
  /** The four bytes of the key id, in hexadecimal. */
  readonly id: string;
  verifies(noteText: string, signature: Uint8Array): Promise<boolean>;
}

// Key names are the schemaless URLs of their owners.
export const keyNamePattern = /^[^\p{White_Space}+]+$/u;

/** `<name>+<key id>+<base64>`. Throws a Problem when that is no key of a known type. */
export async function parseVerifierKey(text: string): Promise<VerifierKey> {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([^]+)$/.exec(text) ?? [];
  const bytes = encoded === undefined ? undefined : fromBase64(encoded);
  if (name === undefined || id === undefined || bytes === undefined || !keyNamePattern.test(name)) {
    throw malformed(text, 'a verifier key is "<name>+<key id in 8 hexadecimal digits>+<base64>"');
  }
  const material = bytes.subarray(1);
  const kind = kinds.get(bytes[0] ?? 0);
  if (kind === undefined) throw malformed(text, `keys of type ${bytes[0]} are not known here`);
  if (hex(kind.idOf(name, bytes).subarray(0, 4)) !== id) {
    throw malformed(text, 'its key id does not belong to its name and bytes');
  }
  const key = await kind.open(material).catch(() => undefined);
  if (key === undefined) throw malformed(text, 'its bytes are no key');
  return { text, name, id, verifies: key };
}

type Verifies = VerifierKey['verifies'];

interface Kind {
  idOf(name: string, typed: Uint8Array): Uint8Array;
  open(material: Uint8Array): Promise<Verifies>;
}

const idOfNamedKey: Kind['idOf'] = (name, typed) => sha256(joined(utf8(`${name}\n`), typed));

const kinds = new Map<number, Kind>([
  [1, { idOf: idOfNamedKey, open: openEd25519 }],
  [2, { idOf: (_, typed) => sha256(typed.subarray(1)), open: openEcdsa }],
  [4, { idOf: idOfNamedKey, open: openCosigner }],
]);

async function openEd25519(material: Uint8Array): Promise<Verifies> {
  const verifies = await openEd25519Bytes(material);
  return (noteText, signature) => verifies(utf8(noteText), signature);
}

/** A cosignature is eight bytes of time and a signature over that and the note (c2sp.org/tlog-cosignature). */
async function openCosigner(material: Uint8Array): Promise<Verifies> {
  const verifies = await openEd25519Bytes(material);
  return async (noteText, signature) => {
    if (signature.length !== 72) return false;
    const seconds = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
    const signed = utf8(`cosignature/v1\ntime ${seconds}\n${noteText}`);
    return verifies(signed, signature.subarray(8));
  };
}

async function openEd25519Bytes(material: Uint8Array) {
  if (material.length !== hashBytes) throw new RangeError('a public key of Ed25519 has 32 bytes');
  const key = await crypto.subtle.importKey('raw', owned(material), 'Ed25519', false, ['verify']);
  return (message: Uint8Array, signature: Uint8Array): Promise<boolean> =>
    crypto.subtle.verify('Ed25519', key, owned(signature), owned(message));
}

async function openEcdsa(material: Uint8Array): Promise<Verifies> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('spki', owned(material), algorithm, false, ['verify']);
  return async (noteText, signature) => {
    const raw = rawSignature(signature);
    if (raw === undefined) return false;
    return crypto.subtle.verify(algorithm, key, owned(raw), owned(utf8(noteText)));
  };
}

/** Web Crypto takes no view of memory that may be shared. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}

function malformed(text: string, why: string): Problem {
  return new Problem('MALFORMED', `"${text}" is no key that can be used: ${why}`);
}
