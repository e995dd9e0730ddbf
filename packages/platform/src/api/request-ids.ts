import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Refusal } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    correlationId: string;
  }
}

/**
 * The ids by which a request is followed: its own (`X-Request-Id`) and that of the whole conversation
 * (`X-Correlation-Id`), both made if not given, both returned, both in the metadata of the events that the
 * request makes.
 */
export function attachRequestIds(server: FastifyInstance): void {
  // Declared beforehand, so that all requests have one shape.
  server.decorateRequest('correlationId', '');
  server.addHook('onRequest', (request, reply, done) => {
    const given = headerId(request.headers, 'x-correlation-id');
    if (given === invalid || headerId(request.headers, 'x-request-id') === invalid) {
      const name = given === invalid ? 'X-Correlation-Id' : 'X-Request-Id';
      done(new Refusal('HEADER_INVALID', `${name} is not 1 to 100 printable ASCII characters.`));
      return;
    }
    request.correlationId = given ?? request.id;
    void reply.header('x-request-id', request.id).header('x-correlation-id', request.correlationId);
    done();
  });
}

/** The request's own id: as given, if it may be one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headerId(headers, 'x-request-id');
  return given === undefined || given === invalid ? randomUUID() : given;
}

const invalid = Symbol('invalid');

function headerId(headers: IncomingHttpHeaders, name: string): string | typeof invalid | undefined {
  const text = headers[name];
  if (text === undefined) return undefined;
  return typeof text === 'string' && /^[!-~]{1,100}$/.test(text) ? text : invalid;
}
