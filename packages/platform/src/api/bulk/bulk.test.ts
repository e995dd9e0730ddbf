import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import { exampleWorld } from '../error-examples.ts';
import { injected, openServer, type ServerFixture } from '../server.fixture.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
  for (const call of exampleWorld) await fixture.done(call);
});
afterAll(() => fixture.close());

interface Answer {
  readonly [name: string]: unknown;
  readonly status: string;
  readonly code?: string;
}

const outcomeOf = ({ status, code = '' }: Answer): string => `${status} ${code}`.trim();

const open = (accountId: string, initialBalance = '10000') => ({
  command: 'OpenAccount',
  accountId,
  ownerName: 'Ada',
  ownerKind: 'INDIVIDUAL',
  currency: 'USD',
  initialBalance,
  openedOn: '2026-11-02',
});
const deposit = (accountId: string, amount: string) => ({ command: 'Deposit', accountId, amount });
const trade = (accountId: string, side: string, quantity: string, terms: object = {}) => ({
  command: 'BookTrade',
  accountId,
  side,
  symbol: 'AAPL',
  quantity,
  price: '189.50',
  ...terms,
});

const bulk = {
  request: 'POST /api/v1/bulk/commands',
  headers: { 'content-type': 'application/x-ndjson' },
};

async function run(lines: readonly (object | string)[]): Promise<readonly Answer[]> {
  const body = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  const response = await fixture.call({ ...bulk, body: body.join('\n') });
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toBe('application/x-ndjson');
  return answersIn(response.body);
}

function answersIn(text: string): readonly Answer[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answer);
}

async function cashOf(accountId: string): Promise<unknown> {
  const response = await fixture.done({ request: `GET /api/v1/accounts/${accountId}` });
  return response.json<{ cash: string }>().cash;
}

describe('a stream of commands is answered line by line (LG-09)', () => {
  test('accepted, rejected and invalid lines each say so, in order', async () => {
    const answers = await run([
      open('B1'),
      deposit('B1', '5'),
      '',
      deposit('B1', '-5'),
      deposit('NOBODY', '5'),
      { ...deposit('B1', '5'), note: 1 },
      '{"command":',
      { command: 'Borrow' },
      [],
      deposit('B1', '7'),
    ]);
    expect(answers).toMatchObject([
      { line: 1, status: 'accepted', version: 1 },
      { line: 2, status: 'accepted', version: 2 },
      { line: 4, status: 'rejected', code: 'AMOUNT_NOT_POSITIVE', version: 2, position: null },
      { line: 5, status: 'rejected', code: 'ACCOUNT_UNKNOWN', version: 0 },
      { line: 6, status: 'invalid', code: 'REQUEST_INVALID', errors: [{ pointer: '/note' }] },
      { line: 7, status: 'invalid', code: 'MALFORMED_JSON' },
      { line: 8, status: 'invalid', code: 'REQUEST_INVALID', errors: [{ pointer: '/command' }] },
      { line: 9, status: 'invalid', code: 'REQUEST_INVALID' },
      { line: 10, status: 'accepted', version: 3, position: await fixture.head() },
    ]);
    expect(await cashOf('B1')).toBe('10012');
  });

  test('every command there is has its line', async () => {
    const reason = 'example';
    const answers = await run([
      { command: 'ListInstrument', symbol: 'ALL', name: 'All', currency: 'USD' },
      { command: 'AmendInstrument', symbol: 'ALL', tickSize: '0.5', reason },
      { command: 'HaltTrading', symbol: 'ALL', reason },
      { command: 'ResumeTrading', symbol: 'ALL', reason },
      { command: 'RecordClose', symbol: 'ALL', date: '2026-11-19', close: '100' },
      { command: 'MarkPrice', symbol: 'ALL', price: '101' },
      open('B2'),
      deposit('B2', '5'),
      { command: 'Withdraw', accountId: 'B2', amount: '5' },
      { command: 'SetLimits', accountId: 'B2', priceCollarPercent: '20' },
      trade('B2', 'BUY', '1', { tradeId: 'T1', symbol: 'ALL', price: '101' }),
      {
        command: 'CorrectTrade',
        accountId: 'B2',
        tradeId: 'T1',
        replacement: { tradeId: 'T2', side: 'BUY', quantity: '2', price: '101' },
        reason,
      },
      { command: 'CancelTrade', accountId: 'B2', tradeId: 'T2', reason },
      { command: 'SuspendAccount', accountId: 'B2', reason },
      { command: 'ReinstateAccount', accountId: 'B2', reason },
      { command: 'Withdraw', accountId: 'B2', amount: '10000' },
      { command: 'CloseAccount', accountId: 'B2', reason },
      { command: 'DelistInstrument', symbol: 'ALL', reason },
    ]);
    expect(answers.filter(({ status }) => status !== 'accepted')).toEqual([]);
    expect(answers).toHaveLength(18);
  });

  test('a trade id that was made is told', async () => {
    const [, answer] = await run([open('B3'), trade('B3', 'BUY', '1')]);
    const trades = await fixture.done({
      request: `GET /api/v1/accounts/B3/trades?minPosition=${Number(answer?.['position'])}`,
    });
    expect(trades.json()).toMatchObject({ items: [{ tradeId: answer?.['tradeId'] }] });
  });

  test('expectedVersion holds a line to a version', async () => {
    const answers = await run([
      open('B4'),
      { ...deposit('B4', '5'), expectedVersion: 1 },
      { ...deposit('B4', '5'), expectedVersion: 1 },
    ]);
    expect(answers).toMatchObject([
      { status: 'accepted' },
      { status: 'accepted', version: 2 },
      { status: 'rejected', code: 'VERSION_STALE', version: 2 },
    ]);
  });
});

