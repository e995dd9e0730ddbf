import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Cause } from '@counterfoil/event-store';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from './problem.ts';

/** On whose behalf a request acts. */
export interface Principal {
  readonly id: string;
  /** By what the server knows it: so far only by its being on the same machine. */
  readonly how: 'local';
}

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal;
    correlationId: string;
  }
}

// The server listens on 127.0.0.1, and whoever reaches it is its owner.
const local: Principal = { id: 'local', how: 'local' };

/**
 * The one place where a request gets its principal, and the ids by which it is followed: its own
 * (`X-Request-Id`) and that of the whole conversation (`X-Correlation-Id`), both made if not given, both
 * returned, both in the metadata of the events that the request makes.
 */
export function attachPrincipal(server: FastifyInstance): void {
  // Declared beforehand, so that all requests have one shape.
  server.decorateRequest('principal');
  server.decorateRequest('correlationId', '');
  server.addHook('onRequest', (request, reply, done) => {
    request.principal = local;
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

/** Who and what caused the events of a request. */
export function causeOf({ principal, correlationId, id }: FastifyRequest): Cause {
  return {
    userId: principal.id,
    correlationId,
    causationId: id === correlationId ? undefined : id,
  };
}

const invalid = Symbol('invalid');

function headerId(headers: IncomingHttpHeaders, name: string): string | typeof invalid | undefined {
  const text = headers[name];
  if (text === undefined) return undefined;
  return typeof text === 'string' && /^[!-~]{1,100}$/.test(text) ? text : invalid;
}
