import type { EventStore, RecordedEvent, StreamId } from '@counterfoil/event-store';
import { eventPresenter } from '../api/event-json.ts';
import { eventTypes } from '../ledger/event-types.ts';
import { openLog } from '../stores.ts';
import { CommandFailure, opening } from './failure.ts';
import { exitCodeOfInterruption } from './interruption.ts';
import { onExistingLog, type StoreOptions } from './kept-store.ts';
import { justBehind, parseLogPoint, type LogPoint } from './log-point.ts';
import { createStates } from './states.ts';
import { count, counted, type Terminal } from './terminal.ts';

export interface ReplayOptions extends StoreOptions {
  readonly stream?: string | undefined;
  readonly type?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Reads events in order: prints them as JSON lines, or folds them and says how many there were. */
export async function replay(options: ReplayOptions, terminal: Terminal): Promise<number> {
  const selection = selectionOf(options);
  return onExistingLog(options, async (config, signal) => {
    const store = await opening(config, () => openLog(config));
    try {
      const work = options.json === true ? printing(terminal) : folding(selection, terminal);
      for await (const { events, reached, end } of pagesOf(store, selection)) {
        await work.take(events, reached, end);
        if (signal.aborted) return exitCodeOfInterruption;
      }
      work.finish();
      return 0;
    } finally {
      await store.close();
    }
  });
}

interface Selection {
  readonly stream: string | undefined;
  readonly types: readonly string[] | undefined;
  /** The first position. */
  readonly from: number;
  readonly to: LogPoint | undefined;
}

function selectionOf({ stream, type: types, from = '1', to }: ReplayOptions): Selection {
  if (!/^[1-9]\d{0,14}$/.test(from)) {
    throw new CommandFailure(`--from is "${from}": use a position from 1 up`);
  }
  const known = eventTypes.map(({ type }) => type);
  const strange = types?.find((type) => !known.includes(type));
  if (strange !== undefined) {
    throw new CommandFailure(`There is no event type "${strange}". There are ${known.join(', ')}`);
  }
  const end = to === undefined ? undefined : parseLogPoint('--to', to);
  return { stream, types, from: Number(from), to: end };
}

interface Page {
  readonly events: readonly RecordedEvent[];
  /** How far the log has been read, and how far it is to be. */
  readonly reached: number;
  readonly end: number;
}

const pageSize = 5_000;

function pagesOf(store: EventStore, selection: Selection): AsyncGenerator<Page> {
  return selection.stream === undefined
    ? pagesOfLog(store, selection)
    : pagesOfStream(store, selection.stream, selection);
}

async function* pagesOfLog(store: EventStore, { types, from, to }: Selection) {
  const head = (await store.head()).position;
  const end = to?.kind === 'position' ? Math.min(to.position, head) : head;
  const until = to?.kind === 'time' ? justBehind(to.time) : undefined;
  for (let after = from - 1; after < end;) {
    const page = await store.readAll({ after, types, until, limit: pageSize });
    const events = page.events.filter(({ position }) => position <= end);
    yield { events, reached: Math.min(page.scannedTo, end), end };
    if (!page.more) return;
    after = page.scannedTo;
  }
}

async function* pagesOfStream(store: EventStore, stream: string, selection: Selection) {
  const { types, from, to } = selection;
  const isSelected = ({ position, recordedAt, type }: RecordedEvent): boolean =>
    position >= from &&
    (types === undefined || types.includes(type)) &&
    !isBehind(to, position, recordedAt);
  for (let version = 1; ; version += pageSize) {
    const page = await store.readStream(stream as StreamId, { from: version, limit: pageSize });
    if (page.length === 0 && version === 1) {
      throw new CommandFailure(
        `There is no stream ${stream}: streams are called account-<id>, instrument-<symbol> and prices-<symbol>`,
      );
    }
    const reached = version + page.length - 1;
    yield { events: page.filter(isSelected), reached, end: reached };
    if (page.length < pageSize) return;
  }
}

function isBehind(to: LogPoint | undefined, position: number, recordedAt: bigint): boolean {
  switch (to?.kind) {
    case undefined:
      return false;
    case 'position':
      return position > to.position;
    case 'time':
      return recordedAt > to.time;
  }
}

interface Work {
  take(events: readonly RecordedEvent[], reached: number, end: number): Promise<void>;
  finish(): void;
}

function printing(terminal: Terminal): Work {
  const present = eventPresenter(eventTypes);
  return {
    take: async (events) => {
      const lines = events.map((event) => `${JSON.stringify(present(event))}\n`);
      if (lines.length > 0) await terminal.write(lines.join(''));
    },
    finish: () => undefined,
  };
}

/** Folds whole streams into states, which only makes sense when nothing is left out before an event. */
function folding({ from, types }: Selection, terminal: Terminal): Work {
  const states = from === 1 && types === undefined ? createStates() : undefined;
  const counts = new Map<string, number>();
  const progress = terminal.startProgress({ doing: 'Replaying', unit: 'events' });
  const startedMs = performance.now();
  let total = 0;
  return {
    take: async (events, reached, end) => {
      for (const event of events) {
        counts.set(event.type, (counts.get(event.type) ?? 0) + 1);
        states?.take(event);
      }
      total += events.length;
      progress.update(reached, end);
    },
    finish: () => {
      progress.end();
      const seconds = (performance.now() - startedMs) / 1_000;
      const rate = count(Math.round(total / Math.max(seconds, 0.001)));
      for (const [type, events] of [...counts].toSorted(([left], [right]) =>
        left < right ? -1 : 1,
      )) {
        terminal.say(`${count(events).padStart(14)}  ${type}`);
      }
      terminal.say(
        `${counted(total, 'event')} in ${seconds.toFixed(2)} s (${rate} a second)` +
          (states === undefined ? '' : `, folded into ${states.describe()}`),
      );
    },
  };
}
