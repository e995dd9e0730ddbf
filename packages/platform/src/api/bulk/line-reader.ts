import type {
  Cause,
  Clock,
  CommandResult,
  EventStore,
  HandleOptions,
  HeldClaim,
} from '@counterfoil/event-store';
import type { Vault } from '../../vault/vault.ts';
import type { Rejection } from '../errors.ts';
import { refusalOf } from '../failures.ts';
import {
  fingerprintOf,
  onceUnder,
  personalFingerprintOf,
  recall,
  type IdempotencyClaim,
} from '../idempotency.ts';
import type { Guarded } from '../operation.ts';
import { Refusal } from '../problem.ts';
import { parseStrictly } from '../strict-json.ts';
import { fieldErrorsOf } from '../validation.ts';
import { outcomeAnswer, refusalAnswer, staleAnswer, type LineAnswer } from './line-answers.ts';
import type { LineCommand, LineEnvelope, LineKind } from './line-commands.ts';
import type { Line } from './line-splitter.ts';

/** A line that reads as a command. */
export interface ReadLine {
  readonly command: LineCommand;
  /** Answers once, with an outage too. */
  run(answer: (answer: LineAnswer) => void): void;
}

export interface LineReaderParts {
  readonly kinds: ReadonlyMap<string, LineKind>;
  readonly log: Pick<EventStore, 'findClaim' | 'readStream'>;
  readonly vault: Pick<Vault, 'blindIndex'>;
  readonly clock: Clock;
  readonly cause: Cause;
  /** Why lines of a kind are not taken from whoever sends them; undefined when they are. */
  readonly refuse: (command: string, access: Guarded) => Refusal | undefined;
}

/**
 * Makes of lines commands that can be run; throws a Refusal when a line is not one. A promise only where a line
 * needs a key: each of a stream would add up.
 */
export function createLineReader(
  parts: LineReaderParts,
): (line: Line) => ReadLine | Promise<ReadLine> {
  const { kinds, cause, vault, refuse } = parts;
  const plain: HandleOptions<Rejection> = { cause };
  return (line) => {
    const text = textOf(line);
    const said = parse(text);
    const { command: name, idempotencyKey, expectedVersion } = said;
    const kind = kinds.get(name);
    if (kind === undefined) throw unknownCommand(name, kinds);
    const refusal = refuse(name, kind.access);
    if (refusal !== undefined) throw refusal;
    if (!kind.validator.Check(said)) {
      const fields = fieldErrorsOf(kind.validator, said, 'body');
      throw new Refusal('REQUEST_INVALID', 'The line does not fit.', fields);
    }
    const command = kind.prepare(said as never);
    const { subject, madeTradeId } = command;
    if (idempotencyKey !== undefined) {
      const once = { ...said, idempotencyKey };
      const reads = (fingerprint: string): ReadLine => ({
        command,
        run: (answer) => void runOnce(command, once, fingerprint, parts).then(answer),
      });
      return kind.isPersonal
        ? personalFingerprintOf(vault, text).then(reads)
        : reads(fingerprintOf(text));
    }
    const options = expectedVersion === undefined ? plain : { cause, expectedVersion };
    return {
      command,
      run: (answer) =>
        void command.handle(options).then(
          (result) => answer(answerOf(result, subject, madeTradeId)),
          (failure: unknown) => answer(failureAnswer(failure)),
        ),
    };
  };
}

function textOf(line: Line): string {
  switch (line.kind) {
    case 'text':
      return line.text;
    case 'too-long':
      throw new Refusal('LINE_TOO_LONG', 'The line has over 65536 bytes.');
    case 'not-utf8':
      throw new Refusal('MALFORMED_JSON', 'The line is not UTF-8.');
  }
}

function parse(text: string): LineEnvelope {
  const said = parseStrictly(text);
  if (typeof said === 'object' && said !== null && 'command' in said) return said as LineEnvelope;
  throw new Refusal('REQUEST_INVALID', 'The line has no command.', [
    { in: 'body', pointer: '/command', code: 'MISSING', detail: 'is required' },
  ]);
}

function unknownCommand(name: unknown, kinds: ReadonlyMap<string, LineKind>): Refusal {
  const detail = `must be one of ${[...kinds.keys()].join(', ')}`;
  const shown = JSON.stringify(name)?.slice(0, 60) ?? 'nothing';
  return new Refusal('REQUEST_INVALID', `There is no command ${shown}.`, [
    { in: 'body', pointer: '/command', code: 'INVALID_VALUE', detail },
  ]);
}

async function runOnce(
  { subject, madeTradeId, handle }: LineCommand,
  { idempotencyKey, expectedVersion }: LineEnvelope & { readonly idempotencyKey: string },
  fingerprint: string,
  { log, clock, cause }: LineReaderParts,
): Promise<LineAnswer> {
  const key = `bulk ${cause.userId} ${idempotencyKey.toLowerCase()}`;
  const claim = { key, fingerprint };
  try {
    // The first try may have moved the version on, which must not refuse the second.
    const earlier = expectedVersion === undefined ? undefined : await log.findClaim(key);
    if (earlier !== undefined) return await replayed(earlier, claim, log);
    const once = onceUnder<Rejection>(claim, clock, (outcome) =>
      outcomeAnswer(outcome, subject, madeTradeId),
    );
    const result = await handle({ cause, expectedVersion, once: [once] });
    return result.kind === 'already-handled'
      ? await replayed(result.held, claim, log)
      : answerOf(result, subject, madeTradeId);
  } catch (failure) {
    return failureAnswer(failure);
  }
}

async function replayed(
  held: HeldClaim,
  { fingerprint }: IdempotencyClaim,
  log: LineReaderParts['log'],
): Promise<LineAnswer> {
  const answer = await recall<LineAnswer>(held, fingerprint, log, (kept) => kept);
  return { ...answer, replayed: true };
}

function answerOf(
  result: CommandResult<Rejection>,
  subject: string,
  madeTradeId: string | undefined,
): LineAnswer {
  switch (result.kind) {
    case 'accepted':
    case 'rejected':
      return outcomeAnswer(result, subject, madeTradeId);
    case 'version-mismatch':
      return staleAnswer(result, subject);
    case 'already-handled':
      throw new Error('a key was taken that the command did not ask for');
  }
}

function failureAnswer(failure: unknown): LineAnswer {
  return refusalAnswer(refusalOf(failure));
}
