import { fromBase64 } from './base64.ts';
import { hex } from './bytes.ts';
import { Problem } from './problem.ts';
import { keyNamePattern, type VerifierKey } from './verifier-key.ts';

/** A text with signatures under it (c2sp.org/signed-note). */
export interface SignedNote {
  /** Ends with a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly keyName: string;
  /** In hexadecimal. */
  readonly keyId: string;
  readonly bytes: Uint8Array;
}

/** More than the 16 that verifiers must take, and an end to what they have to look at. */
const signaturesMax = 100;

/** Throws a Problem when the text is no signed note; no signature is looked at. */
export function parseNote(note: string): SignedNote {
  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) {
    throw malformed('it has control characters');
  }
  const separator = note.lastIndexOf('\n\n');
  if (separator < 0) throw malformed('it has no empty line with signatures below');
  const text = note.slice(0, separator + 1);
  const block = note.slice(separator + 2);
  if (!block.endsWith('\n')) throw malformed('its last line is cut off, or there is no signature');
  const lines = block.slice(0, -1).split('\n');
  if (lines.length > signaturesMax) throw malformed(`it has over ${signaturesMax} signatures`);
  return { text, signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const [, keyName, encoded] = /^\u2014 (\S+) (\S+)$/u.exec(line) ?? [];
  const bytes = encoded === undefined ? undefined : fromBase64(encoded);
  if (keyName === undefined || !keyNamePattern.test(keyName)) {
    throw malformed(`"${line}" is no line with a signature`);
  }
  if (bytes === undefined || bytes.length <= 4) {
    throw malformed(`the signature by "${keyName}" is not in base64, or too short`);
  }
  return { keyName, keyId: hex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) };
}

/**
 * The known keys that signed the note: at least one. Signatures by others are ignored. Throws a Problem
 * when there is no signature by a known key, or one that is wrong.
 */
export async function signersOf(
  note: SignedNote,
  keys: readonly VerifierKey[],
): Promise<readonly VerifierKey[]> {
  const signers = new Set<VerifierKey>();
  for (const { keyName, keyId, bytes } of note.signatures) {
    const key = keys.find(({ name, id }) => name === keyName && id === keyId);
    if (key === undefined) continue;
    if (!(await key.verifies(note.text, bytes))) {
      throw new Problem(
        'SIGNATURE_INVALID',
        `the signature by ${keyName} does not fit the text: one of them was changed`,
      );
    }
    signers.add(key);
  }
  if (signers.size === 0) {
    const by = note.signatures.map(({ keyName, keyId }) => `${keyName}+${keyId}`).join(', ');
    throw new Problem('KEY_UNKNOWN', `it is signed by no key that is known here, but by ${by}`);
  }
  return [...signers];
}

/** Notes that stand one behind another in a text, with or without empty lines between. */
export function splitNotes(text: string): readonly string[] {
  return text.split(/(?<=\n\u2014 [^\n]*\n)\n*(?!\u2014 )/u).filter((note) => note.trim() !== '');
}

function malformed(why: string): Problem {
  return new Problem('MALFORMED', `this is no signed note: ${why}`);
}
