import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  copyLog,
  parseInstant,
  streamId,
  type Instant,
  type Sensitive,
} from '@counterfoil/event-store';
import { openSqliteStorage } from '@counterfoil/event-store/sqlite';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  startTestServer,
  type TestServer,
} from '../../../event-store/src/storage/postgres/test-server.ts';
import { fingerprintOf } from '../api/idempotency.ts';
import { openServer, type ServerFixture } from '../api/server.fixture.ts';
import { startPlatform } from '../platform.ts';
import { filesWith, tablesWith } from './vault-in-the-program.fixture.ts';

let database: TestServer;

beforeAll(async () => {
  database = await startTestServer();
});
afterAll(async () => database.stop());

async function opened(environment: Readonly<Record<string, string>> = {}): Promise<ServerFixture> {
  const fixture = await openServer({ environment });
  onTestFinished(() => fixture.close());
  return fixture;
}

async function open(fixture: ServerFixture, accountId: string, ownerName: string) {
  const body = { accountId, ownerName, ownerKind: 'INDIVIDUAL', currency: 'USD' };
  return fixture.done({
    request: 'POST /api/v1/accounts',
    headers: { 'Idempotency-Key': randomUUID() },
    body,
  });
}

async function shown(fixture: ServerFixture, accountId: string) {
  const position = await fixture.head();
  const one = await fixture.done({ request: `GET /api/v1/accounts/${accountId}` });
  const list = await fixture.done({ request: `GET /api/v1/accounts?minPosition=${position}` });
  const items = list.json<{ items: { accountId: string }[] }>().items;
  return [one.json<object>(), items.find((item) => item.accountId === accountId)];
}

const named = (ownerName: string) => ({ ownerName, ownerErased: false });
const erasedName = { ownerName: null, ownerErased: true };

async function bodies({ platform }: ServerFixture): Promise<readonly string[]> {
  const { records } = await platform.store.raw.storage.readAll({ after: 0, limit: 1_000 });
  return records.map(({ body }) => Buffer.from(body).toString('hex'));
}

const markers = ['Zwetschgenbaum-7f3a91', 'zwetsche.7f3a91@example.org', 'Zwetsche 7f3a91'];
const [name = '', email = '', displayName = ''] = markers;

/** Lets the program take in what is personal by every way there is. */
async function tellSecrets(fixture: ServerFixture): Promise<void> {
  await open(fixture, 'A1', name);
  const line = {
    command: 'OpenAccount',
    accountId: 'A2',
    ownerName: name,
    ownerKind: 'INDIVIDUAL',
  };
  await fixture.server.inject({
    method: 'POST',
    url: '/api/v1/bulk/commands',
    headers: { 'content-type': 'application/x-ndjson' },
    payload: `${JSON.stringify({ ...line, currency: 'USD' })}\n`,
  });
  await fixture.done({
    request: 'POST /api/users',
    body: {
      username: 'zwetsche.7f3a91',
      display_name: displayName,
      email,
      roles: ['ANALYST'],
      password: 'slanting copper harbour 9',
    },
  });
  expect(await shown(fixture, 'A1')).toMatchObject([named(name), named(name)]);
  expect(await shown(fixture, 'A2')).toMatchObject([named(name), named(name)]);
}

describe('RC-04 what is personal', () => {
  test('is in no file of the data directory, nor of a backup', async () => {
    const fixture = await opened();
    await tellSecrets(fixture);
    const { dataDirectory } = fixture.platform.config;
    const backup = await openSqliteStorage({ file: path.join(dataDirectory, 'backup.sqlite') });
    await copyLog(fixture.platform.store.raw.storage, backup, { end: { kind: 'head' } });
    await backup.close();

    expect((await filesWith(dataDirectory, ['AccountOpened'])).join()).toMatch(/backup.*log/);
    expect(await filesWith(dataDirectory, [...markers, 'zwetsche.7f3a91'])).toEqual([]);
  });

  test('is in no table of PostgreSQL', async () => {
    const connectionString = await database.createDatabase();
    const fixture = await opened({ COUNTERFOIL_STORE: connectionString });
    await tellSecrets(fixture);

    expect(await tablesWith(connectionString, ['account-A1'])).not.toEqual([]);
    expect(await tablesWith(connectionString, [...markers, 'zwetsche.7f3a91'])).toEqual([]);
    expect(await filesWith(fixture.platform.config.dataDirectory, markers)).toEqual([]);
  });

  test('is not logged, whatever is refused and whatever fails', async () => {
    const fixture = await opened();
    const lines: string[] = [];
    const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const broken = await fixture.withParts({
      logger,
      ledger: { ...fixture.platform.ledger, account: () => Promise.reject(new Error('defect')) },
    });
    const server = await fixture.withParts({ logger });
    const body = { accountId: 'A1', ownerName: name, ownerKind: 'INDIVIDUAL', currency: 'USD' };
    const send = (to: typeof server, payload: object) =>
      to.inject({ method: 'POST', url: '/api/v1/accounts', payload });

    const answers = [
      await send(broken, body),
      await send(server, body),
      await send(server, body),
      await send(server, { ...body, accountId: 'A2', currency: 'ZZZ' }),
      await send(server, { ...body, ownerName: `${name}\u0000` }),
    ];

    expect(answers.map((answer) => answer.json<{ code?: string }>().code)).toEqual([
      'INTERNAL',
      undefined,
      'ACCOUNT_ALREADY_OPEN',
      'CURRENCY_UNKNOWN',
      'REQUEST_INVALID',
    ]);
    expect(lines.join('')).toContain('INTERNAL');
    expect(lines.join('')).not.toContain(name);
  });
});

