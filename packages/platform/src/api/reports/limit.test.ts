import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { reportsStream } from '../../domain/reports/events.ts';
import { beginLog, openReports, type ReportsUnderTest } from './reports.fixture.ts';

let books: ReportsUnderTest;
/** Of each test another, so that none hinders the next. */
let user = '';
let users = 0;

beforeAll(async () => {
  books = await openReports();
  await beginLog(books);
});
beforeEach(() => {
  users += 1;
  user = `USR-${users}`;
  books.setTime('2026-11-20T12:00:00Z');
});
afterAll(() => books.close());

const report = (nameAndQuery = 'positions', by = user) => books.report(nameAndQuery, by);

const job = {
  request: 'POST /api/v1/reports',
  body: { report: 'positions', format: 'csv' },
};

/** Asks for so many reports, a minute apart from noon on. */
async function askFor(count: number): Promise<void> {
  for (let minute = 0; minute < count; minute += 1) {
    books.setTime(`2026-11-20T12:${String(minute).padStart(2, '0')}:00Z`);
    const { statusCode, body } = await report();
    expect(`${statusCode} ${statusCode === 200 ? '' : body}`).toBe('200 ');
  }
}

function shown({ statusCode, headers, body }: Awaited<ReturnType<ReportsUnderTest['report']>>) {
  const { code } = JSON.parse(body) as { code: string };
  return [statusCode, code, headers['retry-after']];
}

describe('RC-07 ten reports an hour for each user', () => {
  test('the eleventh is refused, and says to the second when it will not be', async () => {
    await askFor(10);
    books.setTime('2026-11-20T12:30:00.5Z');

    expect(shown(await report())).toEqual([429, 'REPORT_LIMIT', '1800']);
    expect(shown(await books.call(job, user))).toEqual([429, 'REPORT_LIMIT', '1800']);
    books.setTime('2026-11-20T12:59:59.999Z');
    expect(shown(await report())).toEqual([429, 'REPORT_LIMIT', '1']);
    books.setTime('2026-11-20T13:00:00Z');
    expect((await report()).statusCode).toBe(200);
    expect(shown(await report())).toEqual([429, 'REPORT_LIMIT', '60']);
  });

  test('also after a restart', async () => {
    await askFor(10);
    await books.restart();
    books.setTime('2026-11-20T12:30:00Z');

    expect(shown(await report())).toEqual([429, 'REPORT_LIMIT', '1800']);
  });

  test('also when all are asked for at once', async () => {
    const asked = Array.from({ length: 14 }, () => report());
    const statuses = (await Promise.all(asked)).map(({ statusCode }) => statusCode);

    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
  });

  test('jobs count like answers, and others are not hindered', async () => {
    await askFor(9);
    await books.done(job, user);

    expect(shown(await books.call(job, user))[1]).toBe('REPORT_LIMIT');
    expect((await report('positions', 'USR-OTHER')).statusCode).toBe(200);
  });

  test('what can not be asked for does not count', async () => {
    for (let tried = 0; tried < 12; tried += 1) {
      await report('trade-blotter?from=2026-11-20&to=2026-11-19');
      await report('trade-blotter?format=xls');
      await books.call({ ...job, body: { report: 'positions', format: 'xls' } }, user);
    }

    await askFor(10);
    expect(shown(await report())[1]).toBe('REPORT_LIMIT');
  });

  test('each that was let through is in the log, with what was handed out', async () => {
    const { body } = await report('positions?format=csv');
    const events = await books.platform().store.readStream(reportsStream(user));

    expect(events).toMatchObject([
      {
        stream: `reports-${user}`,
        data: {
          report: 'positions',
          format: 'csv',
          packaged: false,
          delivery: 'ANSWER',
          parameters: [{ name: 'as_of', value: '2026-11-20' }],
        },
        metadata: { userId: user },
      },
      { data: { rows: 0, bytes: Buffer.byteLength(body) } },
    ]);
  });

  test('a key whose report was refused is free for when there is room', async () => {
    await askFor(10);
    const keyed = {
      ...job,
      headers: { 'Idempotency-Key': '8e03978e-40d5-43e8-bc93-6894a57f9324' },
    };
    books.setTime('2026-11-20T12:30:00Z');
    expect(shown(await books.call(keyed, user))[1]).toBe('REPORT_LIMIT');
    books.setTime('2026-11-20T13:00:00Z');

    expect((await books.call(keyed, user)).statusCode).toBe(202);
  });
});
