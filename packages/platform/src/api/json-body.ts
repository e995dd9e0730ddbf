import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Refusal } from './problem.ts';
import { parseStrictly } from './strict-json.ts';

/** The most that a body may have; bulk commands are streamed and have no end. */
export const bodyBytesMax = 1024 * 1024;

const arrivalMsMaxDefault = 30_000;

/**
 * Reads JSON bodies. Node's own time limit for requests would cut off a bulk upload too, so the limit on
 * slow senders is here: each chunk that arrives too late ends it, and silence ends the connection.
 */
export function parseJsonBodies(
  server: FastifyInstance,
  arrivalMsMax: number = arrivalMsMaxDefault,
): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', (_, payload, done) => {
    readBody(payload, arrivalMsMax, (failure, body) => {
      if (failure !== undefined) done(failure);
      else parse(body, done);
    });
  });
}

function readBody(
  payload: IncomingMessage,
  arrivalMsMax: number,
  done: (failure: Refusal | undefined, body: Buffer) => void,
): void {
  if (Number(payload.headers['content-length']) > bodyBytesMax) {
    done(tooLarge(`The body has ${payload.headers['content-length']} bytes.`), nothing);
    return;
  }
  const startedMs = performance.now();
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = (failure: Refusal | undefined): void => {
    payload.off('data', take).off('end', end).off('error', fail);
    done(failure, failure === undefined ? joined(chunks) : nothing);
  };
  const take = (chunk: Buffer): void => {
    size += chunk.length;
    chunks.push(chunk);
    if (size > bodyBytesMax) finish(tooLarge('The body goes on and on.'));
    else if (performance.now() - startedMs > arrivalMsMax) {
      finish(new Refusal('REQUEST_TIMEOUT', `The body took over ${arrivalMsMax / 1000} s.`));
    }
  };
  const end = (): void => finish(undefined);
  const fail = (): void => finish(new Refusal('MALFORMED_HTTP', 'The body broke off.'));
  payload.on('data', take).on('end', end).on('error', fail);
}

const nothing = Buffer.alloc(0);

function joined(chunks: readonly Buffer[]): Buffer {
  const [only = nothing] = chunks;
  return chunks.length <= 1 ? only : Buffer.concat(chunks);
}

function tooLarge(happened: string): Refusal {
  return new Refusal('BODY_TOO_LARGE', `${happened} At most ${bodyBytesMax} bytes are taken.`);
}

function parse(body: Buffer, done: (failure: Error | null, value?: unknown) => void): void {
  try {
    // Without a body there is nothing to parse: what the resource asks for says whether that will do.
    done(null, body.length === 0 ? undefined : parseStrictly(textOf(body)));
  } catch (failure) {
    done(failure as Error);
  }
}

function textOf(bytes: Buffer): string {
  // Decoding would put U+FFFD in place of what is not UTF-8, and that would be recorded.
  if (isUtf8(bytes)) return bytes.toString();
  throw new Refusal('MALFORMED_JSON', 'The body is not UTF-8.');
}
