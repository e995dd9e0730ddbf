import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verify } from '../../../../verify/src/verify.ts';
import type { ExportedLog } from '../../record/export/export-log.ts';
import { Refusal } from '../problem.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import { exportRoute } from './export.ts';

let fixture: ServerFixture;
let sealed: ExportedLog;
let position: number;

beforeAll(async () => {
  fixture = await openServer();
  sealed = fixture.platform.record.log;
  for (const symbol of ['EXP1', 'EXP2', 'EXP3']) {
    await fixture.done({
      request: 'POST /api/v1/instruments',
      body: { symbol, name: 'Example', currency: 'USD' },
    });
  }
  position = await fixture.head();
  await fixture.platform.record.log.checkpoint(position);
});
afterAll(() => fixture.close());

/** The route by itself, on a log that may be made to fail. */
async function apiOn(log: ExportedLog): Promise<FastifyInstance> {
  const api = Fastify();
  api.setValidatorCompiler(() => () => true);
  api.setSerializerCompiler(() => JSON.stringify);
  api.setErrorHandler((failure, _, reply) =>
    reply.code(400).send(failure instanceof Refusal ? failure.code : String(failure)),
  );
  exportRoute(api, { sealed: log });
  await api.ready();
  return api;
}

describe('RC-02 the record is exported over HTTP', () => {
  test('as lines that the offline verifier takes', async () => {
    const api = await apiOn(sealed);
    const { statusCode, headers, payload } = await api.inject('/audit/export');
    const to = sealed.sealedUpTo().size;

    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('application/x-ndjson');
    expect(headers['content-disposition']).toBe(`attachment; filename="record-1-${to}.jsonl"`);
    const keys = sealed.publicKeys();
    expect(await verify(new Blob([payload]), { keys })).toMatchObject({
      outcome: 'proven',
      facts: { from: 1, to },
    });
  });

  test('and refused when there are no such entries', async () => {
    const beyond = { ...sealed, sealedUpTo: () => ({ size: 2, note: undefined }) };
    const api = await apiOn(beyond);
    const { payload } = await api.inject({ url: '/audit/export', query: { from: '3' } });
    expect(payload).toBe('RANGE_INVALID');
  });

  test('and broken off where the record was changed, so that nobody takes it for whole', async () => {
    const broken: ExportedLog = {
      ...sealed,
      proof: () => Promise.reject(new Error('the record was changed')),
    };
    const api = await apiOn(broken);
    const address = await api.listen({ port: 0, host: '127.0.0.1' });
    const response = await fetch(`${address}/audit/export`);
    await expect(response.text()).rejects.toThrow('terminated');
    await api.close();
  });
});
