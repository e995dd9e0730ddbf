import type { CommandResult } from '@counterfoil/event-store';
import { describeRejection } from '../../ledger/describe-rejection.ts';
import type { Outcome } from '../confirmation.ts';
import { catalogue, type ErrorCode, type Rejection } from '../errors.ts';
import type { FieldError, Refusal } from '../problem.ts';

/** What a line is answered with; its number is added when it is written. */
export interface LineAnswer {
  readonly status: 'accepted' | 'rejected' | 'invalid' | 'failed';
  readonly code?: ErrorCode;
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly tradeId?: string | undefined;
  readonly version?: number;
  readonly position?: number | null;
  readonly replayed?: true;
}

export function outcomeAnswer<R extends Rejection>(
  outcome: Outcome<R>,
  subject: string,
  tradeId: string | undefined,
): LineAnswer {
  const { version, position = null } = outcome;
  if (outcome.kind === 'accepted') return { status: 'accepted', tradeId, version, position };
  const { rejection } = outcome;
  const detail = detailOf(rejection.code, describeRejection(rejection, subject));
  return { status: 'rejected', code: rejection.code, detail, version, position };
}

export function staleAnswer(
  { expected, actual }: Extract<CommandResult<never>, { readonly kind: 'version-mismatch' }>,
  subject: string,
): LineAnswer {
  const happened = `${subject} is at version ${actual}, and the line asks for ${expected}.`;
  const detail = detailOf('VERSION_STALE', happened);
  return { status: 'rejected', code: 'VERSION_STALE', detail, version: actual };
}

/** A line that never reached the ledger (`invalid`), or that the ledger could not take (`failed`). */
export function refusalAnswer({ code, message, fields }: Refusal): LineAnswer {
  const status = catalogue[code].status >= 500 ? 'failed' : 'invalid';
  const detail = detailOf(code, message);
  return fields.length === 0 ? { status, code, detail } : { status, code, detail, errors: fields };
}

function detailOf(code: ErrorCode, happened: string): string {
  return `${happened} ${catalogue[code].advice}`;
}

/** The answer as a line of JSON. Accepted ones are nearly all of them, and are written by hand. */
export function answerLine(number: number, answer: LineAnswer): string {
  return answer.status === 'accepted' && answer.tradeId === undefined && !answer.replayed
    ? `{"line":${number},"status":"accepted","version":${answer.version},"position":${answer.position}}\n`
    : `${JSON.stringify({ line: number, ...answer })}\n`;
}
