import { StoreOverloaded } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import { createPasswords } from './passwords.ts';

const quick = { memoryCost: 1_024, timeCost: 1, parallelism: 1 };

describe('RC-06 passwords', () => {
  test('are hashed with argon2id, and the parameters that OWASP advises', async () => {
    const passwords = await createPasswords();
    const hash = await passwords.hash('slanting copper harbour');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(passwords.isOutdated(hash)).toBe(false);
    expect((await createPasswords(quick)).isOutdated(hash)).toBe(true);
  });

  test('match themselves and nothing else, however a keyboard writes them', async () => {
    const passwords = await createPasswords(quick);
    const hash = await passwords.hash('ein Stück Käse \u00fc');
    expect(await passwords.matches(hash, 'ein Stück Käse u\u0308')).toBe(true);
    expect(await passwords.matches(hash, 'ein Stück Käse u')).toBe(false);
    expect(await passwords.matches(hash, '')).toBe(false);
  });

  test('of nobody match nothing, after the same work', async () => {
    const passwords = await createPasswords(quick);
    expect(await passwords.matches(undefined, '')).toBe(false);
  });

  test('wait in a line that has an end', async () => {
    const passwords = await createPasswords(quick);
    const all = await Promise.allSettled(
      Array.from({ length: 150 }, () => passwords.hash('slanting copper harbour')),
    );
    const refused = all.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(48);
    expect(refused[0]).toMatchObject({ reason: expect.any(StoreOverloaded) });
  });
});
