/** The load generator over HTTP: a process of its own, so that it takes no time from what it measures. */
import autocannon from 'autocannon';
import { offer, type Offer } from '../measuring/open-loop.ts';
import type { Reading } from '../measuring/readings.ts';
import { openHttpClient, type HttpRequest } from './http-client.ts';
import { requestsOf, type RequestKind, type Requests } from './http-requests.ts';

export interface LoadStart {
  readonly url: string;
  /** That every request carries. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly requests: RequestKind;
  /** With what a request is answered that is served; 201 or 200 as the kind has it when left out. */
  readonly status?: number | undefined;
}

export type LoadTask =
  /** As many as are answered, each connection sending again as soon as it has its answer. */
  { readonly kind: 'most'; readonly seconds: number } | ({ readonly kind: 'offer' } & Offer);

/** The readings of each round; of one round when the task knows no windows. */
export type LoadAnswer = readonly (readonly Reading[])[];

const {
  url,
  headers,
  connections,
  requests: kind,
  status: served,
} = JSON.parse(process.argv[2] ?? '') as LoadStart;
// One source for all tasks: what is bought in one may be sold in the next.
const source = requestsOf(kind);
const requests: Requests = {
  ...source,
  next: () => {
    const request = source.next();
    return { ...request, headers: { ...headers, ...request.headers } };
  },
  ...(served === undefined ? {} : { status: served }),
};

process.on('message', (task: LoadTask) => {
  void run(task).then((answer) => process.send?.(answer));
});

function run(task: LoadTask): Promise<LoadAnswer> {
  switch (task.kind) {
    case 'most':
      return most(task.seconds);
    case 'offer':
      return offered(task);
  }
}

async function most(seconds: number): Promise<LoadAnswer> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    sampleInt: 100,
    requests: [{ setupRequest: (request) => ({ ...request, ...forAutocannon(requests.next()) }) }],
  });
  const statuses = Object.keys(result.statusCodeStats ?? {});
  if (result.errors > 0 || statuses.some((code) => Number(code) !== requests.status)) {
    throw new Error(`${result.errors} requests failed; the answers were ${statuses.join(', ')}`);
  }
  const value = result['2xx'] / result.duration;
  return [[{ column: 'the most', unit: 'requests/s', value }]];
}

/** It adds headers of its own to those that it is given. */
function forAutocannon(request: HttpRequest): HttpRequest {
  return { ...request, headers: { ...request.headers } };
}

const overloaded = 503;

async function offered(task: Offer): Promise<LoadAnswer> {
  const client = await openHttpClient(url, connections);
  const windows = await offer(task, async () => {
    const { status, text } = await client.send(requests.next());
    if (status === requests.status) return true;
    if (status === overloaded) return false;
    throw new Error(`a request was answered with ${text}`);
  });
  client.close();
  return windows;
}
