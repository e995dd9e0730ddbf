import { randomBytes } from 'node:crypto';
import type { Aggregate } from '../kernel/aggregate.ts';
import { accept, refuse, type Decision } from '../kernel/decider.ts';
import { eventType, type EventOf } from '../kernel/event.ts';
import { integer, record, type ValuesOf } from '../kernel/fields.ts';
import { streamId, type StreamId } from '../kernel/identifiers.ts';
import type { Instant } from '../kernel/instant.ts';
import type { EventStorage } from '../storage/storage.ts';
import { createCommandHandler, type CommandHandlerOptions } from './command-handler.ts';
import type { CommandResult } from './command-result.ts';
import { openEventStore, type EventStore, type EventStoreOptions } from './event-store.ts';

/** Each event says on what total it was decided: in a sound log, that is the sum of those before it. */
const Added = eventType('Added', { by: integer(), on: integer() });
const Refused = eventType('Refused', { by: integer(), on: integer() });

export type CounterEvent = EventOf<typeof Added> | EventOf<typeof Refused>;

export type CounterCommand =
  /** Nothing happens when `by` is 0; refused when the total would fall below zero. */
  | { readonly type: 'Add'; readonly by: number; readonly recordRefusal?: boolean }
  /** Adds 1 so many times. */
  | { readonly type: 'Count'; readonly times: number }
  /** Adds the number of events that there are: needs the past. */
  | { readonly type: 'AddPast'; readonly past?: number };

export interface CounterState {
  readonly total: number;
  readonly events: number;
}

export interface BelowZero {
  readonly code: 'BELOW_ZERO';
  readonly total: number;
}

type Counter = Aggregate<CounterCommand, CounterState, CounterEvent, BelowZero, PackedCounter>;

const packedFields = { total: integer(), events: integer() };
type PackedCounter = ValuesOf<typeof packedFields>;

export const counter: Counter = {
  initial: { total: 0, events: 0 },
  decide: (command, state) => decide(command, state),
  evolve: ({ total, events }, { type, data }) => ({
    total: type === 'Added' ? total + data.by : total,
    events: events + 1,
  }),
  snapshot: {
    format: 'counter-1',
    field: record('Counter', packedFields),
    pack: (state) => ({ ...state }),
    unpack: (packed) => ({ ...packed }),
  },
  history: {
    neededFor: ({ type }) => type === 'AddPast',
    supply: (_, events) => ({ type: 'AddPast', past: events.length }),
  },
};

function decide(
  command: CounterCommand,
  { total }: CounterState,
): Decision<CounterEvent, BelowZero> {
  switch (command.type) {
    case 'Add': {
      const { by, recordRefusal = false } = command;
      if (by === 0) return accept();
      if (total + by >= 0) return accept(added(by, total));
      const rejection = { code: 'BELOW_ZERO', total } as const;
      return recordRefusal
        ? refuse(rejection, { type: 'Refused', data: { by, on: total } } as const)
        : refuse(rejection);
    }
    case 'Count':
      return accept(
        ...Array.from({ length: command.times }, (_, index) => added(1, total + index)),
      );
    case 'AddPast':
      if (command.past === undefined) throw new Error('decided without the past that it needs');
      return accept(added(command.past, total));
  }
}

function added(by: number, on: number): EventOf<typeof Added> {
  return { type: 'Added', data: { by, on } };
}

export const eventTypes = [Added, Refused];
export const cause = { userId: 'tester' };
export const one = streamId('counter-1');
export const two = streamId('counter-2');

export const startedAt = 1_780_000_000_000_000_000n as Instant;

function atStart(): Instant {
  return startedAt;
}

export function openCounters(
  storage: EventStorage,
  options: Partial<EventStoreOptions> = {},
): Promise<EventStore> {
  return openEventStore({ storage, eventTypes, clock: atStart, randomBytes, ...options });
}

/** What a stream's events say: their sum, and which of them were decided on another sum than they found. */
export async function audit(
  store: EventStore,
  stream = one,
): Promise<{ readonly total: number; readonly events: number; readonly unfounded: unknown[] }> {
  const events = await store.readStream(stream, { limit: 1_000_000 });
  let { total } = counter.initial;
  const unfounded: unknown[] = [];
  for (const { type, data } of events) {
    const { by, on } = data as { readonly by: number; readonly on: number };
    if (on !== total) unfounded.push({ type, by, on, total });
    if (type === 'Added') total += by;
  }
  return { total, events: events.length, unfounded };
}

/** A command handler with a store of its own on a log, as each process has one. */
export async function openCounterHandler(
  storage: EventStorage,
  options: CommandHandlerOptions = {},
  aggregate = counter,
): Promise<CounterHandler> {
  const store = await openCounters(storage);
  const handler = createCommandHandler(store, aggregate, options);
  return {
    store,
    add: (by, stream = one) => handler.handle(stream, { type: 'Add', by }, { cause }),
    addPast: () => handler.handle(one, { type: 'AddPast' }, { cause }),
    count: (times) => handler.handle(one, { type: 'Count', times }, { cause }),
    load: () => handler.load(one),
  };
}

type Result = Promise<CommandResult<BelowZero>>;

interface CounterHandler {
  readonly store: EventStore;
  add(by: number, stream?: StreamId): Result;
  addPast(): Result;
  count(times: number): Result;
  load(): Promise<{ readonly state: CounterState; readonly version: number }>;
}

/** How a promise came out, and never a rejection that nobody looks at. */
export async function outcomeOf(result: Promise<{ readonly kind: string }>): Promise<unknown> {
  return result.then(
    ({ kind }) => kind,
    (reason: unknown) => reason,
  );
}
