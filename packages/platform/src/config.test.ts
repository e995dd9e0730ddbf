import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from './config.ts';

function settingsFile(content: string): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'counterfoil-config-')), 'settings.json');
  writeFileSync(file, content);
  return file;
}

describe('OP-01 the configuration', () => {
  test('needs nothing: everything has a default, and listens on loopback only', () => {
    expect(loadConfig({ environment: {} })).toEqual({
      host: '127.0.0.1',
      port: 8000,
      dataDirectory: path.resolve('data'),
      store: { kind: 'sqlite' },
      logLevel: 'info',
      timeZone: 'America/New_York',
      calendar: 'US',
      settlementDays: 1,
      demo: false,
    });
  });

  test('takes the environment over the file, and the file over the defaults', () => {
    const file = settingsFile('{ "port": 9000, "logLevel": "warn", "calendar": "WEEKENDS_ONLY" }');

    const config = loadConfig({ environment: { COUNTERFOIL_PORT: '9001' }, file });

    expect(config).toMatchObject({ port: 9001, logLevel: 'warn', calendar: 'WEEKENDS_ONLY' });
  });

  test.each([
    ['sqlite', { kind: 'sqlite' }],
    ['memory', { kind: 'memory' }],
    ['postgres://u@h/d', { kind: 'postgres', connectionString: 'postgres://u@h/d' }],
    ['postgresql://u@h/d', { kind: 'postgres', connectionString: 'postgresql://u@h/d' }],
  ])('reads COUNTERFOIL_STORE=%s', (text, store) => {
    expect(loadConfig({ environment: { COUNTERFOIL_STORE: text } }).store).toEqual(store);
  });

  test.each([
    [{ COUNTERFOIL_PORT: '80a' }, /COUNTERFOIL_PORT.*0 to 65535/],
    [{ COUNTERFOIL_PORT: '65536' }, /COUNTERFOIL_PORT/],
    [{ COUNTERFOIL_LOG_LEVEL: 'loud' }, /COUNTERFOIL_LOG_LEVEL.*fatal, error/],
    [{ COUNTERFOIL_STORE: 'oracle://scott:tiger@db' }, /COUNTERFOIL_STORE is not known/],
  ])('refuses %o with a sentence that says what would be right', (environment, sentence) => {
    expect(() => loadConfig({ environment })).toThrow(ConfigError);
    expect(() => loadConfig({ environment })).toThrow(sentence);
  });

  test('never repeats a connection string, which may hold a password', () => {
    const environment = { COUNTERFOIL_STORE: 'oracle://scott:tiger@db' };

    expect(() => loadConfig({ environment })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('tiger') }),
    );
  });

  test.each([
    ['{ "prot": 9000 }', /prot|additional/i],
    ['{ "port": "9000" }', /port/],
    ['{ "timeZone": "Mars/Olympus" }', /Mars\/Olympus/],
    ['{ not json', /can't be read as JSON/],
  ])('refuses the file %s', (content, sentence) => {
    expect(() => loadConfig({ environment: {}, file: settingsFile(content) })).toThrow(sentence);
  });
});
