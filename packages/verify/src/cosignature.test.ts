import { Buffer } from 'node:buffer';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseNote, signersOf } from './signed-note.ts';
import { parseVerifierKey } from './verifier-key.ts';

const text = 'example.com/log\n3\nIHdg8NsU4p7xmBGXtoKSmLqJbTtRpLNEiPvTLbcdTls=\n';
const pair = generateKeyPairSync('ed25519');
const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);

/** A witness's signature: a time, and what is signed of it and the note (c2sp.org/tlog-cosignature). */
function cosigned(seconds: number, signedSeconds = seconds): { key: string; note: string } {
  const typed = Buffer.concat([Buffer.of(4), publicKey]);
  const id = createHash('sha256').update('witness.example\n').update(typed).digest().subarray(0, 4);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(seconds));
  const message = Buffer.from(`cosignature/v1\ntime ${signedSeconds}\n${text}`);
  const signature = Buffer.concat([id, time, sign(null, message, pair.privateKey)]);
  return {
    key: `witness.example+${id.toString('hex')}+${typed.toString('base64')}`,
    note: `${text}\n\u2014 witness.example ${signature.toString('base64')}\n`,
  };
}

test('RC-02: a witness signs a checkpoint with the time', async () => {
  const { key, note } = cosigned(1_763_700_000);
  expect(await signersOf(parseNote(note), [await parseVerifierKey(key)])).toHaveLength(1);
});

test('RC-02: and not with another time', async () => {
  const { key, note } = cosigned(1_763_700_000, 1_763_700_001);
  const keys = [await parseVerifierKey(key)];
  await expect(signersOf(parseNote(note), keys)).rejects.toMatchObject({
    code: 'SIGNATURE_INVALID',
  });
});
