import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ContentionError, StorageFailure, StoreOverloaded } from '@counterfoil/event-store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LetterResolved } from '../capture/dead-letter-desk.ts';
import { IntakeOverloaded } from '../capture/intake.ts';
import { ReadModelsUnavailable } from '../queries/failure.ts';
import { RequestStoreFailure } from '../requests/request-store.ts';
import { BusFailure } from '../streams/bus.ts';
import { KeysUnavailable } from '../vault/failures.ts';
import { catalogue, type ErrorCode } from './errors.ts';
import { pathOf, problemMediaType, problemOf, Refusal, type Problem } from './problem.ts';

/** Whatever is thrown on the way to an answer becomes a problem document here, and nothing else does. */
export function answerFailure(
  failure: Error,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const refusal = refusalOf(failure);
  const problem = problemOf(refusal.code, refusal.message, pathOf(request.url));
  if (problem.status >= 500) recordFailure(request, problem, failure);
  if (problem.status === 401) void reply.header('www-authenticate', challengeOf(problem.code));
  if (refusal.retryAfter !== undefined) void reply.header('retry-after', refusal.retryAfter);
  // The rest of the body is still coming, and nobody reads it.
  if (problem.status === 413 || problem.status === 408) void reply.header('connection', 'close');
  return sendProblem(
    reply,
    refusal.fields.length === 0 ? problem : { ...problem, errors: [...refusal.fields] },
  );
}

/** What a client has to bring (RFC 6750, section 3). */
function challengeOf(code: ErrorCode): string {
  const presented = code === 'TOKEN_INVALID' || code === 'TOKEN_EXPIRED';
  return presented ? 'Bearer error="invalid_token"' : 'Bearer';
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { retryAfter } = catalogue[problem.code];
  if (retryAfter !== undefined) void reply.header('retry-after', retryAfter);
  return reply.code(problem.status).type(problemMediaType).send(JSON.stringify(problem));
}

function recordFailure(request: FastifyRequest, { code }: Problem, failure: Error): void {
  const { id, method, url } = request;
  // Without its query, which may hold what a provider of identities has given.
  const record = { requestId: id, method, path: pathOf(url), code, err: failure };
  // Shedding load is no defect, and saying so for each request would add to it.
  if (loggedCodes.has(code)) request.log.error(record, 'failed');
  else request.log.debug(record, 'refused for now');
}

const loggedCodes: ReadonlySet<ErrorCode> = new Set([
  'INTERNAL',
  'RECORD_ALTERED',
  'STORAGE_UNAVAILABLE',
  'QUEUE_UNAVAILABLE',
  'READ_MODELS_UNAVAILABLE',
  'KEYS_UNAVAILABLE',
]);

/** What a failure is called outside. Its own words stay inside: they may name files and hosts. */
export function refusalOf(failure: unknown): Refusal {
  if (failure instanceof Refusal) return failure;
  if (failure instanceof StoreOverloaded) {
    return new Refusal('OVERLOADED', 'Too many commands wait to be written.');
  }
  if (failure instanceof ContentionError) {
    return new Refusal('CONTENTION', 'It changed between reading and writing, again and again.');
  }
  if (failure instanceof StorageFailure) {
    return new Refusal('STORAGE_UNAVAILABLE', 'The log could not be read or written.');
  }
  if (failure instanceof IntakeOverloaded) {
    return new Refusal('OVERLOADED', 'Too many requests wait to be queued.');
  }
  if (failure instanceof RequestStoreFailure || failure instanceof BusFailure) {
    return new Refusal('QUEUE_UNAVAILABLE', 'The queue could not be read or written.');
  }
  if (failure instanceof KeysUnavailable) {
    return new Refusal('KEYS_UNAVAILABLE', 'What is personal could not be encrypted or read.');
  }
  if (failure instanceof LetterResolved) {
    return new Refusal('DEAD_LETTER_RESOLVED', failure.message);
  }
  if (failure instanceof ReadModelsUnavailable) {
    return new Refusal('READ_MODELS_UNAVAILABLE', 'Their database gave no answer.');
  }
  const code = frameworkCodes[String((failure as { code?: unknown } | undefined)?.code)];
  return code === undefined
    ? new Refusal('INTERNAL', 'The request failed for a reason that is not its own.')
    : new Refusal(code, frameworkSentences[code] ?? (failure as Error).message);
}

/** What Fastify itself refuses (its reference, "Errors"). */
const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_EMPTY_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'MALFORMED_HTTP',
  FST_ERR_BAD_URL: 'URL_MALFORMED',
  FST_ERR_MAX_PARAM_LENGTH: 'ROUTE_UNKNOWN',
};

const frameworkSentences: Partial<Record<ErrorCode, string>> = {
  MEDIA_TYPE_UNSUPPORTED: 'The Content-Type is not one that this resource takes.',
  MALFORMED_HTTP: 'The body is not as long as Content-Length says.',
  URL_MALFORMED: "The path can't be decoded.",
  ROUTE_UNKNOWN: 'A part of the path is longer than any name here.',
};

/** What is not even HTTP never reaches a route; it is answered on the bare socket. */
export function answerBrokenRequest(failure: NodeJS.ErrnoException, socket: Socket): void {
  if (failure.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = parserCodes[failure.code ?? ''] ?? 'MALFORMED_HTTP';
  const problem = problemOf(code, 'The request could not be read.', '/');
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    `Content-Type: ${problemMediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Of Node's HTTP parser and server. */
const parserCodes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};
