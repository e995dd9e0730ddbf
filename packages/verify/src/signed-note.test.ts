import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { textOf } from './bytes.ts';
import { Problem } from './problem.ts';
import { parseNote, signersOf, splitNotes } from './signed-note.ts';
import { vectors } from './vectors.fixture.ts';
import { parseVerifierKey } from './verifier-key.ts';

interface NoteVectors {
  readonly bad_vkeys: readonly string[];
  readonly cases: readonly {
    readonly name: string;
    readonly vkeys: readonly string[];
    readonly note?: string;
    readonly note_base64?: string;
    readonly want: string;
    readonly verified?: number;
  }[];
}

const { bad_vkeys: badKeys, cases } = vectors('signed_note') as NoteVectors;
const verdicts: Partial<Record<string, string>> = {
  MALFORMED: 'reject:malformed',
  SIGNATURE_INVALID: 'reject:invalid-signature',
  KEY_UNKNOWN: 'reject:no-verifiable-signature',
};

describe('RC-02: published signed notes', () => {
  test('are sixteen, and four bad keys', () => {
    expect([cases.length, badKeys.length]).toEqual([16, 4]);
  });

  test.each(cases)(
    '$name: $want',
    async ({ vkeys, note, note_base64: encoded, want, verified }) => {
      const text = note ?? textOf(Buffer.from(encoded ?? '', 'base64'));
      const keys = await Promise.all(vkeys.map(parseVerifierKey));
      const found = await signersIn(text, keys);
      expect(found).toEqual(want === 'ok' ? verified : want);
    },
  );

  test.each(badKeys)('the key %s is refused', async (key) => {
    await expect(parseVerifierKey(key)).rejects.toMatchObject({ code: 'MALFORMED' });
  });
});

/** How many known keys signed, or what is wrong in the words of the vectors. */
async function signersIn(text: string | undefined, keys: Parameters<typeof signersOf>[1]) {
  // No text at all is what bytes are that are not UTF-8.
  if (text === undefined) return 'reject:malformed';
  try {
    return (await signersOf(parseNote(text), keys)).length;
  } catch (failure) {
    return failure instanceof Problem ? verdicts[failure.code] : failure;
  }
}

describe('RC-02: notes one behind another in a file', () => {
  const [, both] = cases;
  const note = both?.note ?? '';

  test.each([
    ['without a line between', note + note],
    ['with an empty line between', `${note}\n${note}`],
    ['with empty lines at the end', `${note}${note}\n\n`],
  ])('%s are told apart', (_, text) => {
    expect(splitNotes(text).map((part) => parseNote(part).signatures.length)).toEqual([2, 2]);
  });
});
