import { connect, type Socket } from 'node:net';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** Head and body. */
  readonly text: string;
}

/** A client that costs so little that it does not take from the server what it is to measure. */
export interface HttpClient {
  /** Sends on a free connection, or as soon as one is; resolves with the answer. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

interface Exchange {
  readonly text: string;
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (reason: unknown) => void;
}

/** With so many connections that are kept open, one request at a time on each. */
export async function openHttpClient(url: string, connections: number): Promise<HttpClient> {
  const { hostname, port, host } = new URL(url);
  const waiting: Exchange[] = [];
  const idle: Connection[] = [];
  const free = (connection: Connection): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(connection);
    else connection.begin(next);
  };
  const all = await Promise.all(
    Array.from({ length: connections }, () => openConnection(hostname, Number(port), free)),
  );
  idle.push(...all);
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        const exchange = { text: textOf(request, host), resolve, reject };
        const connection = idle.pop();
        if (connection === undefined) waiting.push(exchange);
        else connection.begin(exchange);
      }),
    close: () => {
      for (const connection of all) connection.close();
    },
  };
}

function textOf({ method, path, headers, body }: HttpRequest, host: string): string {
  const lines = Object.entries({ host, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const length = body === undefined ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}${length}\r\n${body ?? ''}`;
}

interface Connection {
  begin(exchange: Exchange): void;
  close(): void;
}

async function openConnection(
  host: string,
  port: number,
  free: (connection: Connection) => void,
): Promise<Connection> {
  const socket = await connected(host, port);
  let current: Exchange | undefined;
  let received = '';
  const connection: Connection = {
    begin: (exchange) => {
      current = exchange;
      socket.write(exchange.text);
    },
    close: () => {
      current = undefined;
      socket.destroy();
    },
  };
  // Latin 1 keeps one character a byte, so lengths are right whatever the text.
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk;
    if (current === undefined || !isWhole(received)) return;
    const answer = { status: Number(received.slice(9, 12)), text: received };
    const { resolve } = current;
    received = '';
    current = undefined;
    free(connection);
    resolve(answer);
  });
  const broken = (cause?: unknown): void =>
    current?.reject(new Error('the server closed a connection', { cause }));
  socket.on('error', broken).on('close', () => broken());
  return connection;
}

function connected(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Whether all of an answer is there. Answers in chunks are not understood. */
function isWhole(received: string): boolean {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const [, length] = /\r\ncontent-length: (\d+)\r\n/i.exec(received.slice(0, headEnd + 2)) ?? [];
  if (length === undefined) throw new Error(`an answer without a length: ${received}`);
  return received.length >= headEnd + 4 + Number(length);
}