function plainHashOf(below: string, body: object): string {
  return fingerprintOf('POST', `/api/v1/accounts${below}`, JSON.stringify(body));
}

describe('RC-04 what is kept of a request with an Idempotency-Key (CA-02)', () => {
  test('gives nobody a name to guess at, and knows the request again', async () => {
    const fixture = await opened();
    const headers = { 'Idempotency-Key': randomUUID() };
    const body = { accountId: 'A1', ownerName: 'Ada', ownerKind: 'INDIVIDUAL', currency: 'USD' };
    const line = JSON.stringify({
      command: 'OpenAccount',
      idempotencyKey: randomUUID(),
      ...body,
      accountId: 'A2',
    });
    const deposit = { amount: '5' };
    const bulk = (payload: string) =>
      fixture.call({
        request: 'POST /api/v1/bulk/commands',
        headers: { 'content-type': 'application/x-ndjson' },
        body: payload,
      });
    const openAs = (ownerName: string) =>
      fixture.call({ request: 'POST /api/v1/accounts', headers, body: { ...body, ownerName } });

    const first = await openAs('Ada');
    const run = await bulk(`${line}\n{"command":"Deposit","accountId":"A2","amount":"5"}\n`);
    await fixture.done({
      request: 'POST /api/v1/accounts/A1/deposits',
      headers: { 'Idempotency-Key': randomUUID() },
      body: deposit,
    });

    // Nothing overtakes an opening while its key is fetched.
    expect(run.body.match(/"status":"accepted"/g)).toHaveLength(2);
    expect((await openAs('Ada')).json()).toEqual(first.json());
    expect((await openAs('Eve')).json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(JSON.parse((await bulk(`${line}\n`)).body)).toMatchObject({ replayed: true });
    expect((await bulk(`${line.replace('Ada', 'Eve')}\n`)).body).toContain('KEY_REUSED');
    const { dataDirectory } = fixture.platform.config;
    expect(await filesWith(dataDirectory, [plainHashOf('/A1/deposits', deposit)])).not.toEqual([]);
    expect(await filesWith(dataDirectory, [plainHashOf('', body), fingerprintOf(line)])).toEqual(
      [],
    );
  });
});

describe('RC-04 after 91 days', () => {
  test('the key-encryption key is another, events are what they were, and names can be read', async () => {
    const fixture = await opened();
    const { platform } = fixture;
    await open(fixture, 'A1', 'Ada Lovelace');
    const before = await bodies(fixture);

    fixture.setTime('2027-02-19T15:00:00Z');
    await platform.keys.tend();

    const after = await bodies(fixture);
    expect(after.slice(0, before.length)).toEqual(before);
    const { events } = await platform.store.readAll({
      after: 0,
      limit: 1_000,
      types: ['KeyRotated'],
    });
    expect(events).toHaveLength(1);
    fixture.setTime('2027-02-19T15:02:00Z');
    expect(await shown(fixture, 'A1')).toMatchObject([
      named('Ada Lovelace'),
      named('Ada Lovelace'),
    ]);
  });
});

describe('RC-04 while the keys are out of reach', () => {
  test('nothing personal is written, and everything else goes on', async () => {
    const fixture = await opened();
    const { platform } = fixture;
    await open(fixture, 'A1', 'Ada Lovelace');
    const file = path.join(platform.config.dataDirectory, 'keys', 'key-encryption.json');
    await rename(file, `${file}.away`);
    fixture.setTime('2026-11-20T15:02:00Z');
    const before = await fixture.head();

    const body = { accountId: 'A2', ownerName: 'Bob', ownerKind: 'INDIVIDUAL', currency: 'USD' };
    const refused = await fixture.call({ request: 'POST /api/v1/accounts', body });
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([
      503,
      'KEYS_UNAVAILABLE',
    ]);
    expect(refused.headers['retry-after']).toBe('30');
    expect(await fixture.head()).toBe(before);

    await fixture.done({ request: 'POST /api/v1/accounts/A1/deposits', body: { amount: '5' } });
    const unread = { ownerName: null, ownerErased: false, cash: '5' };
    expect(await shown(fixture, 'A1')).toMatchObject([unread, unread]);

    for (let more = 0; more < 6; more += 1)
      await fixture.call({ request: 'POST /api/v1/accounts', body });
    const health = (await fixture.call({ request: 'GET /health' })).json<{
      breakers: { keys: { state: string } };
    }>();
    expect(health.breakers.keys.state).toBe('OPEN');

    await rename(`${file}.away`, file);
    fixture.setTime('2026-11-20T15:05:00Z');
    await fixture.done({ request: 'POST /api/v1/accounts', body });
    expect(await shown(fixture, 'A1')).toMatchObject([
      named('Ada Lovelace'),
      named('Ada Lovelace'),
    ]);
  });
});

function erase(fixture: ServerFixture, subject = 'account-A1') {
  const body = { subject, reason: 'asked for' };
  return fixture.call({ request: 'POST /api/v1/retention/erasures', body });
}

async function codeOf(answer: ReturnType<typeof erase>) {
  const response = await answer;
  return [response.statusCode, response.json<{ readonly code?: string }>().code];
}

const inEightYears = '2034-11-21T15:00:00Z';

describe('RC-03, RC-04 erasure', () => {
  test('is refused while records have to be kept, and under a legal hold', async () => {
    const fixture = await opened();
    await open(fixture, 'A1', 'Ada Lovelace');
    expect(await codeOf(erase(fixture))).toEqual([409, 'RETENTION_IN_FORCE']);
    expect(await codeOf(erase(fixture, 'account-A9'))).toEqual([404, 'SUBJECT_UNKNOWN']);
    const user = await erase(fixture, 'user-USR-000000000000000001');
    expect([user.statusCode, user.body]).toEqual([
      400,
      expect.stringContaining('a user is erased by POST /api/users/{userId}/erase'),
    ]);

    fixture.setTime(inEightYears);
    const placed = await fixture.done({
      request: 'POST /api/v1/retention/holds',
      body: { subject: 'account-A1', reason: 'case 7' },
    });
    const { holdId } = placed.json<{ holdId: string }>();
    expect(await codeOf(erase(fixture))).toEqual([409, 'LEGAL_HOLD']);
    const listed = await fixture.done({ request: 'GET /api/v1/retention/holds' });
    expect(listed.json()).toEqual({
      items: [{ holdId, subject: 'account-A1', reason: 'case 7' }],
    });
    expect(await shown(fixture, 'A1')).toMatchObject([
      named('Ada Lovelace'),
      named('Ada Lovelace'),
    ]);

    await fixture.done({
      request: `POST /api/v1/retention/holds/${holdId}/release`,
      body: { reason: 'settled' },
    });
    expect(await codeOf(erase(fixture))).toEqual([200, undefined]);
    expect(await shown(fixture, 'A1')).toMatchObject([erasedName, erasedName]);
  });

  test('leaves nobody readable, the record as it was, and the account in use', async () => {
    const fixture = await opened();
    await open(fixture, 'A1', 'Ada Lovelace');
    await open(fixture, 'B1', 'Bob');
    fixture.setTime(inEightYears);
    const before = await bodies(fixture);

    expect(await codeOf(erase(fixture))).toEqual([200, undefined]);
    expect(await codeOf(erase(fixture))).toEqual([200, undefined]);

    expect((await bodies(fixture)).slice(0, before.length)).toEqual(before);
    expect(await shown(fixture, 'A1')).toMatchObject([erasedName, erasedName]);
    expect(await shown(fixture, 'B1')).toMatchObject([named('Bob'), named('Bob')]);
    await fixture.done({ request: 'POST /api/v1/accounts/A1/deposits', body: { amount: '5' } });
    const again = { accountId: 'A1', ownerName: 'Eve', ownerKind: 'INDIVIDUAL', currency: 'USD' };
    const opening = await fixture.call({ request: 'POST /api/v1/accounts', body: again });
    expect(opening.json()).toMatchObject({ code: 'ACCOUNT_ALREADY_OPEN' });
    const { platform } = fixture;
    // Every byte of the record against its seal.
    await platform.record.log.checkpoint(await fixture.head());
    expect((await platform.record.checks.begin('test'))?.data).toMatchObject({
      outcome: 'WHOLE',
      badPosition: null,
    });
  });

  test('outlives keys that are brought back from before it', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-erased-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const fixture = await opened();
    await open(fixture, 'A1', 'Ada Lovelace');
    const { store, config } = fixture.platform;
    const [stored] = await store.readStream(streamId('account-A1'));
    if (stored === undefined) throw new Error('the account was not opened');
    const sealed = (stored.data as { readonly ownerName: Sensitive }).ownerName;
    const keys = path.join(config.dataDirectory, 'keys');
    await cp(keys, path.join(directory, 'keys'), { recursive: true });
    fixture.setTime(inEightYears);
    await erase(fixture);
    // The log of today beside the keys of yesterday.
    const log = await openSqliteStorage({ file: path.join(directory, 'log.sqlite') });
    await copyLog(store.raw.storage, log, { end: { kind: 'head' } });
    await log.close();

    const clock = () => parseInstant(inEightYears) as Instant;
    const restored = await startPlatform({ ...config, dataDirectory: directory }, { clock });
    onTestFinished(() => restored.close());

    expect(await restored.vault.open(streamId('account-A1'), sealed)).toBeUndefined();
  });
});
