import type {
  Cause,
  CommandResult,
  EventStore,
  HeldClaim,
  OnceOptions,
} from '@counterfoil/event-store';
import type { Rejection } from '../../api/errors.ts';
import type { TradeId } from '../../domain/accounts/events.ts';
import {
  isAlreadyThere,
  originOf,
  originOfTrade,
  type AlreadyThere,
  type Origins,
} from './origin.ts';
import { refusalOf, type Refusal } from './row-reader.ts';

// A second start finds in the log what became of each line, even if the first was killed between the
// effect and any note of it elsewhere:
//
// - An event names in its causation id the content, the run and the line that it came from. A line whose
//   account, instrument or trade is there already and came from itself was imported before. (A daily bar
//   that is there already is no news to the ledger.)
// - A refusal is kept under a key of content and line, in the transaction that refuses. Within one run it
//   stands: decided again, after later lines, it might come out otherwise. A later run of the same file
//   tries the line once more, because the reason may be gone.

/** What became of a line. */
export type LineOutcome =
  | { readonly kind: 'blank' }
  | { readonly kind: 'imported' }
  /** By an earlier run of the same file. */
  | { readonly kind: 'imported-before' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

interface RefusalNote extends Refusal {
  readonly run: number;
}

export interface TradeOfLine {
  readonly accountId: string;
  readonly tradeId: TradeId;
}

export interface OncePerLine {
  readonly run: number;
  causeOf(line: number): Cause;
  /** The key that keeps a refusal of the line, when it is tried for the first time. */
  firstKey(line: number): string;
  /**
   * What became of a line that may have been tried before: its trade, if it is one, is there; or its refusal
   * stands in this run. Else the key to keep a refusal under.
   */
  lookUp(
    line: number,
    trade: TradeOfLine | undefined,
  ): Promise<LineOutcome | { readonly kind: 'open'; readonly key: string }>;
  once(key: string, subject: string): OnceOptions<Rejection>;
  outcomeOf(
    result: CommandResult<Rejection>,
    line: number,
    subject: string,
  ): LineOutcome | Promise<LineOutcome>;
}

/** `name` stands for the file: its kind and a hash of its content. */
export function oncePerLine(
  name: string,
  run: number,
  store: Origins & Pick<EventStore, 'findClaim'>,
): OncePerLine {
  const keyOf = (line: number, attempt: number): string => `import/${name}/${line}/${attempt}`;
  /** Undefined when what is there came from elsewhere. */
  const outcomeOfOrigin = (origin: string | null, line: number): LineOutcome | undefined => {
    if (origin === lineId(name, run, line)) return { kind: 'imported' };
    return origin !== null && isSameLine(origin, name, line)
      ? { kind: 'imported-before' }
      : undefined;
  };
  const outcomeOfOriginal = async (
    rejection: AlreadyThere,
    line: number,
    subject: string,
  ): Promise<LineOutcome> =>
    outcomeOfOrigin(await originOf(rejection, subject, store), line) ??
    refusedBy(refusalOf(rejection, subject));
  return {
    run,
    causeOf: (line) => ({ userId: 'import', causationId: lineId(name, run, line) }),
    firstKey: (line) => keyOf(line, 1),
    lookUp: async (line, trade) => {
      // To decide on a trade again takes all of the account's past, only to find that it is booked.
      const origin = trade && (await originOfTrade(trade.accountId, trade.tradeId, store));
      const outcome = outcomeOfOrigin(origin ?? null, line);
      if (outcome !== undefined) return outcome;
      for (let attempt = 1; ; attempt += 1) {
        const key = keyOf(line, attempt);
        const held = await store.findClaim(key);
        if (held === undefined) return { kind: 'open', key };
        const note = noteOf(held);
        if (note.run === run) return refusedBy(note);
      }
    },
    once: (key, subject) => ({
      key,
      expiresAt: undefined,
      note: ({ rejection }) =>
        rejection === undefined || isAlreadyThere(rejection)
          ? undefined
          : Buffer.from(JSON.stringify({ run, ...refusalOf(rejection, subject) })),
    }),
    outcomeOf: (result, line, subject) => {
      switch (result.kind) {
        case 'accepted':
          return { kind: 'imported' };
        case 'rejected':
          return isAlreadyThere(result.rejection)
            ? outcomeOfOriginal(result.rejection, line, subject)
            : refusedBy(refusalOf(result.rejection, subject));
        case 'already-handled':
          return refusedBy(noteOf(result.held));
        case 'version-mismatch':
          throw new Error('a version was expected that no line asks for');
      }
    },
  };
}

function refusedBy({ code, reason }: Refusal): LineOutcome {
  return { kind: 'refused', refusal: { code, reason } };
}

function noteOf({ note }: HeldClaim): RefusalNote {
  return JSON.parse(Buffer.from(note).toString()) as RefusalNote;
}

/** What the events of a line name as their cause. */
function lineId(name: string, run: number, line: number): string {
  return `${name}/${line}/${run}`;
}

function isSameLine(origin: string, name: string, line: number): boolean {
  return origin.startsWith(`${name}/${line}/`);
}

/** Begins a run of a file and answers its number: 1 for the first, then one more each. */
export async function beginRun(name: string, store: Pick<EventStore, 'append'>): Promise<number> {
  for (let run = 1; ; run += 1) {
    const key = `import/${name}/run/${run}`;
    const claims = [{ key, note: new Uint8Array(), expiresAt: undefined }];
    const result = await store.append({ appends: [], cause: { userId: 'import' }, claims });
    if (result.kind === 'appended') return run;
  }
}
