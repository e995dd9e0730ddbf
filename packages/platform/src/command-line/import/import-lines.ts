import { createLanes } from '../../api/bulk/lanes.ts';
import type { LineCommand } from '../../api/bulk/line-commands.ts';
import type { Line } from '../../api/bulk/line-splitter.ts';
import type { TradeId } from '../../domain/accounts/events.ts';
import type { LookingBack } from './looking-back.ts';
import type { LineOutcome, OncePerLine, TradeOfLine } from './once-per-line.ts';
import { orderOutcomes } from './ordered-outcomes.ts';
import type { Row, Said } from './row-reader.ts';
import { linesOf } from './source-file.ts';

export interface ImportLines {
  readonly file: string;
  /** Lines up to this number are done. */
  readonly after: number;
  /** Lines up to this number may have been started before. */
  readonly startedBefore: number;
  /** Called before a line is started; what it answers is waited for. */
  readonly begin: (line: number) => Promise<void> | undefined;
  readonly readRow: (line: Line) => Row;
  readonly once: OncePerLine;
  /** Undefined where no line can depend on the past. */
  readonly lookingBack: LookingBack | undefined;
  /** Called for one line after the other, as soon as it and all before it are durable. */
  readonly take: (line: Line, outcome: LineOutcome) => void;
  readonly signal: AbortSignal;
}

// Enough lines under way to fill the batches of the log while one is on its way to the disk.
const linesUnderWayMax = 4_000;

/**
 * Imports the lines behind a line, the commands of one account or symbol in the order of the file, and
 * those of many together. Answers whether it came to the end. Rejects with the first failure of the store,
 * once nothing is under way any more.
 */
export async function importLines(parts: ImportLines): Promise<boolean> {
  const { file, after, startedBefore, begin, readRow, once, lookingBack, signal } = parts;
  const outcomes = orderOutcomes(linesUnderWayMax, parts.take);
  const lanes = createLanes();
  let failure: { readonly cause: unknown } | undefined;
  const isStopped = (): boolean => failure !== undefined || signal.aborted;

  const fail = (cause: unknown): void => {
    failure ??= { cause };
  };

  const carryOut = async ({ number }: Line, place: number, key: string, command: LineCommand) => {
    const { subject } = command;
    try {
      const options = { cause: once.causeOf(number), once: [once.once(key, subject)] };
      const result = await command.handle(options);
      const outcome = once.outcomeOf(result, number, subject);
      outcomes.settle(place, outcome instanceof Promise ? await outcome : outcome);
    } catch (error) {
      fail(error);
      outcomes.abandon(place);
    }
  };

  const run = (line: Line, place: number, key: string, command: LineCommand, alone: boolean) =>
    lanes.run(command.subject, alone, (done) => {
      if (!isStopped()) {
        void carryOut(line, place, key, command).finally(done);
        return;
      }
      outcomes.abandon(place);
      done();
    });

  const start = async (line: Line, place: number): Promise<void> => {
    const row = readRow(line);
    if (row.kind !== 'command') {
      outcomes.settle(place, row);
      return;
    }
    // An earlier run, or this one before it was interrupted, may have refused it.
    const mayBeKnown = once.run > 1 || line.number <= startedBefore;
    const known = mayBeKnown
      ? await once.lookUp(line.number, tradeOf(row.said))
      : ({ kind: 'open', key: once.firstKey(line.number) } as const);
    if (known.kind !== 'open') {
      outcomes.settle(place, known);
      return;
    }
    const alone = lookingBack?.needsPast(row.said) ?? false;
    run(line, place, known.key, row.command, typeof alone === 'boolean' ? alone : await alone);
  };

  const readOn = async (): Promise<void> => {
    for await (const lines of linesOf(file)) {
      for (const line of lines) {
        if (line.number <= after) continue;
        const full = outcomes.room();
        if (full !== undefined) await full;
        if (isStopped()) return;
        const unsaved = begin(line.number);
        if (unsaved !== undefined) await unsaved;
        const place = outcomes.reserve(line);
        try {
          await start(line, place);
        } catch (error) {
          fail(error);
          outcomes.abandon(place);
        }
      }
    }
  };

  await readOn().catch(fail);
  await outcomes.idle();
  if (failure !== undefined) throw failure.cause;
  return !isStopped();
}

function tradeOf({ accountId, tradeId }: Said): TradeOfLine | undefined {
  return tradeId === undefined
    ? undefined
    : { accountId: String(accountId), tradeId: String(tradeId) as TradeId };
}
