import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from './command-line.fixture.ts';
import { openSecrets } from './open-secrets.ts';

describe('RC-04 a file with a secret that everybody may read is warned of', () => {
  test.each<[string, object, number, boolean]>([
    ['with a password', { adminPassword: 'x' }, 0o644, true],
    ['with one that nobody else may read', { adminPassword: 'x' }, 0o600, false],
    ['with one that its group may read', { adminPassword: 'x' }, 0o640, false],
    ['with the secret of a provider', { identityProviders: [{ clientSecret: 'x' }] }, 0o604, true],
    ['with the secret of a witness', { witnesses: [{ url: 'x', secret: 'y' }] }, 0o644, true],
    ['with a password in an address', { store: 'postgres://ada:x@db/books' }, 0o644, true],
    ['with an address and no password', { store: 'postgres://ada@db/books' }, 0o644, false],
    ['without a secret', { port: 8_000, tls: { key: 'key.pem' } }, 0o644, false],
  ])('settings %s: %j, mode %o', async (_, content, mode, isWarned) => {
    const settings = path.join(await temporaryDirectory(), 'settings.json');
    await writeFile(settings, JSON.stringify(content));
    await chmod(settings, mode);

    const warnings = await openSecrets({ settings, tls: undefined });

    expect(warnings).toEqual(isWarned ? [expect.stringContaining(`may read ${settings}`)] : []);
  });

  test.each([
    [0o644, true],
    [0o640, false],
  ])('the key of TLS, mode %o', async (mode, isWarned) => {
    const key = path.join(await temporaryDirectory(), 'key.pem');
    await writeFile(key, 'key');
    await chmod(key, mode);

    const warnings = await openSecrets({ settings: undefined, tls: { certificate: '', key } });

    expect(warnings).toEqual(isWarned ? [expect.stringContaining(`may read ${key}`)] : []);
  });
});
