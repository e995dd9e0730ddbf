import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { utf8 } from './bytes.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { leafHashOf } from './tree.ts';
import { vectors } from './vectors.fixture.ts';

interface CheckpointVectors {
  readonly cases: readonly {
    readonly desc: string;
    readonly body: string;
    readonly ok: boolean;
    /** Others take it, who don't ask how long the root is. */
    readonly lax?: boolean;
    readonly root_is_leaf_hash_of_utf8?: string;
  }[];
}

const { cases } = vectors('checkpoint_body') as CheckpointVectors;

/** The sentence that refuses it, or none. */
function refusalOf(body: string): string | undefined {
  try {
    parseCheckpoint(body);
    return undefined;
  } catch (failure) {
    return String(failure);
  }
}

/** The same with a root that could be one. */
function withRoot(body: string): string {
  const [origin, size, , ...extensions] = body.split('\n');
  const root = Buffer.alloc(32).toString('base64');
  return [origin, size, root, ...extensions].join('\n');
}

describe('RC-02: published checkpoints', () => {
  test('are twelve', () => expect(cases).toHaveLength(12));

  test.each(cases.filter(({ lax }) => lax !== true))('$desc: $ok', ({ body, ok }) => {
    expect(refusalOf(body) === undefined).toBe(ok);
  });

  test.each(
    cases.filter(({ ok, body }) => !ok && /^[A-Za-z0-9+/=]+$/.test(body.split('\n')[2] ?? '')),
  )('$desc: refused with a root of 32 bytes, too', ({ body }) =>
    expect(refusalOf(withRoot(body))).toBeDefined(),
  );

  test.each(cases.filter(({ lax }) => lax === true))(
    '$desc: refused for its root alone',
    ({ body }) => {
      expect(refusalOf(body)).toMatch('its root has not the 32 bytes of a SHA-256');
      expect(refusalOf(withRoot(body))).toBeUndefined();
    },
  );

  test.each(cases.filter((one) => one.root_is_leaf_hash_of_utf8 !== undefined))(
    '$desc: the root is read as it is',
    ({ body, root_is_leaf_hash_of_utf8: leaf = '' }) => {
      expect(parseCheckpoint(body).root).toEqual(leafHashOf(utf8(leaf)));
    },
  );

  test.each([
    ['the largest size', '18446744073709551615', true],
    ['one that a double does not hold', '9007199254740993', true],
    ['one more than the largest', '18446744073709551616', false],
    ['a zero in front', '012', false],
  ])('%s: %s', (_, size, ok) => {
    const body = `Log\n${size}\n${Buffer.alloc(32).toString('base64')}\n`;
    expect(refusalOf(body) === undefined).toBe(ok);
    if (ok) expect(String(parseCheckpoint(body).size)).toBe(size);
  });
});
