import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openCheckpoint, parseVerifierKey } from '@counterfoil/event-store/log';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openServer, type ServerFixture } from '../server.fixture.ts';

let fixture: ServerFixture;

beforeAll(async () => {
  fixture = await openServer();
});
afterAll(() => fixture.close());

const get = (url: string, headers: Record<string, string> = {}) =>
  fixture.call({ request: `GET /api/v1/audit${url}`, headers });

async function list(symbols: readonly string[], userHeaders = {}): Promise<void> {
  for (const symbol of symbols) {
    await fixture.done({
      request: 'POST /api/v1/instruments',
      headers: userHeaders,
      body: { symbol, name: 'Example', currency: 'USD' },
    });
  }
}

/** Waits until all of the record is sealed, and answers how much that is. */
async function sealed(): Promise<number> {
  const head = await fixture.head();
  await get(`/checkpoint?minSize=${head}`);
  return head;
}

interface Entries {
  readonly items: readonly { position: number; eventType: string; aggregateId: string }[];
  readonly nextCursor: string | null;
}

async function entries(query: string): Promise<Entries> {
  return (await get(`/entries?${query}`)).json<Entries>();
}

/** Of the entries that a query finds. */
async function streams(query: string): Promise<readonly string[]> {
  const found = (await entries(`limit=1000&${query}`)).items;
  return found.map(({ aggregateId }) => aggregateId);
}

