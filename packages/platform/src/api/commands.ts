import type {
  Clock,
  CommandResult,
  EventStore,
  HandleOptions,
  HeldClaim,
} from '@counterfoil/event-store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Vault } from '../vault/vault.ts';
import { answerTo, type Answer, type Instance, type Success } from './confirmation.ts';
import type { Rejection } from './errors.ts';
import { sendProblem } from './failures.ts';
import {
  fingerprintOf,
  keyReused,
  onceUnder,
  parseIdempotencyKey,
  personalFingerprintOf,
  recall,
  type IdempotencyClaim,
} from './idempotency.ts';
import { causeOf } from './principal.ts';
import { pathOf, Refusal } from './problem.ts';
import { entityTag, expectedVersionOf } from './versions.ts';

/** A request's command, and how its success is answered. */
export interface CommandRequest<R extends Rejection> {
  /** The account or symbol that it is for. */
  readonly subject: string;
  readonly success: Success;
  /** Whether the body tells of a person: nothing is kept of it then from which that could be guessed. */
  readonly isPersonal?: boolean;
  handle(options: HandleOptions<R>): Promise<CommandResult<R>>;
}

/**
 * Runs the command of a request, at the version that `If-Match` asks for, once for an `Idempotency-Key`,
 * and answers.
 */
export type RunCommand = <R extends Rejection>(
  request: FastifyRequest,
  reply: FastifyReply,
  command: CommandRequest<R>,
) => Promise<FastifyReply>;

export interface CommandRunnerParts {
  readonly log: Pick<EventStore, 'findClaim' | 'readStream'>;
  readonly vault: Pick<Vault, 'blindIndex'>;
  readonly clock: Clock;
}

export function createCommandRunner({ log, vault, clock }: CommandRunnerParts): RunCommand {
  const inFlight = new Map<string, string>();

  const replay = async (reply: FastifyReply, held: HeldClaim, fingerprint: string) => {
    const answer = await recall<Answer>(held, fingerprint, log, ({ body }) => body);
    return sendAnswer(reply.header('idempotency-replayed', 'true'), answer);
  };

  const runOnce = async <R extends Rejection>(
    request: FastifyRequest,
    reply: FastifyReply,
    command: CommandRequest<R>,
    claim: IdempotencyClaim,
  ): Promise<FastifyReply> => {
    const expectedVersion = expectedVersionOf(request);
    // The first try may have moved the version on, which must not refuse the second.
    const earlier = expectedVersion === undefined ? undefined : await log.findClaim(claim.key);
    if (earlier !== undefined) return replay(reply, earlier, claim.fingerprint);
    const { subject, success } = command;
    const instance = { path: pathOf(request.url), subject };
    const once = onceUnder<R>(claim, clock, (outcome) => answerTo(outcome, success, instance));
    const cause = causeOf(request);
    const result = await command.handle({ cause, expectedVersion, once: [once] });
    return result.kind === 'already-handled'
      ? replay(reply, result.held, claim.fingerprint)
      : sendAnswer(reply, answerOf(result, success, instance));
  };

  return async (request, reply, command) => {
    const key = request.headers['idempotency-key'];
    if (key === undefined) {
      const options = { cause: causeOf(request), expectedVersion: expectedVersionOf(request) };
      const result = await command.handle(options);
      const instance = { path: pathOf(request.url), subject: command.subject };
      return sendAnswer(reply, answerOf(result, command.success, instance));
    }
    const claim = command.isPersonal
      ? await personalClaimOf(request, String(key), vault)
      : claimOf(request, String(key));
    const underWay = inFlight.get(claim.key);
    if (underWay !== undefined) throw stillUnderWay(underWay, claim);
    inFlight.set(claim.key, claim.fingerprint);
    try {
      return await runOnce(request, reply, command, claim);
    } finally {
      inFlight.delete(claim.key);
    }
  };
}

function claimOf(request: FastifyRequest, key: string): IdempotencyClaim {
  const { method, url, body } = request;
  return {
    key: claimKeyOf(request, key),
    fingerprint: fingerprintOf(method, pathOf(url), JSON.stringify(body)),
  };
}

async function personalClaimOf(
  request: FastifyRequest,
  key: string,
  vault: Pick<Vault, 'blindIndex'>,
): Promise<IdempotencyClaim> {
  const { method, url, body } = request;
  return {
    key: claimKeyOf(request, key),
    fingerprint: await personalFingerprintOf(vault, method, pathOf(url), JSON.stringify(body)),
  };
}

function claimKeyOf({ method, url, principal }: FastifyRequest, key: string): string {
  // Hashed, because a path may be longer than a claim's key.
  return `http ${principal.id} ${parseIdempotencyKey(key)} ${fingerprintOf(method, pathOf(url))}`;
}

function stillUnderWay(fingerprint: string, claim: IdempotencyClaim): Refusal {
  return fingerprint === claim.fingerprint
    ? new Refusal('IDEMPOTENCY_IN_FLIGHT', 'The first request with the key has no answer yet.')
    : keyReused();
}

function answerOf<R extends Rejection>(
  result: CommandResult<R>,
  success: Success,
  instance: Instance,
): Answer {
  switch (result.kind) {
    case 'accepted':
    case 'rejected':
      return answerTo(result, success, instance);
    case 'version-mismatch': {
      const { expected, actual } = result;
      throw new Refusal(
        'VERSION_STALE',
        `${instance.subject} is at version ${actual}, and If-Match asks for ${expected}.`,
      );
    }
    case 'already-handled':
      // Only a command that is to take effect once can find its key taken.
      throw new Error('a key was taken that the command did not ask for');
  }
}

function sendAnswer(reply: FastifyReply, answer: Answer): FastifyReply {
  const { status, location, version, body } = answer;
  void reply.header('etag', entityTag(version));
  if (location !== undefined) void reply.header('location', location);
  if ('code' in body) return sendProblem(reply, body);
  if (body.position !== null) void reply.header('counterfoil-position', body.position);
  return reply.code(status).send(body);
}
