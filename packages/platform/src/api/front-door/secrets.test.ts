import { StorageFailure } from '@counterfoil/event-store';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLogger } from '../../command-line/logger.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';

const marker = 'MARKER-8f14e45fceea167a';
const bearer = { authorization: `Bearer ${marker}` };
const json = { 'content-type': 'application/json' };

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
});
afterAll(() => fixture.close());

function loggedBy() {
  const lines: string[] = [];
  const logger = openLogger('trace', { write: (line) => void lines.push(line) });
  return { lines, logger };
}

function failing(): Promise<never> {
  return Promise.reject(new StorageFailure('disk full', { final: true }));
}

describe('RC-09 what is secret is in no log', () => {
  const secrets: readonly InjectOptions[] = [
    { method: 'GET', url: '/api/v1/accounts', headers: bearer },
    { method: 'GET', url: '/api/v1/accounts', headers: { authorization: marker } },
    { method: 'GET', url: '/api/v1/accounts', headers: { authorization: `Bearer cf_${marker}` } },
    { method: 'POST', url: '/api/auth/login', payload: { username: 'admin', password: marker } },
    { method: 'POST', url: '/api/auth/login', headers: json, payload: `{"password":"${marker}"` },
    { method: 'POST', url: '/api/auth/refresh', payload: { refresh_token: marker } },
    { method: 'GET', url: `/api/auth/oidc/callback?code=${marker}&state=${marker}` },
    { method: 'GET', url: `/nowhere?token=${marker}`, headers: bearer },
  ];

  test('of whoever is turned away', async () => {
    const { lines, logger } = loggedBy();
    const { authenticate } = fixture.platform.identity;
    const server = await fixture.withParts({ logger, authenticate });
    const statuses: number[] = [];
    for (const request of secrets) statuses.push((await server.inject(request)).statusCode);
    expect(statuses).toEqual([401, 401, 401, 401, 400, 401, 401, 404]);
    expect(lines.join('\n')).not.toContain(marker);
  });

  test('of requests that fail here, which are logged', async () => {
    const { lines, logger } = loggedBy();
    const { ledger } = fixture.platform;
    const server = await fixture.withParts({ logger, ledger: { ...ledger, account: failing } });
    const { statusCode } = await server.inject({
      method: 'POST',
      url: `/api/v1/accounts/A1/deposits?token=${marker}`,
      headers: bearer,
      payload: { amount: '1' },
    });
    const refused = await server.inject({
      method: 'POST',
      url: '/api/v1/accounts/A1/deposits',
      headers: bearer,
      payload: { amount: '1' },
    });
    expect([statusCode, refused.statusCode]).toContain(503);
    expect(lines.join('\n')).toContain('disk full');
    expect(lines.join('\n')).not.toContain(marker);
  });

  test('not even when somebody logs it by its name', () => {
    const { lines, logger } = loggedBy();
    logger.info({ password: marker, headers: bearer, request: { headers: bearer } }, 'careless');
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain(marker);
  });
});
