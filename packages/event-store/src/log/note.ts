import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { sha256 } from './hashing.ts';

/** Signs notes under a name (c2sp.org/signed-note), with Ed25519. */
export interface NoteSigner {
  /** The verifier key, `<name>+<key id>+<base64 of 0x01 and the public key>`. */
  readonly verifierKey: string;
  /** The note: the text, an empty line and the signature's line. The text ends with a newline. */
  sign(text: string): string;
}

/** What a verifier key says. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

/** Why a note can't be relied on. */
export class NoteRefused extends Error {
  override readonly name = 'NoteRefused';
}

const ed25519 = 1;
const signatureBytes = 64;
const keyBytes = 32;
// C2SP asks for 16 at least; a limit keeps a hostile note from costing much.
const signaturesMax = 100;

// What stands before the 32 bytes of an Ed25519 key in the encodings of RFC 8410.
const privateKeyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicKeyPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** A signer by the 32 bytes of a private key (RFC 8032, section 5.1.5). Throws a RangeError for a name that can't be one. */
export function noteSigner(name: string, seed: Uint8Array): NoteSigner {
  if (!isKeyName(name)) throw new RangeError(`"${name}" can't name a key: no space, and no +`);
  const der = Buffer.concat([privateKeyPrefix, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const publicKey = spki.subarray(-keyBytes);
  const keyId = keyIdOf(name, publicKey);
  const encoded = Buffer.concat([Buffer.from([ed25519]), publicKey]).toString('base64');
  return {
    verifierKey: `${name}+${keyId}+${encoded}`,
    sign: (text) => {
      if (!isNoteText(text)) throw new RangeError('a note is text that ends with a newline');
      const signature = sign(undefined, Buffer.from(text), privateKey);
      const line = Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64');
      return `${text}\n— ${name} ${line}\n`;
    },
  };
}

/** Throws a NoteRefused when the text is no verifier key of Ed25519, or its key id is another's. */
export function parseVerifierKey(text: string): NoteVerifier {
  const [, name = '', keyId = '', encoded = ''] =
    /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/su.exec(text) ?? [];
  const key = decodeBase64(encoded);
  if (key === undefined || key[0] !== ed25519 || key.length !== 1 + keyBytes) {
    throw new NoteRefused('a verifier key is not one of Ed25519');
  }
  const bytes = key.subarray(1);
  if (keyIdOf(name, bytes) !== keyId) throw new NoteRefused('a verifier key has a wrong key id');
  const der = Buffer.concat([publicKeyPrefix, bytes]);
  return { name, keyId, publicKey: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}

/**
 * The text of a note that one of the keys has signed. Throws a NoteRefused when it is no note, when a
 * signature by one of the keys is wrong, or when there is none.
 */
export function openNote(note: string, verifiers: readonly NoteVerifier[]): string {
  const split = note.lastIndexOf('\n\n');
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  if (split < 0 || !isNoteText(note)) throw new NoteRefused('not a signed note');
  if (lines.length > signaturesMax) throw new NoteRefused('a note has too many signatures');
  let verified = false;
  for (const line of lines) {
    const { name, keyId, signature } = signatureOf(line);
    const known = verifiers.find((one) => one.name === name && one.keyId === keyId);
    if (known === undefined) continue;
    const good =
      signature.length === signatureBytes &&
      verify(undefined, Buffer.from(text), known.publicKey, signature);
    if (!good) throw new NoteRefused(`the signature of ${name} is wrong`);
    verified = true;
  }
  if (!verified) throw new NoteRefused('no known key has signed the note');
  return text;
}

function signatureOf(line: string): { name: string; keyId: string; signature: Buffer } {
  const [, name, encoded = ''] = /^— (\S+) (\S+)$/u.exec(line) ?? [];
  const bytes = decodeBase64(encoded);
  if (name === undefined || !isKeyName(name) || bytes === undefined || bytes.length < 5) {
    throw new NoteRefused('a line of signature is not one');
  }
  return { name, keyId: bytes.subarray(0, 4).toString('hex'), signature: bytes.subarray(4) };
}

function keyIdOf(name: string, publicKey: Uint8Array): string {
  const named = Buffer.concat([Buffer.from(name), Buffer.from([0x0a, ed25519]), publicKey]);
  return sha256(named).toString('hex', 0, 4);
}

function isKeyName(name: string): boolean {
  return name !== '' && !/[\s+]/u.test(name) && isPlain(name);
}

function isNoteText(text: string): boolean {
  return text.endsWith('\n') && isPlain(text.replaceAll('\n', ''));
}

/** No control character of ASCII, and nothing that UTF-8 can't say. */
function isPlain(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what C2SP excludes
  return !/[\u0000-\u001f]/.test(text) && text.isWellFormed();
}

/** The bytes of a text in base64 with padding, or undefined: Buffer alone takes anything. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
