import { describe, expect, test } from 'vitest';
import { a, at, b, claim, commit, text } from './samples.ts';
import type { Opened } from './storage-under-test.ts';

/** What the port promises of claims, which make retries exact. */
export function claimsContract(opened: Opened): void {
  describe('LG-09, CA-02 a claim', () => {
    taking(opened);
    looking(opened);
  });
}

function taking(opened: Opened): void {
  test('lets one commit through, until it expires', async () => {
    const { storage, schema } = await opened();
    const claiming = (note: string, expiry: number): Parameters<typeof storage.append>[0] => [
      { ...commit(schema, [a, 'any', 1]), claims: [claim('k', note, expiry)] },
    ];

    const [first] = await storage.append(claiming('first', 100), at(1));
    const [second] = await storage.append(claiming('second', 200), at(99));
    const [third] = await storage.append(claiming('third', 200), at(100));

    expect([first?.kind, second?.kind, third?.kind]).toEqual(['appended', 'claimed', 'appended']);
    expect(second?.kind === 'claimed' && { ...second.held, note: text(second.held.note) }).toEqual({
      key: 'k',
      note: 'first',
      expiresAt: at(100),
      position: 1,
    });
    expect(text((await storage.findClaim('k', at(150)))?.note)).toBe('third');
    expect(await storage.findClaim('k', at(200))).toBeUndefined();
    expect((await storage.head()).position).toBe(2);
  });

  test('is looked at before any stream, and not taken by a commit that fails', async () => {
    const { storage, schema } = await opened();

    const verdicts = await storage.append(
      [
        { ...commit(schema, [a, 7, 1]), claims: [claim('k')] },
        { ...commit(schema, [a, 'none', 1]), claims: [claim('k'), claim('l')] },
        { ...commit(schema, [a, 7, 1]), claims: [claim('l')] },
        { ...commit(schema, [a, 'any', 1]), claims: [claim('free'), claim('k')] },
      ],
      at(1),
    );

    expect(verdicts.map(({ kind }) => kind)).toEqual([
      'conflict',
      'appended',
      'claimed',
      'claimed',
    ]);
    expect(verdicts.map((verdict) => verdict.kind === 'claimed' && verdict.held.key)).toEqual([
      false,
      false,
      'l',
      'k',
    ]);
    expect(verdicts[2]?.kind === 'claimed' && verdicts[2].held.position).toBe(1);
    expect(await storage.findClaim('free', at(1))).toBeUndefined();
  });

  test('gives whoever comes second a note of their own', async () => {
    const { storage } = await opened();
    const note = Buffer.from('first');
    const claims = [{ key: 'k', note, expiresAt: undefined }];

    const [, second] = await storage.append(
      [
        { appends: [], claims },
        { appends: [], claims: [claim('k', 'second')] },
      ],
      at(1),
    );
    note.fill('x');

    expect(second?.kind === 'claimed' && text(second.held.note)).toBe('first');
  });

  test('that has expired already when it is taken holds nobody up', async () => {
    const { storage, schema } = await opened();
    const late = (note: string): Parameters<typeof storage.append>[0][number] => ({
      ...commit(schema, [a, 'any', 1]),
      claims: [claim('k', note, 50)],
    });

    const verdicts = await storage.append([late('one'), late('two')], at(50));

    expect(verdicts.map(({ kind }) => kind)).toEqual(['appended', 'appended']);
    expect(await storage.findClaim('k', at(50))).toBeUndefined();
    expect(text((await storage.findClaim('k', at(49)))?.note)).toBe('two');
  });

  test('keys differ by any character', async () => {
    const { storage } = await opened();
    const keys = [
      'k',
      'K',
      'k ',
      ' k',
      "k'); --",
      '{k}',
      '"k"',
      'k\\',
      '\u00e9',
      'e\u0301',
      '€',
      '🂡',
    ];

    const verdicts = await storage.append(
      [...keys, 'x'.repeat(500)].map((key) => ({ appends: [], claims: [claim(key, `of ${key}`)] })),
      at(1),
    );

    expect(verdicts.filter(({ kind }) => kind !== 'appended')).toEqual([]);
    for (const key of keys) {
      expect(text((await storage.findClaim(key, at(1)))?.note)).toBe(`of ${key}`);
    }
  });
}

function looking(opened: Opened): void {
  test('is listed by where the log stood, for ever when it has no end', async () => {
    const { storage, schema } = await opened();
    await storage.append([{ appends: [], claims: [claim('zero')] }], at(1));
    for (const key of ['one', 'two', 'three']) {
      await storage.append([{ ...commit(schema, [a, 'any', 1]), claims: [claim(key)] }], at(2));
    }

    const listed = await storage.listClaims(0, 2);
    const all = await storage.listClaims(-1, 9);

    expect(listed.map(({ key, position }) => [key, position])).toEqual([
      ['one', 1],
      ['two', 2],
    ]);
    expect(all.map(({ key }) => key)).toEqual(['zero', 'one', 'two', 'three']);
    expect(all.map(({ expiresAt }) => expiresAt)).toEqual(all.map(() => undefined));
  });

  test('says where the log stood behind its own commit, amid a batch', async () => {
    const { storage, schema } = await opened();

    await storage.append(
      [
        commit(schema, [a, 'any', 2]),
        { ...commit(schema, [a, 'any', 1], [b, 'any', 2]), claims: [claim('mid')] },
        { appends: [], claims: [claim('bare')] },
        commit(schema, [a, 'any', 1]),
        { ...commit(schema, [a, 1, 1]), claims: [claim('refused')] },
      ],
      at(1),
    );

    expect(
      (await storage.listClaims(-1, 9)).map(({ key, position }) => `${key} ${position}`),
    ).toEqual(expect.arrayContaining(['mid 5', 'bare 5']));
    expect(await storage.listClaims(5, 9)).toEqual([]);
    expect(await storage.findClaim('refused', at(1))).toBeUndefined();
  });
}
