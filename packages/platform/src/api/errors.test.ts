import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContentionError, StorageFailure, StoreOverloaded } from '@counterfoil/event-store';
import { NotSealedYet, RecordAltered } from '@counterfoil/event-store/log';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../ledger/ledger.ts';
import { viewsOf } from '../queries/views.ts';
import { RequestStoreFailure } from '../requests/request-store.ts';
import { KeysUnavailable } from '../vault/failures.ts';
import { identityRefusals } from './auth/refusals.fixture.ts';
import { announceUnder } from './corporate-actions/entitlements.fixture.ts';
import { announceFor, processing } from './corporate-actions/events.fixture.ts';
import { errorExamples, exampleWorld, type Call } from './error-examples.ts';
import { catalogue, type ErrorCode } from './errors.ts';
import { Refusal, type Problem } from './problem.ts';
import { injected, openServer, somebody, type ServerFixture } from './server.fixture.ts';
import type { ServerParts } from './server.ts';
import { putAside, settled } from './trades/trades.fixture.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
  for (const call of exampleWorld) await fixture.done(call);
});
afterAll(() => fixture.close());

const codes = Object.keys(errorExamples) as ErrorCode[];
const byRequest = codes.filter((code) => errorExamples[code].while === undefined);

describe('every code of the catalogue comes about as documented (RC-09)', () => {
  test.each(byRequest)('%s', async (code) => {
    const { given = [], when } = errorExamples[code];
    for (const call of given) await fixture.done(call);
    const response = await fixture.call(when);
    expect(shownBy(response)).toEqual(documented(code, when));
    expect(response.body).not.toMatch(/node_modules|\.ts:|at async/);
  });
});

function shownBy(response: LightMyRequestResponse) {
  const { type, title, status, code, instance, detail } = response.json<Problem>();
  const { advice } = catalogue[code];
  return {
    statusCode: response.statusCode,
    contentType: response.headers['content-type'],
    retryAfter: response.headers['retry-after'],
    problem: { type, title, status, code, instance },
    // What happened comes first, then what to do.
    advises: detail.endsWith(`. ${advice}`) && detail.length > advice.length + 10,
  };
}

function documented(code: ErrorCode, { request }: Call): ReturnType<typeof shownBy> {
  const { status, title, retryAfter } = catalogue[code];
  const instance = request.split(/[ ?]/)[1] ?? '';
  return {
    statusCode: status,
    contentType: 'application/problem+json; charset=utf-8',
    retryAfter: retryAfter?.toString(),
    problem: { type: `/docs/errors#${code}`, title, status, code, instance },
    advises: true,
  };
}

