import {
  ContentionError,
  StorageFailure,
  StoreOverloaded,
  type EventStore,
} from '@counterfoil/event-store';
import { lineKinds } from '../../api/bulk/line-commands.ts';
import type { Config } from '../../config.ts';
import { openKeys } from '../../key-stores.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { openMarket } from '../../platform.ts';
import { openLog, systemClock } from '../../stores.ts';
import { KeysUnavailable } from '../../vault/failures.ts';
import type { OpenedKeys } from '../../vault/opened-keys.ts';
import type { Vault } from '../../vault/vault.ts';
import { CommandFailure, describeFailure, opening } from '../failure.ts';
import { exitCodeOfInterruption } from '../interruption.ts';
import { onKeptStore, type StoreOptions } from '../kept-store.ts';
import { count, counted, type Terminal } from '../terminal.ts';
import type { Tally } from './checkpoint.ts';
import { readHeader, type Header } from './header.ts';
import { importLines, type ImportLines } from './import-lines.ts';
import { openJournal, type ImportJournal } from './journal.ts';
import { importKinds, kindNamed, type ImportKind } from './kinds.ts';
import { createLookingBack } from './looking-back.ts';
import { oncePerLine } from './once-per-line.ts';
import { createRowReader } from './row-reader.ts';
import { examineFile, linesOf, type SourceFile } from './source-file.ts';

const someRefused = 2;

/** Imports a CSV file. Answers 0 when all of it is imported, 2 when lines were refused. */
export async function importFile(
  kindName: string,
  file: string,
  options: StoreOptions,
  terminal: Terminal,
): Promise<number> {
  const kind = kindNamed(kindName);
  if (kind === undefined) {
    const known = Object.keys(importKinds).join(', ');
    throw new CommandFailure(`"${kindName}" can't be imported: name one of ${known}`);
  }
  return onKeptStore(options, async (config, signal) => {
    const source = await examineFile(file);
    const header = readHeader(await firstLineOf(source), kind, file);
    const store = await opening(config, () => openLog(config));
    try {
      return await withKeys(config, async ({ vault }) => {
        const known = await knownBy(source, kind, vault);
        const journal = await openJournal({ kind, source: known, header, store, terminal });
        const parts = { config, kind, source, header, journal, vault, signal, terminal };
        return importInto(store, parts);
      });
    } finally {
      await store.close();
    }
  });
}

async function withKeys<Result>(
  config: Config,
  work: (keys: OpenedKeys) => Promise<Result>,
): Promise<Result> {
  const keys = await openKeys(config);
  try {
    return await work(keys);
  } finally {
    await keys.close();
  }
}

/** The log keeps what a file is known by; from a plain hash of some few lines a name in them could be guessed. */
async function knownBy(
  source: SourceFile,
  { columns }: ImportKind,
  vault: Pick<Vault, 'blindIndex'>,
): Promise<SourceFile> {
  if (!columns.some(({ isPersonal }) => isPersonal)) return source;
  const hash = await vault.blindIndex(`import ${source.hash}`);
  return { ...source, hash: hash.slice(0, source.hash.length) };
}

async function firstLineOf({ file }: SourceFile): Promise<string> {
  for await (const lines of linesOf(file)) {
    for (const line of lines) return line.kind === 'text' ? line.text : '';
  }
  throw new CommandFailure(`${file} is empty: it needs a header line that names the columns`);
}

interface ImportParts {
  readonly config: Config;
  readonly kind: ImportKind;
  readonly source: SourceFile;
  readonly header: Header;
  readonly journal: ImportJournal;
  readonly vault: Vault;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

async function importInto(store: EventStore, parts: ImportParts): Promise<number> {
  const { config, kind, source, header, journal, vault, signal, terminal } = parts;
  const market = await openMarket(config, store);
  const ledger = createLedger(store, market, vault);
  const lineKind = lineKinds({ ledger, clock: systemClock }).get(kind.command);
  if (lineKind === undefined) throw new Error(`there is no command ${kind.command}`);
  const next = (): ImportLines => ({
    file: source.file,
    after: journal.line(),
    startedBefore: journal.startedUpTo(),
    begin: journal.start,
    readRow: createRowReader(kind, header, lineKind),
    once: oncePerLine(journal.name, journal.run, store),
    lookingBack: kind.name === 'trades' ? createLookingBack(ledger) : undefined,
    take: journal.take,
    signal,
  });
  const rate = rateFrom(journal.line());
  let complete = false;
  let tally: Tally;
  try {
    complete = await untilItPasses(next, journal, signal, terminal);
  } finally {
    await market.close();
    tally = await journal.close(complete);
  }
  if (!complete) {
    const line = count(journal.line());
    terminal.tell(`Stopped behind line ${line}: start the same command again to continue`);
    return exitCodeOfInterruption;
  }
  const { imported, importedBefore, refused } = tally;
  const before = importedBefore === 0 ? '' : `, ${count(importedBefore)} imported before`;
  terminal.say(
    `${counted(imported, 'line')} imported${before}, ${count(refused)} refused (${rate(journal.line())})`,
  );
  if (refused === 0) return 0;
  terminal.say(
    `The refused lines are in ${journal.refusedFile}: correct them and import that file`,
  );
  return someRefused;
}

function rateFrom(firstLine: number): (line: number) => string {
  const startedMs = performance.now();
  return (line) => {
    const seconds = (performance.now() - startedMs) / 1_000;
    const perSecond = count(Math.round((line - firstLine) / seconds));
    // Of a moment it says nothing.
    return seconds < 1 ? 'in a moment' : `${seconds.toFixed(1)} s, ${perSecond} lines a second`;
  };
}

const triesMax = 10;
const pauseMs = 1_000;

/** Imports, and goes on behind what is done when the store could not be used for a while. */
async function untilItPasses(
  next: () => ImportLines,
  journal: ImportJournal,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    const before = journal.line();
    try {
      return await importLines(next());
    } catch (failure) {
      if (journal.line() > before) tries = 1;
      if (tries === triesMax || signal.aborted || !mayPass(failure)) throw failure;
      terminal.tell(
        `${describeFailure(failure)}; trying again behind line ${count(journal.line())}`,
      );
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function mayPass(failure: unknown): boolean {
  return (
    (failure instanceof StorageFailure && !failure.final) ||
    failure instanceof StoreOverloaded ||
    failure instanceof ContentionError ||
    failure instanceof KeysUnavailable
  );
}