describe('commands of one account take effect in order (LG-01)', () => {
  test('each buy is paid by the sale before it', async () => {
    const rounds = Array.from({ length: 300 }, (_, at) =>
      trade('B5', at % 2 === 0 ? 'BUY' : 'SELL', '52'),
    );
    const answers = await run([open('B5', '9854'), ...rounds]);
    expect(answers.filter(({ status }) => status !== 'accepted')).toEqual([]);
    expect(answers.map(({ version }) => version)).toEqual(
      Array.from({ length: 301 }, (_, at) => at + 1),
    );
  });

  test('also those that are decided with a look at the past', async () => {
    const lines = Array.from({ length: 40 }, (_, at) => [
      trade('B6', 'BUY', '1', { tradeId: `T${at}`, tradeDate: '2026-11-10' }),
      { command: 'CancelTrade', accountId: 'B6', tradeId: `T${at}`, reason: 'example' },
      trade('B6', 'SELL', '1'),
    ]).flat();
    const answers = await run([open('B6'), ...lines]);
    expect(answers.slice(1).map(outcomeOf)).toEqual(
      lines.map((_, at) => (at % 3 === 2 ? 'rejected INSUFFICIENT_HOLDING' : 'accepted')),
    );
  });

  test('an instrument is listed, and priced, before the trades behind it', async () => {
    const answers = await run([
      open('B7'),
      { command: 'ListInstrument', symbol: 'FRESH', name: 'Fresh', currency: 'USD' },
      { command: 'MarkPrice', symbol: 'FRESH', price: '10' },
      trade('B7', 'BUY', '1', { symbol: 'FRESH', price: '10' }),
      trade('B7', 'BUY', '1', { symbol: 'FRESH', price: '20' }),
    ]);
    expect(answers.map(outcomeOf)).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'accepted',
      'rejected PRICE_OUTSIDE_COLLAR',
    ]);
  });
});