/** How the codes that no request brings about are brought about. */
const arranged: Partial<Record<ErrorCode, (call: Call) => Promise<LightMyRequestResponse>>> = {
  CONTENTION: failing(new ContentionError('account-E44 was changed by others')),
  OVERLOADED: failing(new StoreOverloaded('100000 commits wait')),
  STORAGE_UNAVAILABLE: failing(new StorageFailure('/secret/path: disk full', { final: true })),
  KEYS_UNAVAILABLE: failing(new KeysUnavailable('/secret/keys: no such file')),
  SUBJECT_ERASED: (call) => {
    const { retention } = fixture.platform;
    const rejection = { code: 'SUBJECT_ERASED', subject: 'account-E81' };
    const refusal = { kind: 'rejected', rejection, eventIds: [], version: 1 };
    const placeHold = () => Promise.resolve(refusal as never);
    return askedOf({ retention: { ...retention, placeHold } }, call);
  },
  INTERNAL: failing(new TypeError('undefined is not a function')),
  UNAUTHENTICATED: refusing('UNAUTHENTICATED'),
  TOKEN_INVALID: refusing('TOKEN_INVALID'),
  TOKEN_EXPIRED: refusing('TOKEN_EXPIRED'),
  FORBIDDEN: (call) =>
    askedOf({ authenticate: () => ({ ...somebody, roles: ['READ_ONLY'] }) }, call),
  REPORT_TOO_LARGE: (call) => {
    const { reports } = fixture.platform;
    const settings = { ...reports.settings, rowsMax: 0 };
    return askedOf({ reports: { ...reports, settings } }, call);
  },
  REPORT_NOT_RUNNING: (call) => {
    const rejection = { code: 'REPORT_NOT_RUNNING', status: 'COMPLETED' };
    const refusal = { kind: 'rejected', rejection, eventIds: [], version: 3 };
    const cancel = () => Promise.resolve(refusal as never);
    return askedOf({ reports: { ...fixture.platform.reports, cancel } }, call);
  },
  REPORT_NOT_READY: (call) => askedOf(reportThatIs({ status: 'RUNNING' }), call),
  REPORT_EXPIRED: (call) => askedOf(reportThatIs({ completed: { position: 1 } }), call),
  RECORD_ALTERED: (call) => {
    const { record } = fixture.platform;
    const altered = new RecordAltered(7, 'it is not what was sealed');
    const log = { ...record.log, entries: () => Promise.reject(altered) };
    return askedOf({ record: { ...record, log } }, call);
  },
  NOT_SEALED_YET: (call) => {
    const { record } = fixture.platform;
    const early = new NotSealedYet('nothing is sealed yet');
    const log = { ...record.log, checkpoint: () => Promise.reject(early) };
    return askedOf({ record: { ...record, log } }, call);
  },
  CHECK_UNDER_WAY: (call) => {
    const { record } = fixture.platform;
    const checks = { ...record.checks, begin: () => undefined };
    return askedOf({ record: { ...record, checks } }, call);
  },
  AUDIT_UNAVAILABLE: (call) => {
    const decisions = { note: () => false, close: () => Promise.resolve() };
    return askedOf({ decisions }, call);
  },
  ...Object.fromEntries(
    Object.entries(identityRefusals).map(([code, arrange]) => [
      code,
      (call: Call) => arrange(fixture, call),
    ]),
  ),
  POSITION_NOT_REACHED: async (call) => {
    const projected = {
      position: () => 0,
      waitFor: () => Promise.resolve(false),
      failure: () => undefined,
    };
    return (await fixture.withParts({ projected })).inject(injected(call));
  },
  IDEMPOTENCY_IN_FLIGHT: async (call) => {
    const ledger = heldLedger();
    const server = await serverWith(ledger.account);
    const first = server.inject(injected(call));
    await ledger.asked;
    const second = await server.inject(injected(call));
    ledger.release();
    await first;
    return second;
  },
  READ_MODELS_UNAVAILABLE: async (call) => {
    const other = await openServer();
    await other.close();
    const views = viewsOf(other.platform.readModels);
    return (await fixture.withParts({ views })).inject(injected(call));
  },
  TRADE_VERSION_LOWER: async (call) => {
    const sent = await fixture.done({ ...call, body: { ...(call.body as object), version: 2 } });
    await settled(fixture, sent);
    return fixture.call(call);
  },
  DEAD_LETTER_RESOLVED: async (call) => {
    const id = await putAside(fixture, 'not a trade');
    const body = { reason: 'example' };
    await fixture.done({ request: `POST /api/v1/dead-letters/${id}/discard`, body });
    return fixture.call(call);
  },
  ACTION_ALREADY_ANNOUNCED: async (call) => {
    const { ledger } = fixture.platform;
    const refusal = {
      kind: 'rejected',
      rejection: { code: 'ACTION_ALREADY_ANNOUNCED' },
      eventIds: [],
      version: 1,
    };
    const handle = () => Promise.resolve(refusal as never);
    const corporateActions = { ...ledger.corporateActions, handle };
    const server = await fixture.withParts({ ledger: { ...ledger, corporateActions } });
    return server.inject(injected(call));
  },
  ACTION_CANCELLED: async (call) => {
    await announceFor(fixture, call, { type: 'CancelAction', kind: 'CANCELLED', reason: 'x' });
    return fixture.call(call);
  },
  ACTION_VERSION_STALE: async (call) => {
    await announceFor(fixture, call);
    const raised = { ...(call.body as object), amount: '0.28' };
    await fixture.done({ ...call, body: raised });
    return fixture.call(call);
  },
  ACTION_IDENTITY_FIXED: async (call) => {
    await announceFor(fixture, call);
    return fixture.call(call);
  },
  ACTION_NOT_FAILED: async (call) => {
    await announceFor(fixture, call);
    return fixture.call(call);
  },
  ACTION_REVIEW_RESOLVED: async (call) => {
    const { start, fail } = processing;
    await announceFor(fixture, call, start, fail, { type: 'ResolveReview', reason: 'x' });
    return fixture.call(call);
  },
  ELECTION_CLOSED: (call) => electing('ELECTION_CLOSED', call, overTender),
  ELECTION_EXCEEDS_HOLDING: (call) => electing('ELECTION_EXCEEDS_HOLDING', call, openTender),
  QUEUE_UNAVAILABLE: async (call) => {
    const { trades } = fixture.platform;
    const server = await fixture.withParts({
      trades: { ...trades, intake: { ...trades.intake, accept: withoutRoom } },
    });
    return server.inject(injected(call));
  },
  BODY_TOO_LARGE: (call) =>
    fixture.call({ ...call, body: { amount: '1', reference: 'x'.repeat(1024 * 1024) } }),
};

