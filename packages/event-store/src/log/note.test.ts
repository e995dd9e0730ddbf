import { describe, expect, test } from 'vitest';
import { checkpointText, openCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { leafHash } from './hashing.ts';
import { noteSigner, openNote, parseVerifierKey } from './note.ts';
import { vectors } from './vectors.fixture.ts';

interface NoteCase {
  readonly name: string;
  readonly vkeys: readonly string[];
  readonly note?: string;
  readonly note_base64?: string;
  readonly want: string;
}

interface BodyCase {
  readonly desc: string;
  readonly body: string;
  readonly ok: boolean;
  /** Its root has not the length of a hash: others take it. */
  readonly lax?: boolean;
  readonly root_is_leaf_hash_of_utf8?: string;
}

const notes = vectors('signed_note.json') as {
  readonly bad_vkeys: readonly string[];
  readonly cases: readonly NoteCase[];
};
const bodies = (vectors('checkpoint_body.json') as { readonly cases: readonly BodyCase[] }).cases;

// Type 2 is ECDSA, which this log signs nothing with.
const isEd25519 = ({ vkeys }: NoteCase): boolean =>
  vkeys.every((key) => key.split('+')[2]?.startsWith('A') && !key.includes('+AjBZ'));

const seed = Buffer.alloc(32, 7);

describe('RC-01 notes are those of C2SP', () => {
  test.each(notes.cases.filter(isEd25519))('$name: $want', (published) => {
    const { vkeys, note, note_base64: bytes, want } = published;
    // What is no UTF-8 comes out of decoding with characters in its place.
    const text = note ?? Buffer.from(bytes ?? '', 'base64').toString();
    const open = (): string => openNote(text, vkeys.map(parseVerifierKey));

    if (want === 'ok') expect(text.startsWith(`${open()}\n—`)).toBe(true);
    else expect(open).toThrow(/note|signature|key/);
  });

  test('most of the published notes are of Ed25519', () => {
    expect(notes.cases.filter(isEd25519).length).toBeGreaterThan(14);
  });

  test.each(notes.bad_vkeys)('the key %s is refused', (key) => {
    expect(() => parseVerifierKey(key)).toThrow(/verifier key/);
  });

  test('a key whose id is another key’s is refused', () => {
    const { verifierKey } = noteSigner('counterfoil.local/1', seed);
    const [name, id = '', key] = verifierKey.split('+');
    const other = id.startsWith('0') ? '1' : '0';

    expect(() => parseVerifierKey(`${name}+${other}${id.slice(1)}+${key}`)).toThrow('wrong key id');
  });

  test('what the log signs is verified by its verifier key, and by no other', () => {
    const signer = noteSigner('counterfoil.local/1', seed);
    const other = noteSigner('counterfoil.local/1', Buffer.alloc(32, 8));
    const note = signer.sign('a line\n');

    expect(openNote(note, [parseVerifierKey(signer.verifierKey)])).toBe('a line\n');
    expect(() => openNote(note, [parseVerifierKey(other.verifierKey)])).toThrow('no known key');
    expect(() =>
      openNote(note.replace('line', 'lime'), [parseVerifierKey(signer.verifierKey)]),
    ).toThrow('is wrong');
  });

  test('a second signature, by a key that nobody knows, does no harm', () => {
    const signer = noteSigner('counterfoil.local/1', seed);
    const witness = noteSigner('witness.example', Buffer.alloc(32, 8));
    const [, cosigned = ''] = witness.sign('a line\n').split('\n\n');
    const note = `${signer.sign('a line\n')}${cosigned}`;

    expect(openNote(note, [parseVerifierKey(signer.verifierKey)])).toBe('a line\n');
  });

  test.each(['', 'has space', 'has+plus'])('"%s" names no key', (name) => {
    expect(() => noteSigner(name, seed)).toThrow(RangeError);
  });
});

describe('RC-01 checkpoints are those of C2SP', () => {
  test.each(bodies.filter(({ lax }) => lax !== true))('$desc: taken is $ok', ({ body, ok }) => {
    const parse = (): unknown => parseCheckpoint(body);

    if (ok) expect(parse()).toMatchObject({ origin: body.split('\n')[0] });
    else expect(parse).toThrow('checkpoint');
  });

  test('the root of a published checkpoint', () => {
    const published = bodies.find((one) => one.root_is_leaf_hash_of_utf8 !== undefined);
    const { root } = parseCheckpoint(published?.body ?? '');

    expect(root).toEqual(leafHash(Buffer.from(published?.root_is_leaf_hash_of_utf8 ?? '')));
  });

  test('what was written is read again; another log’s is refused', () => {
    const signer = noteSigner('counterfoil.local/1', seed);
    const keys = [parseVerifierKey(signer.verifierKey)];
    const checkpoint = { origin: 'counterfoil.local/1', size: 12, root: leafHash(seed) };
    const note = signer.sign(checkpointText(checkpoint));

    expect(openCheckpoint(note, 'counterfoil.local/1', keys)).toEqual(checkpoint);
    expect(() => openCheckpoint(note, 'counterfoil.local/2', keys)).toThrow('is of the log');
  });

  test.each(['01', '1.0', ' 1', '18446744073709551616'])('a size of "%s" is none', (size) => {
    const root = leafHash(seed).toString('base64');

    expect(() => parseCheckpoint(`log\n${size}\n${root}\n`)).toThrow('no size');
  });
});
