import { randomUUID } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { calendarDate, streamId } from '@counterfoil/event-store';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openServer, type ServerFixture } from '../../api/server.fixture.ts';
import { checkLog } from '../../command-line/verify/log-check.ts';
import { openLog } from '../../stores.ts';
import { filesWith } from '../vault-in-the-program.fixture.ts';

const marker = 'Mirabellenbaum-52c8e1';

async function opened(encryptPayloads: readonly string[] = ['accounts']): Promise<ServerFixture> {
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-settings-'));
  const file = path.join(directory, 'settings.json');
  await writeFile(file, JSON.stringify({ encryptPayloads }));
  const fixture = await openServer({ file });
  onTestFinished(async () => {
    await fixture.close();
    await rm(directory, { recursive: true });
  });
  return fixture;
}

const post = (fixture: ServerFixture, to: string, body: object) =>
  fixture.call({
    request: `POST /api/v1/${to}`,
    headers: { 'Idempotency-Key': randomUUID() },
    body,
  });

async function open(fixture: ServerFixture, accountId: string) {
  const owner = { ownerName: 'Ada Lovelace', ownerKind: 'INDIVIDUAL', currency: 'USD' };
  return post(fixture, 'accounts', { accountId, ...owner });
}

async function seen(fixture: ServerFixture, request: string) {
  const answer = await fixture.call({ request: `GET /api/v1/${request}` });
  return answer.json<{
    readonly code?: string;
    readonly items: readonly { readonly eventType: string; readonly data: object }[];
  }>();
}

/** The entries of the record that tell of an account, once all that was written by now is sealed. */
async function entriesOf(fixture: ServerFixture, accountId: string) {
  await fixture.platform.record.log.checkpoint(await fixture.head());
  const { items } = await seen(fixture, `audit/entries?stream=account-${accountId}`);
  return items.map(({ eventType, data }) => [eventType, data]);
}

const inEightYears = '2034-11-21T15:00:00Z';

