/** Sends orders as one stream of lines for so long, and counts the answers; a process of its own. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request, type ClientRequest } from 'node:http';
import { orderSource } from './orders.ts';

export interface BulkStart {
  readonly url: string;
  /** That every request carries. */
  readonly headers: Readonly<Record<string, string>>;
  readonly accounts: number;
  /** Whether each line names its trade. */
  readonly tradeIds: boolean;
}

export interface BulkAnswer {
  readonly lines: number;
  /** From the first line sent to the last answer. */
  readonly seconds: number;
}

const { url, headers, accounts, tradeIds } = JSON.parse(process.argv[2] ?? '') as BulkStart;
// One source for all streams: what is bought in one may be sold in the next.
const nextOrder = orderSource(accounts);

process.on('message', (seconds: number) => {
  void stream(seconds).then((answer) => process.send?.(answer));
});

async function stream(seconds: number): Promise<BulkAnswer> {
  const startedMs = performance.now();
  const upload = request(`${url}/api/v1/bulk/commands`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-ndjson' },
  });
  const answered = accepted(upload);
  let lines = 0;
  while (performance.now() < startedMs + seconds * 1_000) {
    let chunk = '';
    for (let line = 0; line < linesPerChunk; line += 1) chunk += nextLine();
    lines += linesPerChunk;
    if (!upload.write(chunk)) await once(upload, 'drain');
  }
  upload.end();
  const count = await answered;
  if (count !== lines) throw new Error(`of ${lines} lines ${count} were accepted`);
  return { lines, seconds: (performance.now() - startedMs) / 1_000 };
}

const linesPerChunk = 250;

function nextLine(): string {
  const { account, symbol, side, quantity, price } = nextOrder();
  const tradeId = tradeIds ? `"tradeId":"${randomUUID()}",` : '';
  return (
    `{"command":"BookTrade","accountId":"${account}",${tradeId}"side":"${side}",` +
    `"symbol":"${symbol}","quantity":"${quantity}","price":"${price}"}\n`
  );
}

/** How many lines were accepted, once all are answered. Rejects at the first that was not. */
async function accepted(upload: ClientRequest): Promise<number> {
  const [response] = await once(upload, 'response');
  let count = 0;
  let rest = '';
  for await (const chunk of response.setEncoding('latin1') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.includes('"status":"accepted"'))
        throw new Error(`a line was answered with ${line}`);
    }
    count += lines.length;
  }
  return count;
}
