import { hash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportsStream, type ReportId } from '../../domain/reports/events.ts';
import { newReportId } from '../../reports/report-ids.ts';
import { fillBooks, openReports, type ReportsUnderTest } from './reports.fixture.ts';

let books: ReportsUnderTest;

beforeAll(async () => {
  books = await openReports({ perHour: 1_000, keptDays: 2, rowsMax: 10 });
  await fillBooks(books);
});
afterAll(() => books.close());

async function ask(body: object = {}, headers = {}): Promise<string> {
  const asked = { report: 'trade-blotter', format: 'csv', ...body };
  const response = await books.done({ request: 'POST /api/v1/reports', headers, body: asked });
  expect(response.statusCode).toBe(202);
  const { id } = response.json<{ id: string }>();
  expect(response.headers.location).toBe(`/api/v1/reports/jobs/${id}`);
  return id;
}

const content = (id: string, user?: string) =>
  books.call({ request: `GET /api/v1/reports/jobs/${id}/content` }, user);

const cancel = (id: string) => books.call({ request: `DELETE /api/v1/reports/jobs/${id}` });

function filesKept(): readonly string[] {
  const directory = path.join(books.directory, 'data', 'reports');
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** A job that a user asked for and that nobody has begun, as a crash may leave it. */
async function leftBehind(count = 1): Promise<readonly ReportId[]> {
  const ids = Array.from({ length: count }, newReportId);
  const { store, clock } = books.platform();
  const events = ids.map((reportId) => ({
    type: 'ReportRequested',
    data: {
      reportId,
      report: 'trade-blotter',
      parameters: [],
      format: 'csv',
      packaged: false,
      delivery: 'JOB',
      requestedAt: clock(),
    },
  }));
  const stream = reportsStream('local');
  const expected = await store.raw.storage.streamVersion(stream);
  await store.append({ appends: [{ stream, expected, events }], cause: { userId: 'local' } });
  return ids;
}

describe('RC-07 long reports as jobs', () => {
  test('are written, followed and fetched', async () => {
    const id = await ask();
    const job = await books.job(id, 'COMPLETED');
    const file = await content(id);

    expect(job).toMatchObject({
      report: 'trade-blotter',
      parameters: {},
      format: 'csv',
      package: false,
      attempts: 1,
      rows: 4,
      bytes: file.rawPayload.length,
      sha256: hash('sha256', file.rawPayload),
      content: `/api/v1/reports/jobs/${id}/content`,
      requested_at: '2026-11-20T15:00:00.000Z',
      expires_at: '2026-11-22T15:00:00.000Z',
    });
    expect(file.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    expect(file.headers['repr-digest']).toBe(
      `sha-256=:${hash('sha256', file.rawPayload, 'base64')}:`,
    );
    expect(file.body).toContain('row,,,');
    expect(file.body).toContain(`head,position,${job.position}`);
  });

  test('are what is said to ask for where an answer would take too long', async () => {
    const refused = await books.report('audit-trail');
    const id = await ask({ report: 'audit-trail', format: 'json' });
    const { rows } = await books.job(id, 'COMPLETED');

    expect(refused.json()).toMatchObject({ status: 422, code: 'REPORT_TOO_LARGE' });
    expect(refused.json<{ detail: string }>().detail).toContain('POST /api/v1/reports');
    expect(rows).toBeGreaterThan(10);
  });

  test('belong to who asked for them', async () => {
    const id = await ask();
    await books.job(id, 'COMPLETED');

    expect((await content(id, 'USR-OTHER')).json()).toMatchObject({
      status: 404,
      code: 'REPORT_UNKNOWN',
    });
  });

  test('are asked for once under one key', async () => {
    const key = { 'Idempotency-Key': '8e03978e-40d5-43e8-bc93-6894a57f9324' };
    const [first, second] = [await ask({}, key), await ask({}, key)];

    expect(second).toBe(first);
    const other = await books.call({
      request: 'POST /api/v1/reports',
      headers: key,
      body: { report: 'positions', format: 'csv' },
    });
    expect(other.json()).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  test.each([
    [{ report: 'balance-sheet' }, '/report'],
    [{ report: 'large-trades' }, '/parameters'],
    [{ report: 'large-trades', parameters: {} }, '/parameters/threshold'],
    [{ parameters: { user: 'local' } }, '/parameters/user'],
    [{ parameters: { from: 'yesterday' } }, '/parameters/from'],
    [{ report: 'audit-trail', parameters: { event_type: 'NoSuchType' } }, '/parameters/event_type'],
    [{ format: 'zip' }, '/format'],
    [{ package: 'yes' }, '/package'],
  ])('what can not be asked for is refused: %j', async (body, pointer) => {
    const asked = { report: 'trade-blotter', format: 'csv', ...body };
    const before = await books.platform().store.head();
    const response = await books.call({ request: 'POST /api/v1/reports', body: asked });

    expect(response.json()).toMatchObject({
      status: 400,
      code: 'REQUEST_INVALID',
      errors: [{ in: 'body', pointer }],
    });
    expect(await books.platform().store.head()).toEqual(before);
  });
});

describe('RC-07 a job survives a restart', () => {
  test('what is written stays', async () => {
    const id = await ask();
    const { sha256 } = await books.job(id, 'COMPLETED');
    await books.restart();

    expect(hash('sha256', (await content(id)).rawPayload)).toBe(sha256);
    expect(filesKept()).toContain(id);
  });

  test('what was unfinished is begun again', async () => {
    const ids = await leftBehind(3);
    await books.restart();
    const jobs = await Promise.all(ids.map((id) => books.job(id, 'COMPLETED')));

    expect(jobs.map(({ rows, attempts }) => [rows, attempts])).toEqual([
      [4, 1],
      [4, 1],
      [4, 1],
    ]);
    expect(filesKept()).toEqual(expect.arrayContaining([...ids]));
  });

  test('what was called off is not', async () => {
    const [id = ''] = await leftBehind();
    await cancel(id);
    await books.restart();
    // Behind it in the same queue.
    await books.job(await ask(), 'COMPLETED');

    expect((await books.job(id, 'CANCELLED')).attempts).toBe(0);
    expect(filesKept()).not.toContain(id);
  });
});

describe('RC-07 the end of a job', () => {
  test('it can be called off, and has no file then', async () => {
    const [id = ''] = await leftBehind();
    const response = await cancel(id);

    expect(response.statusCode).toBe(200);
    expect((await books.job(id, 'CANCELLED')).content).toBeNull();
    expect((await content(id)).json()).toMatchObject({ status: 409, code: 'REPORT_NOT_READY' });
    expect((await cancel(id)).statusCode).toBe(200);
  });

  test('not once it is done', async () => {
    const id = await ask();
    await books.job(id, 'COMPLETED');

    expect((await cancel(id)).json()).toMatchObject({ status: 409, code: 'REPORT_NOT_RUNNING' });
    expect((await cancel('RPT-000000000000000000')).json()).toMatchObject({
      status: 404,
      code: 'REPORT_UNKNOWN',
    });
  });

  test('its file goes after the days that it is kept', async () => {
    const id = await ask();
    await books.job(id, 'COMPLETED');
    books.setTime('2026-11-22T14:59:59Z');
    expect((await content(id)).statusCode).toBe(200);
    books.setTime('2026-11-22T15:00:00Z');

    expect(await books.job(id, 'EXPIRED')).toMatchObject({ content: null });
    expect((await content(id)).json()).toMatchObject({ status: 410, code: 'REPORT_EXPIRED' });
    books.setTime('2026-11-22T15:00:01Z');
    await books.restart();
    await expect.poll(filesKept).toEqual([]);
  });
});
