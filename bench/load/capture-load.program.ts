/** Sends trades to be captured and learns what became of them; a process of its own. */
import { once } from 'node:events';
import { request, type ClientRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLatencies } from '../measuring/latencies.ts';
import { offer, type Offer } from '../measuring/open-loop.ts';
import type { Reading } from '../measuring/readings.ts';
import { openHttpClient } from './http-client.ts';

export interface CaptureLoadStart {
  readonly url: string;
  /** That every request carries. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
}

export type CaptureTask =
  | ({ readonly kind: 'offer' } & Offer)
  /** So many lines in one stream. */
  | { readonly kind: 'lines'; readonly lines: number }
  /** Waits until everything that was accepted in the task before is settled. */
  | { readonly kind: 'outcomes' };

export interface CaptureAnswer {
  /** Of an offer, by window; of outcomes, one list. */
  readonly readings: readonly (readonly Reading[])[];
  readonly accepted: number;
  /** From the first line sent to the last answer, or until the last was settled. */
  readonly seconds: number;
}

const { url, headers, connections } = JSON.parse(process.argv[2] ?? '') as CaptureLoadStart;
const run = Date.now().toString(36);
let number = 0;
let ids: string[] = [];

process.on('message', (task: CaptureTask) => {
  void answerTo(task).then((answer) => process.send?.(answer));
});

function answerTo(task: CaptureTask): Promise<CaptureAnswer> {
  switch (task.kind) {
    case 'offer':
      return offered(task);
    case 'lines':
      return stream(task.lines);
    case 'outcomes':
      return outcomes();
  }
}

function nextTrade(): string {
  number += 1;
  return (
    `{"trade_id":"T${run}-${number}","version":1,"counterparty_id":"CP-${number % 100}",` +
    `"book_id":"B${number % 10}","maturity_date":"2099-05-20"}`
  );
}

const json = { ...headers, 'content-type': 'application/json' };

async function offered(task: Offer): Promise<CaptureAnswer> {
  ids = [];
  const client = await openHttpClient(url, connections);
  const readings = await offer(task, async () => {
    const { status, text } = await client.send({
      method: 'POST',
      path: '/api/v1/trades',
      headers: json,
      body: nextTrade(),
    });
    if (status === 503) return false;
    const [, id] = /"request_id":"([^"]+)"/.exec(text) ?? [];
    if (status !== 202 || id === undefined) throw new Error(`a trade was answered with ${text}`);
    ids.push(id);
    return true;
  });
  client.close();
  return { readings, accepted: ids.length, seconds: task.seconds };
}

const linesPerChunk = 250;

async function stream(lines: number): Promise<CaptureAnswer> {
  ids = [];
  const startedMs = performance.now();
  const upload = request(`${url}/api/v1/trades/bulk`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-ndjson' },
  });
  const answered = readAnswers(upload);
  for (let sent = 0; sent < lines; sent += linesPerChunk) {
    let chunk = '';
    for (let line = 0; line < linesPerChunk; line += 1) chunk += `${nextTrade()}\n`;
    if (!upload.write(chunk)) await once(upload, 'drain');
  }
  upload.end();
  await answered;
  if (ids.length !== lines) throw new Error(`of ${lines} lines ${ids.length} were accepted`);
  const seconds = (performance.now() - startedMs) / 1_000;
  return { readings: [], accepted: ids.length, seconds };
}

async function readAnswers(upload: ClientRequest): Promise<void> {
  const [response] = await once(upload, 'response');
  let rest = '';
  for await (const chunk of response.setEncoding('latin1') as AsyncIterable<string>) {
    const complete = (rest + chunk).split('\n');
    rest = complete.pop() ?? '';
    for (const line of complete) ids.push(idIn(line));
  }
}

function idIn(line: string): string {
  const from = line.indexOf('"request_id":"') + 14;
  if (from < 14) throw new Error(`a line was answered with ${line}`);
  return line.slice(from, from + 36);
}

interface Outcome {
  readonly status: string;
  readonly accepted_at: string;
  readonly settled_at: string | null;
}

const idsAtOnce = 200;
const inTimeMs = 2_000;

async function outcomes(): Promise<CaptureAnswer> {
  const startedMs = performance.now();
  // The last to come is the last to go, but for the other partitions: then all are asked for.
  while ((await statusesOf(ids.slice(-idsAtOnce))).some(({ status }) => status === 'PENDING')) {
    await sleep(20);
  }
  const latencies = createLatencies();
  let inTime = 0;
  let settled = 0;
  for (let from = 0; from < ids.length; from += idsAtOnce) {
    const some = ids.slice(from, from + idsAtOnce);
    let found = await statusesOf(some);
    while (found.some(({ status }) => status === 'PENDING')) {
      await sleep(20);
      found = await statusesOf(some);
    }
    for (const { status, accepted_at, settled_at } of found) {
      if (status !== 'SUCCESS' || settled_at === null) continue;
      settled += 1;
      const tookMs = Date.parse(settled_at) - Date.parse(accepted_at);
      latencies.record(tookMs);
      if (tookMs <= inTimeMs) inTime += 1;
    }
  }
  const share = (count: number): number => (100 * count) / ids.length;
  const readings: Reading[] = [
    ...latencies.readings(),
    { column: 'settled within 2 s', unit: '%', value: share(inTime) },
    { column: 'settled at all', unit: '%', value: share(settled) },
  ];
  const seconds = (performance.now() - startedMs) / 1_000;
  return { readings: [readings], accepted: ids.length, seconds };
}

async function statusesOf(some: readonly string[]): Promise<readonly Outcome[]> {
  const response = await fetch(`${url}/api/v1/requests?ids=${some.join(',')}`, { headers });
  const { items } = (await response.json()) as { readonly items: readonly Outcome[] };
  return items;
}