describe('RC-04 payloads encrypted as a whole, in the program', () => {
  test('are in no file of the log and of its seal, and in every answer', async () => {
    const fixture = await opened();
    await open(fixture, 'A1');
    await post(fixture, 'accounts/A1/suspend', { reason: marker });
    const position = await fixture.head();
    const { platform } = fixture;

    const events = await seen(fixture, 'accounts/A1/events');
    expect(JSON.stringify(events)).toContain(marker);
    expect(JSON.stringify(await entriesOf(fixture, 'A1'))).toContain(marker);
    const row = await fixture.done({ request: `GET /api/v1/accounts?minPosition=${position}` });
    expect(row.json()).toMatchObject({ items: [{ accountId: 'A1', status: 'SUSPENDED' }] });
    const { dataDirectory } = platform.config;
    const holding = await filesWith(dataDirectory, [marker]);
    // What read models show is not the log's to hide.
    expect(holding.filter((file) => !file.startsWith('read-models'))).toEqual([]);
    expect((await filesWith(dataDirectory, ['AccountSuspended'])).join()).toContain('log.sqlite');
  });

  test('are sealed and found whole as they are stored, and read by other threads and commands', async () => {
    const fixture = await opened();
    const { config, store, record } = fixture.platform;
    await open(fixture, 'A1');
    await post(fixture, 'accounts/A1/deposits', { amount: '5' });
    await record.log.checkpoint(await fixture.head());

    expect((await record.checks.begin('test'))?.data).toMatchObject({ outcome: 'WHOLE' });
    const other = await openLog({ ...config, encryptPayloads: [] });
    onTestFinished(other.close);
    const stream = streamId('account-A1');
    expect(await other.readStream(stream)).toEqual(await store.readStream(stream));
    const options = { signal: new AbortController().signal, onProgress: () => {} };
    expect(await checkLog(other, options)).toMatchObject({ sound: true });
  });

  test('are read as sealed in the record once the account is erased, and everything else goes on', async () => {
    const fixture = await opened();
    await open(fixture, 'A1');
    await open(fixture, 'B1');
    await post(fixture, 'accounts/A1/deposits', { amount: '5' });
    await fixture.done({ request: `GET /api/v1/accounts?minPosition=${await fixture.head()}` });
    fixture.setTime(inEightYears);
    const erasing = () =>
      post(fixture, 'retention/erasures', { subject: 'account-A1', reason: 'asked for' });
    expect((await erasing()).statusCode).toBe(200);
    expect((await erasing()).statusCode).toBe(200);

    expect(await seen(fixture, 'accounts/A1/events')).toMatchObject({ code: 'SUBJECT_ERASED' });
    expect(await entriesOf(fixture, 'A1')).toEqual([
      ['PayloadSealed', { eventType: 'AccountOpened' }],
      ['PayloadSealed', { eventType: 'CashDeposited' }],
    ]);
    const refused = await post(fixture, 'accounts/A1/deposits', { amount: '6' });
    expect([refused.statusCode, refused.json()]).toMatchObject([409, { code: 'SUBJECT_ERASED' }]);
    const taken = await post(fixture, 'accounts/B1/deposits', { amount: '7' });
    expect(taken.statusCode).toBeLessThan(300);
    const row = await fixture.done({
      request: `GET /api/v1/accounts?minPosition=${await fixture.head()}`,
    });
    expect(row.json<{ items: object[] }>().items).toContainEqual(
      expect.objectContaining({ accountId: 'B1', cash: '7' }),
    );
    const report = await fixture.done({ request: 'GET /api/v1/reports/audit-trail' });
    expect(report.body).toContain('PayloadSealed');
    const positions = await fixture.call({
      request: 'GET /api/v1/reports/positions?as_of=2034-11-20',
    });
    expect([positions.statusCode, positions.json()]).toMatchObject([200, { report: 'positions' }]);
    const { store, record } = fixture.platform;
    const options = { signal: new AbortController().signal, onProgress: () => {} };
    expect(await checkLog(store, options)).toMatchObject({ sound: true });
    expect((await record.checks.begin('test'))?.data).toMatchObject({ outcome: 'WHOLE' });
  });

  test('are refused while the keys are away, and the read models go on when they are back', async () => {
    const fixture = await opened();
    await open(fixture, 'A1');
    const { dataDirectory } = fixture.platform.config;
    const file = path.join(dataDirectory, 'keys', 'key-encryption.json');
    await rename(file, `${file}.away`);
    fixture.setTime('2026-11-20T15:02:00Z');
    const before = await fixture.head();

    const refused = await post(fixture, 'accounts/A1/deposits', { amount: '5' });
    expect(refused.json()).toMatchObject({ code: 'KEYS_UNAVAILABLE' });
    expect(await fixture.head()).toBe(before);
    expect((await seen(fixture, 'instruments')).items).toEqual([]);

    await rename(`${file}.away`, file);
    fixture.setTime('2026-11-20T15:05:00Z');
    const taken = await post(fixture, 'accounts/A1/deposits', { amount: '6' });
    expect(taken.statusCode).toBeLessThan(300);
    const row = await fixture.done({
      request: `GET /api/v1/accounts?minPosition=${await fixture.head()}`,
    });
    expect(row.json()).toMatchObject({ items: [{ accountId: 'A1', cash: '6' }] });
  });

  test('of trade records are encrypted too, and only new ones where it is turned on later', async () => {
    const fixture = await opened([]);
    await open(fixture, 'A1');
    const plain = fixture.platform;
    const log = await openLog({ ...plain.config, encryptPayloads: ['accounts', 'trades'] });
    onTestFinished(log.close);
    const trade = streamId('trade-record-T1');
    const account = streamId('account-A1');
    const cause = { userId: 'clerk' };
    const day = calendarDate('2026-11-20');
    const suspended = { type: 'AccountSuspended', data: { reason: marker } };
    const expired = { type: 'TradeRecordExpired', data: { maturityDate: day, expiredOn: day } };
    await log.append({ appends: [{ stream: account, expected: 1, events: [suspended] }], cause });
    await expect(
      log.append({ appends: [{ stream: trade, expected: 'any', events: [expired] }], cause }),
    ).rejects.toThrow('append to it at an exact version');

    const sealed = await plain.store.readAll({ after: 0, limit: 10, types: ['AccountSuspended'] });
    expect(sealed.events.map(({ data }) => data)).toEqual([{ reason: marker }]);
    expect(
      (await filesWith(plain.config.dataDirectory, [marker])).filter((one) =>
        one.startsWith('log'),
      ),
    ).toEqual([]);
  });
});
