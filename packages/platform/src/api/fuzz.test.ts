import * as fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../domain/access/events.ts';
import type { AccountId } from '../domain/accounts/events.ts';
import { catalogue } from './errors.ts';
import { requestsOver, type Described, type Fuzzed } from './fuzz.fixture.ts';
import { Refusal, type Problem } from './problem.ts';
import { openServer, somebody, type ServerFixture } from './server.fixture.ts';

// Ten thousand take minutes: `COUNTERFOIL_FUZZ_RUNS=10000` runs them, `COUNTERFOIL_FUZZ_SEED` repeats a run.
const runs = Number(process.env['COUNTERFOIL_FUZZ_RUNS'] ?? 1_000);
const seed = Number(process.env['COUNTERFOIL_FUZZ_SEED'] ?? 20_261_121);

let fixture: ServerFixture;
let server: FastifyInstance;
let requests: fc.Arbitrary<Fuzzed>;

beforeAll(async () => {
  fixture = await openServer();
  const body = { accountId: 'FUZZ-1', ownerName: 'Ada', ownerKind: 'INDIVIDUAL', currency: 'USD' };
  await fixture.done({ request: 'POST /api/v1/accounts', body });
  const listed = { symbol: 'AAPL', name: 'Apple', currency: 'USD' };
  await fixture.done({ request: 'POST /api/v1/instruments', body: listed });
  const accounts = ['FUZZ-1'] as AccountId[];
  server = await fixture.withParts({
    authenticate: ({ authorization }) => {
      if (authorization === undefined) throw new Refusal('UNAUTHENTICATED', 'There is none.');
      if (authorization === 'Bearer nobody') throw new Refusal('TOKEN_INVALID', 'It is none.');
      const roles = [authorization.slice('Bearer '.length) as Role];
      return { ...somebody, roles, accounts };
    },
  });
  const document = await server.inject({ method: 'GET', url: '/api/v1/openapi.json' });
  requests = requestsOver(document.json<Described>());
});
afterAll(() => fixture.close());

/** What an answer must never hold: where in the program, or in which file, something went wrong. */
const internals = /node_modules|\.ts:\d|at async|\\n +at |SQLITE|sqlite|ECONN|undefined is not/;

/** Asked for between being written and being sealed or shown: `Retry-After` says that it is a moment. */
const momentary = /"code":"(NOT_SEALED_YET|POSITION_NOT_REACHED)"/;

/** What is wrong with an answer; undefined when nothing is. */
async function faultOf({ method, url, headers, payload }: Fuzzed): Promise<string | undefined> {
  const answer = await server.inject({
    method: method as 'GET',
    url,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  const { statusCode, body } = answer;
  if (statusCode === 503 && momentary.test(body)) return undefined;
  if (statusCode >= 500) return `it answered ${statusCode} ${body}`;
  if (statusCode < 400) return undefined;
  if (internals.test(body)) return `it tells of its inside: ${body}`;
  if (!String(answer.headers['content-type']).startsWith('application/problem+json')) {
    return `it answered ${statusCode} with no problem document: ${body}`;
  }
  const { code, status } = answer.json<Problem>();
  return status === statusCode && code in catalogue ? undefined : `its problem is ${body}`;
}

describe('RC-09 whatever a client sends', () => {
  test('is done or refused with a problem document', { timeout: 1_200_000 }, async () => {
    const holds = fc.asyncProperty(requests, async (request) => {
      expect(await faultOf(request)).toBeUndefined();
    });
    await fc.assert(holds, { numRuns: runs, seed });
    // It goes on as if nothing had been.
    expect((await server.inject({ method: 'GET', url: '/health' })).statusCode).toBe(200);
  });
});