const openTender = {
  event_type: 'TENDER_OFFER',
  symbol: 'AAPL',
  ex_date: '2026-11-02',
  effective_date: '2026-12-21',
  election_deadline: '2026-12-18',
  terms: { price: '200' },
};
const overTender = { ...openTender, election_deadline: '2026-11-19' };

/** Chooses in a tender offer that stands under the id of the example. */
async function electing(
  code: ErrorCode,
  call: Call,
  offer: object,
): Promise<LightMyRequestResponse> {
  for (const given of errorExamples[code].given ?? []) await fixture.done(given);
  await announceUnder(fixture, /CA-[0-9A-Z]{18}/.exec(call.request)?.[0] ?? '', offer);
  return fixture.call(call);
}

/** A ledger that answers its first command when the test says so. */
function heldLedger() {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<never>();
  return {
    asked: asked.promise,
    account: () => {
      asked.resolve();
      return answer.promise;
    },
    release: () => answer.reject(new ContentionError('released')),
  };
}

function withoutRoom(): Promise<never> {
  return Promise.reject(new RequestStoreFailure('/secret/path: disk full'));
}

async function askedOf(parts: Partial<ServerParts>, call: Call): Promise<LightMyRequestResponse> {
  return (await fixture.withParts(parts)).inject(injected(call));
}

/** A job in some state, whose file has been kept for as long as any is. */
function reportThatIs(state: object): Partial<ServerParts> {
  const { reports } = fixture.platform;
  const job = { report: state, progress: undefined, expiresAt: 0n };
  return { reports: { ...reports, job: () => Promise.resolve(job as never) } };
}

function refusing(code: ErrorCode) {
  const authenticate = () => {
    throw new Refusal(code, 'Something was wrong with it.');
  };
  return (call: Call): Promise<LightMyRequestResponse> => askedOf({ authenticate }, call);
}

function failing(failure: Error) {
  return async (call: Call): Promise<LightMyRequestResponse> =>
    (await serverWith(() => Promise.reject(failure))).inject(injected(call));
}

async function serverWith(account: Ledger['account']): Promise<FastifyInstance> {
  return fixture.withParts({ ledger: { ...fixture.platform.ledger, account } });
}

describe('codes that no request brings about by itself (RC-09, OP-11)', () => {
  test.each(Object.keys(arranged) as ErrorCode[])('%s', async (code) => {
    const { when } = errorExamples[code];
    const response = await arranged[code]?.(when);
    if (response === undefined) throw new Error(`${code} is not arranged`);
    expect(shownBy(response)).toEqual(documented(code, when));
    expect(response.body).not.toMatch(/secret|undefined is not|\.ts:|at async/);
  });
});

