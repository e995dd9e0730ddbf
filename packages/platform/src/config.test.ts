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
      bus: { kind: 'embedded' },
      topicPrefix: 'counterfoil.',
      requestStore: { kind: 'embedded' },
      requestDays: 7,
      schemaRegistry: 'local',
      breakers: { failures: 5, windowSeconds: 60, halfOpenAfterSeconds: 30 },
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
    [{ COUNTERFOIL_BUS: 'rabbit://h:1' }, /COUNTERFOIL_BUS is not known/],
    [{ COUNTERFOIL_BUS: 'kafka://host' }, /kafka:\/\/host:port/],
    [{ COUNTERFOIL_BUS: 'kafka://host:9092' }, /PostgreSQL or DynamoDB/],
  ])('refuses %o with a sentence that says what would be right', (environment, sentence) => {
    expect(() => loadConfig({ environment })).toThrow(ConfigError);
    expect(() => loadConfig({ environment })).toThrow(sentence);
  });

  test('reads where messages and requests go, which belong together', () => {
    const store = 'postgres://u@h/d';
    const environment = { COUNTERFOIL_BUS: 'kafka://h1:9092,h2:9092', COUNTERFOIL_STORE: store };
    expect(loadConfig({ environment })).toMatchObject({
      bus: { kind: 'kafka', brokers: ['h1:9092', 'h2:9092'] },
      requestStore: { kind: 'postgres', connectionString: store },
    });

    const requestStore = 'dynamodb://eu-central-1/requests?endpoint=http://127.0.0.1:8001';
    const file = settingsFile(JSON.stringify({ requestStore, topicPrefix: 'test.' }));
    expect(loadConfig({ environment: { COUNTERFOIL_BUS: 'kafka://h1:9092' }, file })).toMatchObject(
      {
        topicPrefix: 'test.',
        requestStore: {
          kind: 'dynamodb',
          region: 'eu-central-1',
          table: 'requests',
          endpoint: 'http://127.0.0.1:8001',
        },
      },
    );
    const unknown = settingsFile('{ "requestStore": "redis" }');
    expect(() => loadConfig({ environment: {}, file: unknown })).toThrow(
      /requestStore is not known/,
    );
  });

  test('CA-05 lets each limit of the breakers be set, and keeps the others', () => {
    const file = settingsFile('{ "breakers": { "failures": 3, "halfOpenAfterSeconds": 5 } }');

    expect(loadConfig({ environment: {}, file }).breakers).toEqual({
      failures: 3,
      windowSeconds: 60,
      halfOpenAfterSeconds: 5,
    });
  });

  test('CA-12 takes the URL of a schema registry', () => {
    const schemaRegistry = 'https://registry.example:8081/api';
    const file = settingsFile(JSON.stringify({ schemaRegistry }));

    expect(loadConfig({ environment: {}, file })).toMatchObject({ schemaRegistry });
  });

  test.each([
    [{ COUNTERFOIL_STORE: 'oracle://scott:tiger@db' }, '{}'],
    [{}, '{ "schemaRegistry": "ftp://scott:tiger@registry" }'],
  ])(
    'never repeats a connection string, which may hold a password: %o %s',
    (environment, content) => {
      const file = settingsFile(content);

      expect(() => loadConfig({ environment, file })).toThrow(/is not known/);
      expect(() => loadConfig({ environment, file })).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('tiger') }),
      );
    },
  );

  test.each([
    ['{ "prot": 9000 }', /prot|additional/i],
    ['{ "port": "9000" }', /port/],
    ['{ "timeZone": "Mars/Olympus" }', /Mars\/Olympus/],
    ['{ "breakers": { "failures": 0 } }', /breakers\/failures/],
    ['{ "breakers": { "windowSeconds": 0.5 } }', /breakers\/windowSeconds/],
    ['{ "breakers": { "halfOpenAfterSeconds": 3601 } }', /breakers\/halfOpenAfterSeconds/],
    ['{ "breakers": { "opens": 5 } }', /breakers/],
    ['{ "schemaRegistry": "http://" }', /"local" or http:\/\/host:port/],
    ['{ not json', /can't be read as JSON/],
  ])('refuses the file %s', (content, sentence) => {
    expect(() => loadConfig({ environment: {}, file: settingsFile(content) })).toThrow(sentence);
  });
});
