import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError } from './config-error.ts';
import { loadConfig } from './config.ts';

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
      reports: { perHour: 10, keptDays: 7, rowsMax: 100_000 },
      logLevel: 'info',
      timeZone: 'America/New_York',
      calendar: 'US',
      settlementDays: 1,
      demo: false,
      adminPassword: undefined,
      signUp: false,
      apiKeyDays: 365,
      tokenIssuer: 'counterfoil',
      publicUrl: undefined,
      identityProviders: [],
      tls: undefined,
      insecure: false,
      trustedProxies: [],
      corsOrigins: [],
      origin: undefined,
      checkpointFile: undefined,
      witnesses: [],
      checkEveryHours: 24,
      rateLimits: {
        requestsPerAddress: 1_500_000,
        requestsPerPrincipal: 1_200_000,
        signInsPerAddress: 60,
        failuresPerAddress: 300,
      },
      keys: { kind: 'file' },
      keyRotationDays: 90,
      encryptPayloads: [],
      retentionYears: {
        accounts: 7,
        trades: 7,
        instruments: 7,
        corporateActions: 7,
        users: 7,
        access: 7,
        others: 7,
      },
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

  test('RC-07 lets each limit of reports be set, and keeps the others', () => {
    const file = settingsFile('{ "reports": { "perHour": 3 } }');

    expect(loadConfig({ environment: {}, file }).reports).toEqual({
      perHour: 3,
      keptDays: 7,
      rowsMax: 100_000,
    });
  });

  test('CA-05 lets each limit of the breakers be set, and keeps the others', () => {
    const file = settingsFile('{ "breakers": { "failures": 3, "halfOpenAfterSeconds": 5 } }');

    expect(loadConfig({ environment: {}, file }).breakers).toEqual({
      failures: 3,
      windowSeconds: 60,
      halfOpenAfterSeconds: 5,
    });
  });

  test('RC-03 keeps what is recorded for as long as is set, and for 7 years what is not named', () => {
    const file = settingsFile(
      JSON.stringify({ keyRotationDays: 30, retentionYears: { accounts: 10, users: 0 } }),
    );

    const { keyRotationDays, retentionYears } = loadConfig({ environment: {}, file });

    expect(keyRotationDays).toBe(30);
    expect(retentionYears).toMatchObject({ accounts: 10, users: 0, trades: 7 });
  });

  test.each([
    ['file', { kind: 'file' }],
    [
      'kms://eu-central-1/alias/counterfoil',
      { kind: 'kms', region: 'eu-central-1', keyId: 'alias/counterfoil', endpoint: undefined },
    ],
    [
      'kms://eu-central-1/1234abcd-12ab?endpoint=http://127.0.0.1:4566',
      {
        kind: 'kms',
        region: 'eu-central-1',
        keyId: '1234abcd-12ab',
        endpoint: 'http://127.0.0.1:4566',
      },
    ],
  ])('RC-04 lets %s guard the keys', (text, keys) => {
    expect(loadConfig({ environment: { COUNTERFOIL_KEYS: text } }).keys).toEqual(keys);
  });

  test.each(['kms://', 'kms://eu-central-1', 'vault://x/y', ''])(
    'RC-04 refuses "%s" for the keys',
    (text) => {
      expect(() => loadConfig({ environment: { COUNTERFOIL_KEYS: text } })).toThrow(
        'COUNTERFOIL_KEYS is not known',
      );
    },
  );

  test('RC-04 encrypts the payloads of the kinds that are named', () => {
    const file = settingsFile('{ "encryptPayloads": ["trades", "accounts"] }');

    expect(loadConfig({ environment: {}, file }).encryptPayloads).toEqual(['trades', 'accounts']);
  });

  test.each(['access', 'users', 'others', 'everything', ''])(
    'RC-04 refuses to encrypt payloads of the kind "%s"',
    (kind) => {
      const file = settingsFile(JSON.stringify({ encryptPayloads: ['accounts', kind] }));

      expect(() => loadConfig({ environment: {}, file })).toThrow(
        `encryptPayloads has "${kind}", which can't be encrypted as a whole: use accounts, trades`,
      );
    },
  );

  test('RC-06 takes identity providers, with a place to send users back to', () => {
    const corp = { name: 'corp', issuer: 'https://id.example', clientId: 'cf' };
    const roles = { traders: 'ANALYST' };
    const provision = { claim: 'groups', roles };
    const publicUrl = 'https://counterfoil.example';
    const file = settingsFile(
      JSON.stringify({ publicUrl, identityProviders: [{ ...corp, provision }] }),
    );

    expect(loadConfig({ environment: {}, file })).toMatchObject({
      publicUrl,
      identityProviders: [
        {
          ...corp,
          scope: 'openid profile email',
          provision,
          clients: ['cf'],
          tokenMinutesMax: 60,
          scopes: undefined,
        },
      ],
    });
  });

  test.each([
    [{ identityProviders: [{ name: 'corp', issuer: 'https://id.example', clientId: 'cf' }] }],
    [{ publicUrl: 'https://host/path' }],
    [
      {
        publicUrl: 'https://host',
        identityProviders: [{ name: 'corp', issuer: 'http://id.example', clientId: 'cf' }],
      },
    ],
    [
      {
        publicUrl: 'https://host',
        identityProviders: ['corp', 'corp'].map((name) => ({
          name,
          issuer: 'https://id.example',
          clientId: 'cf',
        })),
      },
    ],
  ])('RC-06 refuses settings by which users could not come back safely: %o', (settings) => {
    const file = settingsFile(JSON.stringify(settings));
    expect(() => loadConfig({ environment: {}, file })).toThrow(
      /publicUrl|https:\/\/ URL|name each once/,
    );
  });

  test('RC-06 takes what is said of the access tokens of a provider', () => {
    const corp = { name: 'corp', issuer: 'https://id.example', clientId: 'cf' };
    const terms = {
      clients: ['cf', 'desk'],
      tokenMinutesMax: 30,
      scopes: { trading: ['READ', 'CREATE'] },
    };
    const publicUrl = 'https://counterfoil.example';
    const identityProviders = [{ ...corp, ...terms }];
    const file = settingsFile(JSON.stringify({ publicUrl, identityProviders }));
    expect(loadConfig({ environment: {}, file }).identityProviders).toMatchObject([terms]);
  });

  test.each([0, 3_651, 1.5])('RC-06 refuses %d days for API keys', (apiKeyDays) => {
    const file = settingsFile(JSON.stringify({ apiKeyDays }));
    expect(() => loadConfig({ environment: {}, file })).toThrow(/apiKeyDays/);
  });

  test('RC-04 finds the files of TLS beside the one that names them', () => {
    const file = settingsFile('{ "tls": { "certificate": "cert.pem", "key": "/etc/key.pem" } }');
    expect(loadConfig({ environment: {}, file }).tls).toEqual({
      certificate: path.join(path.dirname(file), 'cert.pem'),
      key: '/etc/key.pem',
    });
  });

  test('RC-09 changes the limits that are named, and keeps the others', () => {
    const file = settingsFile('{ "rateLimits": { "signInsPerAddress": 5 } }');
    expect(loadConfig({ environment: {}, file }).rateLimits).toMatchObject({
      signInsPerAddress: 5,
      failuresPerAddress: 300,
    });
  });

  test.each([
    [{ trustedProxies: ['10.0.0.0/8', '::1', '2001:db8::/32'] }, undefined],
    [{ trustedProxies: ['proxy.example'] }, /trustedProxies has "proxy.example"/],
    [{ trustedProxies: ['10.0.0.0/33'] }, /such as 10.0.0.0\/8/],
    [{ corsOrigins: ['https://desk.example:8443'] }, undefined],
    [{ corsOrigins: ['*'] }, /corsOrigins/],
    [{ corsOrigins: ['https://desk.example/'] }, /corsOrigins/],
    [{ tls: { certificate: 'cert.pem' } }, /tls/],
    [{ rateLimits: { signInsPerAddress: 0 } }, /signInsPerAddress/],
  ])('RC-09 takes of the front door what can be used: %o', (settings, sentence) => {
    const file = settingsFile(JSON.stringify(settings));
    if (sentence === undefined)
      expect(loadConfig({ environment: {}, file })).toMatchObject(settings);
    else expect(() => loadConfig({ environment: {}, file })).toThrow(sentence);
  });

  test('RC-01 takes what the record is signed as, and who is told of it', () => {
    const witnesses = [{ url: 'https://witness.example/log', secret: 'sixteen letters.' }];
    const settings = { origin: 'example.com/books', checkpointFile: 'kept.txt', witnesses };
    const file = settingsFile(JSON.stringify({ ...settings, checkEveryHours: 0 }));

    expect(loadConfig({ environment: {}, file })).toMatchObject({
      ...settings,
      // Seen from the file that names it.
      checkpointFile: path.join(path.dirname(file), 'kept.txt'),
      checkEveryHours: 0,
    });
  });

  test.each([
    [{ origin: 'has space' }],
    [{ origin: 'has+plus' }],
    [{ witnesses: [{ url: 'ftp://witness.example', secret: 'sixteen letters.' }] }],
    [{ witnesses: [{ url: 'https://witness.example', secret: 'short' }] }],
    [{ checkEveryHours: -1 }],
  ])('RC-01 refuses %o', (settings) => {
    const file = settingsFile(JSON.stringify(settings));

    expect(() => loadConfig({ environment: {}, file })).toThrow(ConfigError);
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
    ['{ "reports": { "perHour": 0 } }', /reports\/perHour/],
    ['{ "reports": { "keptDays": 0 } }', /reports\/keptDays/],
    ['{ "reports": { "rowsMax": 0.5 } }', /reports\/rowsMax/],
    ['{ "reports": { "perDay": 5 } }', /reports/],
    ['{ "schemaRegistry": "http://" }', /"local" or http:\/\/host:port/],
    ['{ not json', /can't be read as JSON/],
  ])('refuses the file %s', (content, sentence) => {
    expect(() => loadConfig({ environment: {}, file: settingsFile(content) })).toThrow(sentence);
  });
});
