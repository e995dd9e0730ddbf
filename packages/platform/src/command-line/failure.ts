import {
  BreakingSchemaChange,
  CopyMismatch,
  SchemaConflict,
  StorageFailure,
} from '@counterfoil/event-store';
import { FoldDefect, ProjectionMisfit } from '@counterfoil/event-store/projections';
import { ConfigError } from '../config-error.ts';
import { loadProcessConfig, type Config } from '../config.ts';
import { KeysUnavailable } from '../vault/failures.ts';
import { canWrite } from './files.ts';

/** A command can't go on; the message is the sentence that its user reads, with what to do about it. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}

/** What the user is told of a failure: one sentence, and at log level debug where it came from. */
export function describeFailure(failure: unknown): string {
  const sentence = sentenceOf(failure);
  return wantsDetails() && failure instanceof Error
    ? `${sentence}\n${detailsOf(failure)}`
    : sentence;
}

function sentenceOf(failure: unknown): string {
  if (!(failure instanceof Error)) return `Failed: ${String(failure)}`;
  if (failure instanceof CommandFailure) return failure.message;
  // Their messages are written to be read, too.
  const isSentence =
    failure instanceof ConfigError ||
    failure instanceof CopyMismatch ||
    failure instanceof FoldDefect ||
    failure instanceof KeysUnavailable ||
    failure instanceof ProjectionMisfit ||
    failure instanceof StorageFailure;
  if (isSentence) return capitalized(failure.message);
  if (failure instanceof BreakingSchemaChange || failure instanceof SchemaConflict) {
    return `This version can't read the log, which another one has written: ${failure.message}`;
  }
  const fault = sqliteFaults.find(({ codes }) => codes.has(resultCodeOf(failure) ?? 0));
  if (fault !== undefined) return fault.sentence;
  return `Failed unexpectedly: ${failure.message} (COUNTERFOIL_LOG_LEVEL=debug shows where)`;
}

// sqlite.org/rescode.html
const sqliteFaults = [
  {
    // SQLITE_CORRUPT, SQLITE_NOTADB
    codes: new Set([11, 26]),
    sentence:
      'A file of the embedded store is damaged: "counterfoil verify" says which, and what to do',
  },
  {
    // SQLITE_FULL
    codes: new Set([13]),
    sentence: 'The disk is full: make room, then start the same command again',
  },
];

/** The result code of SQLite, whose extended codes keep it in their last byte. */
function resultCodeOf({
  errcode,
  cause,
}: Error & { readonly errcode?: unknown }): number | undefined {
  if (typeof errcode === 'number') return errcode & 0xff;
  return cause instanceof Error ? resultCodeOf(cause) : undefined;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function wantsDetails(): boolean {
  try {
    const { logLevel } = loadProcessConfig();
    return logLevel === 'debug' || logLevel === 'trace';
  } catch {
    return false;
  }
}

function detailsOf(failure: Error): string {
  const stack = failure.stack ?? String(failure);
  return failure.cause instanceof Error
    ? `${stack}\nCaused by: ${detailsOf(failure.cause)}`
    : stack;
}

/** Runs work that opens the configured store; a failure says which store it was and what to look at. */
export async function opening<Opened>(
  config: Config,
  open: () => Promise<Opened>,
): Promise<Opened> {
  try {
    return await open();
  } catch (cause) {
    if (!(cause instanceof StorageFailure)) throw cause;
    throw new CommandFailure(storeSentence(config, cause), { cause });
  }
}

function storeSentence({ store, dataDirectory }: Config, failure: StorageFailure): string {
  switch (store.kind) {
    case 'memory':
      return failure.message;
    case 'sqlite':
      return canWrite(dataDirectory)
        ? `The log in ${dataDirectory} can't be opened: ${reasonOf(failure)}`
        : `The data directory ${dataDirectory} can't be written: ` +
            'set COUNTERFOIL_DATA_DIR to one that can, or correct its permissions';
    case 'postgres':
      return (
        `The database at ${hostOf(store.connectionString)} can't be used: ${reasonOf(failure)}; ` +
        'check that it runs and that COUNTERFOIL_STORE names it'
      );
  }
}

function reasonOf({ message, cause }: StorageFailure): string {
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}

/** Without user and password. */
function hostOf(connectionString: string): string {
  try {
    const { host, pathname } = new URL(connectionString);
    return `${host}${pathname}`;
  } catch {
    return 'COUNTERFOIL_STORE';
  }
}