describe('an idempotencyKey lets a line take effect once (CA-02)', () => {
  const idempotencyKey = '8e03978e-40d5-43e8-bc93-6894a57f9324';

  test('in the same stream, in another one, and not for another line', async () => {
    const line = { ...deposit('B8', '5'), idempotencyKey };
    const [, first, second] = await run([open('B8'), line, line]);
    const [third] = await run([{ ...line }]);
    expect(first).toMatchObject({ status: 'accepted', version: 2 });
    expect(second).toEqual({ ...first, line: 3, replayed: true });
    expect(third).toEqual({ ...first, line: 1, replayed: true });
    expect(await run([{ ...deposit('B8', '6'), idempotencyKey }])).toMatchObject([
      { status: 'invalid', code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
    expect(await cashOf('B8')).toBe('10005');
  });
});

/** A connection on which the test writes and reads as it likes. */
async function stream(ledger?: Partial<Ledger>) {
  const server = await fixture.withParts(
    ledger === undefined ? {} : { ledger: { ...fixture.platform.ledger, ...ledger } },
  );
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  const { headers } = injected({ ...bulk, body: '' });
  const request: ClientRequest = httpRequest({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/api/v1/bulk/commands',
    headers: headers as Record<string, string>,
  });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  return {
    server,
    request,
    write: (line: object) => request.write(`${JSON.stringify(line)}\n`),
    response: async () => (await answered)[0],
  };
}

describe('over a connection (RC-09, OP-11)', () => {
  test('an answer comes before the next line is sent', async () => {
    const { request, write, response } = await stream();
    write(open('B9'));
    const answers = await response();
    answers.setEncoding('utf8');
    for (let version = 1; version <= 5; version += 1) {
      const [text] = (await once(answers, 'data')) as [string];
      expect(answersIn(text)).toMatchObject([{ status: 'accepted', version }]);
      write(deposit('B9', '5'));
    }
    request.end();
    await once(answers, 'end');
    expect(await cashOf('B9')).toBe('10025');
  });

  test('reading stops while answers are not read, and nothing is lost', async () => {
    let asked = 0;
    const account: Ledger['account'] = (...command) => {
      asked += 1;
      return fixture.platform.ledger.account(...command);
    };
    const { request, write, response } = await stream({ account });
    write(open('B10', '0'));
    const answers = await response();
    // Refusals with long answers: what the sockets can hold is soon full.
    const lines = 60_000;
    const line = { ...deposit('B10', '-1'), reference: 'r'.repeat(150) };
    void (async () => {
      for (let at = 0; at < lines; at += 1) if (!write(line)) await once(request, 'drain');
      request.end();
    })();
    let before = -1;
    while (asked !== before) {
      before = asked;
      await sleep(200);
    }
    expect(asked).toBeLessThan(lines);
    let heard = 0;
    for await (const chunk of answers.setEncoding('utf8')) {
      heard += String(chunk).split('\n').length - 1;
    }
    expect(heard).toBe(lines + 1);
  });

  test('a client that goes away leaves what was confirmed, and the server running', async () => {
    const { request, write, response } = await stream();
    request.on('error', () => undefined);
    write(open('B11'));
    const answers = await response();
    await once(answers, 'data');
    answers.on('error', () => undefined);
    for (let at = 0; at < 100; at += 1) write(deposit('B11', '1'));
    request.destroy();
    expect(await run([deposit('B11', '5')])).toMatchObject([{ status: 'accepted' }]);
  });

  test('a server that stops answers what it has read, and ends the stream', async () => {
    const { server, request, write, response } = await stream();
    write(open('B12'));
    const answers = await response();
    let heard = '';
    answers.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
    });
    await once(answers, 'data');
    const closed = server.close();
    await once(answers, 'end');
    request.destroy();
    await closed;
    expect(answersIn(heard)).toMatchObject([{ line: 1, status: 'accepted' }]);
  });

  test('a ledger that fails is an answer too', async () => {
    const { request, write, response } = await stream({
      account: () => Promise.reject(new Error('defect')),
    });
    write(deposit('B11', '5'));
    request.end();
    const answers = await response();
    const [text] = (await once(answers.setEncoding('utf8'), 'data')) as [string];
    expect(answersIn(text)).toMatchObject([{ line: 1, status: 'failed', code: 'INTERNAL' }]);
  });

  test('JSON under another media type is refused before anything is read', async () => {
    const response = await fixture.call({ request: bulk.request, body: deposit('B11', '5') });
    expect(response.json()).toMatchObject({ status: 415, code: 'MEDIA_TYPE_UNSUPPORTED' });
  });
});