/** What happens on the bare connection: given the port, everything that the server says. */
const onConnections: Partial<Record<ErrorCode, () => Promise<string>>> = {
  MALFORMED_HTTP: async () => (await connectTo(await fixture.withParts({}))).say('HELLO\r\n\r\n'),
  HEADERS_TOO_LARGE: async () => {
    const connection = await connectTo(await fixture.withParts({}));
    return connection.say(`GET /api/v1/accounts HTTP/1.1\r\nX-Much: ${'x'.repeat(20_000)}\r\n\r\n`);
  },
  REQUEST_TIMEOUT: async () => {
    const connection = await connectTo(await fixture.withParts({ bodyArrivalMsMax: 1 }));
    connection.write(`${depositHead('Content-Length: 20')}{"amount":`);
    await sleep(20);
    return connection.say(' ');
  },
  SHUTTING_DOWN: async () => {
    const ledger = heldLedger();
    const server = await serverWith(ledger.account);
    const connection = await connectTo(server);
    connection.write(`${depositHead('Content-Length: 16')}{"amount":"100"}`);
    await ledger.asked;
    const closed = server.close();
    const arrived = once(server.server, 'request');
    connection.write('GET /api/v1/accounts HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await arrived;
    ledger.release();
    await closed;
    return connection.heard();
  },
};

function depositHead(length: string): string {
  return [
    'POST /api/v1/accounts/E42/deposits HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    `${length}\r\n\r\n`,
  ].join('\r\n');
}

async function connectTo(server: FastifyInstance) {
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  const ended = once(socket, 'close');
  await once(socket, 'connect');
  return {
    write: (text: string) => socket.write(text),
    /** Everything that was heard until the server closed the connection. */
    say: async (text: string): Promise<string> => {
      socket.write(text);
      await ended;
      return heard;
    },
    heard: async (): Promise<string> => {
      await ended;
      return heard;
    },
  };
}

describe('codes of the connection (RC-09)', () => {
  test.each(Object.keys(onConnections) as ErrorCode[])('%s', async (code) => {
    const heard = await onConnections[code]?.();
    expect(heard).toContain(`HTTP/1.1 ${catalogue[code].status} `);
    expect(heard).toContain('application/problem+json');
    expect(heard).toContain(`"code":"${code}"`);
  });
});

describe('codes of single lines in a bulk stream (RC-09)', () => {
  test('LINE_TOO_LONG', async () => {
    const { when } = errorExamples.LINE_TOO_LONG;
    const response = await fixture.call({ ...when, body: `{"command":"${'x'.repeat(100_000)}"}` });
    expect(response.json()).toMatchObject({ line: 1, status: 'invalid', code: 'LINE_TOO_LONG' });
  });

  test('CSV_INVALID', async () => {
    const response = await fixture.call(errorExamples.CSV_INVALID.when);
    expect(response.json()).toMatchObject({ line: 1, status: 'invalid', code: 'CSV_INVALID' });
  });
});

// How long to wait is not the same for all of these.
describe('codes that say by themselves how long to wait (RC-09)', () => {
  test('TOO_MANY_REQUESTS', async () => {
    const limits = { requestsPerAddress: 1, requestsPerPrincipal: 1 };
    const rateLimits = { ...limits, signInsPerAddress: 1, failuresPerAddress: 1 };
    const server = await fixture.withParts({ frontDoor: { rateLimits } });
    const call = errorExamples.TOO_MANY_REQUESTS.when;
    await server.inject(injected(call));
    const { retryAfter, ...shown } = shownBy(await server.inject(injected(call)));
    expect(shown).toEqual({ ...documented('TOO_MANY_REQUESTS', call), retryAfter: undefined });
    expect(Number(retryAfter)).toBeGreaterThan(0);
  });

  test('REPORT_LIMIT', async () => {
    const call = errorExamples.REPORT_LIMIT.when;
    for (let asked = 0; asked < 10; asked += 1) await fixture.done(call);
    const { retryAfter, ...shown } = shownBy(await fixture.call(call));
    expect(shown).toEqual({ ...documented('REPORT_LIMIT', call), retryAfter: undefined });
    expect(retryAfter).toBe('3600');
  });

  test('LOGIN_LOCKED', async () => {
    const call = errorExamples.LOGIN_LOCKED.when;
    for (let failures = 0; failures < 5; failures += 1) await fixture.call(call);
    const { retryAfter, ...shown } = shownBy(await fixture.call(call));
    expect(shown).toEqual({ ...documented('LOGIN_LOCKED', call), retryAfter: undefined });
    expect(retryAfter).toBe('1');
  });
});

test('what may succeed later says when (RC-09)', () => {
  const later = Object.entries(catalogue).filter(([, { retryAfter }]) => retryAfter !== undefined);
  const unavailable = Object.entries(catalogue).filter(([, { status }]) => status === 503);
  expect(new Set(later.map(([code]) => code))).toEqual(
    new Set([...unavailable.map(([code]) => code), 'IDEMPOTENCY_IN_FLIGHT']),
  );
});

test('no code is left without a case', () => {
  const cases = [
    ...byRequest,
    ...Object.keys(arranged),
    ...Object.keys(onConnections),
    'LINE_TOO_LONG',
    'CSV_INVALID',
    'TOO_MANY_REQUESTS',
    'REPORT_LIMIT',
    'LOGIN_LOCKED',
  ];
  expect(new Set(cases)).toEqual(new Set(Object.keys(catalogue)));
});