describe('RC-01 the record can be examined', () => {
  test('a checkpoint is a note that the published key has signed', async () => {
    await list(['AUD1', 'AUD2']);
    const head = await sealed();
    const { origin, keys } = (await get('/keys')).json<{ origin: string; keys: string[] }>();
    const response = await get(`/checkpoint?minSize=${head}`);
    const checkpoint = openCheckpoint(response.body, origin, keys.map(parseVerifierKey));

    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(checkpoint.size).toBeGreaterThanOrEqual(head);
    expect(origin).toMatch(/^counterfoil\.local\/[0-9a-f]{8}$/);
    const asJson = await get('/checkpoint', { Accept: 'application/json' });
    expect(asJson.json()).toMatchObject({ origin, size: checkpoint.size, note: response.body });
  });

  test('entries are listed in order, page by page', async () => {
    await list(['AUD3', 'AUD4', 'AUD5']);
    const head = await sealed();
    const positions: number[] = [];
    let cursor = '';
    do {
      const page = await entries(`limit=2${cursor}`);
      positions.push(...page.items.map(({ position }) => position));
      cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
    } while (cursor !== '');

    expect(positions).toEqual(Array.from({ length: head }, (_, index) => index + 1));
  });

  test('by type, by stream, by user and by moment', async () => {
    fixture.setTime('2026-11-20T16:00:00Z');
    await list(['AUD6']);
    fixture.setTime('2026-11-20T17:00:00Z');
    await list(['AUD7']);
    await sealed();
    expect(await streams('from=2026-11-20T16:30:00Z')).toEqual(['instrument-AUD7']);
    expect(await streams('from=2026-11-20T15:30:00Z&to=2026-11-20T17:00:00Z')).toEqual([
      'instrument-AUD6',
    ]);
    expect(await streams('stream=instrument-AUD3')).toEqual(['instrument-AUD3']);
    expect(await streams('event_type=NoSuchType')).toEqual([]);
    expect((await streams('event_type=InstrumentListed')).length).toBeGreaterThan(6);
    expect((await streams('user=local')).length).toBeGreaterThan(6);
    expect(await streams('user=somebody-else')).toEqual([]);
  });

  test('a range that ends before it begins is refused', async () => {
    const response = await get('/entries?from=2026-11-20T16:00:00Z&to=2026-11-19T16:00:00Z');

    expect(response.json()).toMatchObject({ status: 400, code: 'RANGE_INVALID' });
  });

  test('an entry comes with its proof', async () => {
    await list(['AUD8']);
    const head = await sealed();
    const response = await get(`/entries/${head}/proof`);
    const { format, leaf, proof } = response.json<Record<string, string>>();

    expect(response.statusCode).toBe(200);
    expect(format).toBe('counterfoil-entry/1');
    expect(
      Buffer.from(leaf ?? '', 'base64')
        .subarray(33, 41)
        .readBigUInt64BE(),
    ).toBe(BigInt(head));
    expect(proof).toMatch(new RegExp(`^c2sp\\.org/tlog-proof@v1\\nindex ${head - 1}\\n`));
    expect((await get(`/entries/${head + 1_000}/proof`)).json()).toMatchObject({
      status: 404,
      code: 'ENTRY_UNKNOWN',
    });
    expect((await get('/entries/3/proof?size=2')).json()).toMatchObject({ code: 'ENTRY_UNKNOWN' });
  });

  test('one size of the record goes on from another', async () => {
    const head = await sealed();
    const response = await get(`/consistency?from=2&to=${head}`);

    expect(response.json<{ hashes: string[] }>().hashes.length).toBeGreaterThan(0);
    expect((await get(`/consistency?from=${head}&to=2`)).json()).toMatchObject({
      code: 'RANGE_INVALID',
    });
  });

  test('a check of all of it finds it whole, and leaves an event', async () => {
    const head = await sealed();
    const response = await fixture.call({ request: 'POST /api/v1/audit/checks', body: {} });

    expect(response.json()).toMatchObject({
      occasion: 'ON_DEMAND',
      from: 1,
      outcome: 'WHOLE',
      badPosition: null,
      by: 'local',
    });
    expect(response.json<{ to: number }>().to).toBeGreaterThanOrEqual(head);
    expect((await get('/checks')).json<{ items: object[] }>().items.at(-1)).toEqual(
      response.json(),
    );
  });

  test('a confirmation waits for the seal when it is asked to', async () => {
    const order = (symbol: string, headers: Record<string, string>) =>
      fixture.done({
        request: 'POST /api/v1/instruments',
        headers,
        body: { symbol, name: 'Example', currency: 'USD' },
      });
    const asked = await order('PREF1', { Prefer: 'sealed' });
    const sealedUpTo = fixture.platform.record.log.sealedUpTo().size;

    expect(asked.headers['preference-applied']).toBe('sealed');
    expect(sealedUpTo).toBeGreaterThanOrEqual(asked.json<{ position: number }>().position);
    const among = await order('PREF2', { Prefer: 'respond-async, sealed;x=1' });
    expect(among.headers['preference-applied']).toBe('sealed');
    const others = await order('PREF3', { Prefer: 'unsealed' });
    expect(others.headers['preference-applied']).toBeUndefined();
  });

  test('what the log has not come to is refused, and not waited for', async () => {
    for (const resource of [
      '/checkpoint?minSize=999999',
      '/consistency?from=1&to=999999',
      '/entries/1/proof?size=999999',
    ]) {
      const response = await get(resource);
      expect({ resource, status: response.statusCode, ...response.json<object>() }).toMatchObject({
        resource,
        status: 400,
        code: 'POSITION_BEYOND_LOG',
      });
    }
  });

  test('how far it is sealed is part of the health of the program', async () => {
    const head = await sealed();
    const { record } = (await fixture.call({ request: 'GET /health' })).json<{ record: object }>();

    expect(record).toMatchObject({ status: 'sealing', refusedFrom: null });
    expect((record as { sealedUpTo: number }).sealedUpTo).toBeGreaterThanOrEqual(head);
  });
});

describe('RC-01 a record that was changed is not shown', () => {
  test('the query and the proof name the position, and so does the check', async () => {
    await list(['AUDX']);
    await sealed();
    const position = 4;
    forge(
      `UPDATE events SET body = CAST(substr(body, 1, 20) || x'ff' || substr(body, 22) AS BLOB) WHERE position = ${position}`,
    );

    for (const url of ['/entries', `/entries/${position}/proof`]) {
      const response = await get(url);
      expect(response.json()).toMatchObject({ status: 500, code: 'RECORD_ALTERED' });
      expect(response.json<{ detail: string }>().detail).toContain(`Entry ${position} `);
    }
    // What lies behind it is shown, for it is right.
    expect((await get(`/entries/${position + 1}/proof`)).statusCode).toBe(200);
    const check = await fixture.call({ request: 'POST /api/v1/audit/checks', body: {} });
    expect(check.json()).toMatchObject({ outcome: 'ALTERED', badPosition: position });
  });
});

/** Changes the log itself, past the triggers that forbid it. */
function forge(statement: string): void {
  const { dataDirectory } = fixture.platform.config;
  const database = new DatabaseSync(path.join(dataDirectory, 'log.sqlite'));
  const triggers = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
  database.exec(statement);
  database.close();
}
