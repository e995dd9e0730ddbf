import type { EventLog } from '@counterfoil/event-store';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { Refusal } from './problem.ts';

/** How far the read models have come. */
export interface Projected {
  /** The position that every read model reflects. */
  position(): number;
  /** Resolves true once they reflect the position, false when the time is up. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
}

export const MinPosition = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Wait until the answer reflects this position of the log: reads your own writes',
  }),
);

const waitMsMax = 2_000;

/**
 * Waits, if asked to, until the read models reflect a position, and says in `Counterfoil-Position` which
 * one the answer reflects. To be called before reading: what is read later reflects no less.
 */
export type ReachPosition = (reply: FastifyReply, minPosition?: number) => Promise<void>;

export function createReachPosition(
  projected: Projected,
  log: Pick<EventLog, 'head'>,
): ReachPosition {
  return async (reply, minPosition = 0) => {
    if (projected.position() < minPosition) {
      await requireInLog(log, minPosition);
      if (!(await projected.waitFor(minPosition, waitMsMax))) {
        const reached = projected.position();
        throw new Refusal(
          'POSITION_NOT_REACHED',
          `After ${waitMsMax / 1000} s the read models are at ${reached}, and ${minPosition} was asked for.`,
        );
      }
    }
    reflect(reply, projected.position());
  };
}

/** The head of the log, which what is read later reflects; at least the position asked for. */
export async function requireInLog(
  log: Pick<EventLog, 'head'>,
  minPosition: number | undefined,
): Promise<number> {
  const { position } = await log.head();
  if (minPosition !== undefined && position < minPosition) {
    throw new Refusal(
      'POSITION_BEYOND_LOG',
      `The log ends at ${position}, and ${minPosition} was asked for.`,
    );
  }
  return position;
}

export function reflect(reply: FastifyReply, position: number): void {
  void reply.header('counterfoil-position', position);
}
