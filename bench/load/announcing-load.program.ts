/** Announces dividends that are due and learns when they were completed; a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createLatencies } from '../measuring/latencies.ts';
import { offer, type Offer } from '../measuring/open-loop.ts';
import type { Reading } from '../measuring/readings.ts';
import { openHttpClient } from './http-client.ts';
import { symbols } from './orders.ts';

export interface AnnouncingLoadStart {
  readonly url: string;
  /** That every request carries. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
}

export type AnnouncingTask =
  | ({ readonly kind: 'offer' } & Offer)
  /** Waits until everything that was announced is completed. */
  | { readonly kind: 'outcomes' };

/** Of an offer, by window; of outcomes, one list. */
export type AnnouncingAnswer = readonly (readonly Reading[])[];

const { url, headers, connections } = JSON.parse(process.argv[2] ?? '') as AnnouncingLoadStart;
let announced = 0;

process.on('message', (task: AnnouncingTask) => {
  const answering = task.kind === 'offer' ? offered(task) : outcomes();
  void answering.then((answer) => process.send?.(answer));
});

const json = { ...headers, 'content-type': 'application/json' };

async function offered(task: Offer): Promise<AnnouncingAnswer> {
  const client = await openHttpClient(url, connections);
  const readings = await offer(task, async () => {
    const { status, text } = await client.send({
      method: 'POST',
      path: '/api/v1/events',
      headers: json,
      body: nextDividend(),
    });
    if (status === 503) return false;
    if (status !== 201) throw new Error(`an announcement was answered with ${text}`);
    return true;
  });
  client.close();
  return readings;
}

function nextDividend(): string {
  announced += 1;
  // Another amount each time: of one symbol and day, no two are the same.
  const amount = `0.${String(announced).padStart(6, '0')}`;
  return JSON.stringify({
    event_type: 'DIVIDEND',
    symbol: symbols[announced % symbols.length],
    ex_date: '2026-11-06',
    record_date: '2026-11-09',
    payment_date: '2026-11-12',
    amount,
  });
}

interface Listed {
  readonly status: string;
  readonly created_at: string;
  readonly completed_at: string | null;
}

async function outcomes(): Promise<AnnouncingAnswer> {
  while ((await page('limit=1&status=PENDING')).items.length > 0) await sleep(50);
  while ((await page('limit=1&status=PROCESSING')).items.length > 0) await sleep(50);
  const latencies = createLatencies();
  let completed = 0;
  let sumMs = 0;
  for (let cursor: string | null = ''; cursor !== null;) {
    const found: Page = await page(`limit=500${cursor === '' ? '' : `&cursor=${cursor}`}`);
    for (const { status, created_at, completed_at } of found.items) {
      if (status !== 'COMPLETED' || completed_at === null) continue;
      const tookMs = Date.parse(completed_at) - Date.parse(created_at);
      latencies.record(tookMs);
      sumMs += tookMs;
      completed += 1;
    }
    cursor = found.nextCursor;
  }
  return [
    [
      { column: 'average', unit: 'ms', value: sumMs / completed },
      ...latencies.readings(),
      { column: 'completed', unit: '%', value: (100 * completed) / announced },
    ],
  ];
}

interface Page {
  readonly items: readonly Listed[];
  readonly nextCursor: string | null;
}

async function page(query: string): Promise<Page> {
  const response = await fetch(`${url}/api/v1/events?${query}`, { headers });
  if (!response.ok) throw new Error(`the list was answered with ${await response.text()}`);
  return (await response.json()) as Page;
}
