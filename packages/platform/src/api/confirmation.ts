import {
  formatInstant,
  type CommandAccepted,
  type CommandRejected,
} from '@counterfoil/event-store';
import { Type, type Static, type TProperties } from 'typebox';
import { describeRejection } from '../ledger/describe-rejection.ts';
import type { Rejection } from './errors.ts';
import { problemOf, type Problem } from './problem.ts';

/** What every confirmation of a command says (LG-09). */
const confirmed = {
  eventIds: Type.Array(Type.String({ format: 'uuid' }), {
    description: 'The events that it made; none when things were already so',
  }),
  version: Type.Integer({ description: 'Of the stream afterwards: the next If-Match' }),
  position: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    description: 'In the log, of its last event: a minPosition for reads that must see it',
  }),
  recordedAt: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' }),
};

export const Confirmation = Type.Object(confirmed, { title: 'Confirmation' });

/** A confirmation that also names what was made. */
export function confirmationOf<Named extends TProperties>(title: string, named: Named) {
  return Type.Object({ ...named, ...confirmed }, { title });
}

export type ConfirmationBody = Static<typeof Confirmation>;

export type Outcome<R extends Rejection> = CommandAccepted | CommandRejected<R>;

/** What a command is answered with, as far as it can be kept and given again. */
export interface Answer {
  readonly status: number;
  readonly location?: string | undefined;
  readonly version: number;
  readonly body: ConfirmationBody | Problem;
}

/** How a command's success is answered. */
export interface Success {
  /** When it changed something; 200 when things were already so. */
  readonly status: 200 | 201 | 202;
  readonly location?: string | undefined;
  /** Names what was made or changed: the first fields of the confirmation. */
  readonly names: Readonly<Record<string, unknown>>;
}

export interface Instance {
  /** The path that was asked for. */
  readonly path: string;
  /** The account or symbol that the command was for. */
  readonly subject: string;
}

export function answerTo<R extends Rejection>(
  outcome: Outcome<R>,
  success: Success,
  instance: Instance,
): Answer {
  const { eventIds, version, recordedAt } = outcome;
  const recorded: ConfirmationBody = {
    eventIds: [...eventIds],
    version,
    position: outcome.position ?? null,
    // A key alone may have been recorded: that is no time of an event.
    recordedAt:
      eventIds.length === 0 || recordedAt === undefined ? null : formatInstant(recordedAt),
  };
  if (outcome.kind === 'accepted') {
    const status = eventIds.length === 0 ? 200 : success.status;
    const body = { ...success.names, ...recorded };
    return { status, location: success.location, version, body };
  }
  const { rejection } = outcome;
  const happened = describeRejection(rejection, instance.subject);
  const problem = problemOf(rejection.code, happened, instance.path);
  const body = eventIds.length === 0 ? problem : { ...problem, ...recorded };
  return { status: problem.status, version, body };
}
