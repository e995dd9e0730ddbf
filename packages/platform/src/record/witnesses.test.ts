import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { HttpUrl } from '../config.ts';
import { systemClock } from '../stores.ts';
import { createCheckpointKeeper } from './checkpoint-keeper.ts';
import { createWitness, type Witness } from './witnesses.ts';

const secret = 'a secret of twenty bytes';

interface Told {
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** Somebody who listens, and answers with these statuses, one after the other; then with 204. */
async function listener(...statuses: number[]): Promise<{ url: HttpUrl; told: Told[] }> {
  const told: Told[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      told.push({ body: Buffer.concat(chunks).toString(), headers: request.headers });
      response.writeHead(statuses.shift() ?? 204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` as HttpUrl, told };
}

function witnessAt(url: HttpUrl, failures: unknown[] = []): Witness {
  const witness = createWitness({
    url,
    secret,
    clock: systemClock,
    retryMs: 1,
    onFailure: (failure) => failures.push(failure),
  });
  onTestFinished(() => witness.close());
  return witness;
}

test('RC-01 a witness is told the checkpoint, signed with what both know', async () => {
  const { url, told } = await listener();
  witnessAt(url).tell('a note\n');
  await expect.poll(() => told.length).toBe(1);

  const signature = createHmac('sha256', secret).update('a note\n').digest('hex');
  expect(told[0]?.body).toBe('a note\n');
  expect(told[0]?.headers['counterfoil-signature']).toBe(`sha256=${signature}`);
  expect(told[0]?.headers['content-type']).toBe('text/plain; charset=utf-8');
});

test('RC-01 what it did not take is sent again; what was overtaken is not', async () => {
  const { url, told } = await listener(500, 503);
  const failures: unknown[] = [];
  const witness = witnessAt(url, failures);
  witness.tell('first\n');
  witness.tell('second\n');
  await expect.poll(() => told.length).toBeGreaterThanOrEqual(3);

  expect(told.at(-1)?.body).toBe('second\n');
  expect(told.filter(({ body }) => body === 'first\n').length).toBeLessThanOrEqual(1);
  expect(failures.map(String)).toEqual([
    expect.stringContaining('answered 500'),
    expect.stringContaining('answered 503'),
  ]);
  expect(failures.join()).not.toContain(secret);
});

test('RC-01 at its end the keeper has kept the newest checkpoint, and told it', async () => {
  const { url, told } = await listener();
  const kept: string[] = [];
  const keeper = createCheckpointKeeper({
    file: {
      append: async (note) => {
        kept.push(note);
      },
    },
    witnesses: [witnessAt(url)],
    onFailure: (failure) => expect.fail(String(failure)),
    everyMs: 60_000,
  });
  for (let size = 1; size <= 5; size += 1) keeper.sealed({ size, note: `${size}\n` });
  await keeper.close();

  // The first at once, and what came in between was overtaken.
  expect(kept).toEqual(['1\n', '5\n']);
  expect(told.at(-1)?.body).toBe('5\n');
});

test('RC-01 a checkpoint that could not be kept is kept with the next one', async () => {
  const kept: string[] = [];
  const failures: unknown[] = [];
  let full = true;
  const keeper = createCheckpointKeeper({
    file: {
      append: async (note) => {
        if (full) throw new Error('the disk is full');
        kept.push(note);
      },
    },
    witnesses: [],
    onFailure: (failure) => failures.push(failure),
    everyMs: 1,
  });
  keeper.sealed({ size: 1, note: '1\n' });
  await expect.poll(() => failures.length).toBeGreaterThan(1);
  full = false;
  await expect.poll(() => kept).toEqual(['1\n']);
  await keeper.close();

  expect(kept).toEqual(['1\n']);
});
