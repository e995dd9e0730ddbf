import type { Clock, EventStore, Instant, RecordedEvent } from '@counterfoil/event-store';
import type { CheckedRecord } from '@counterfoil/event-store/log';
import { recordChecksStream, type RecordEvent } from '../domain/record/events.ts';

type Occasion = RecordEvent['data']['occasion'];

export type LogCheckedEvent = RecordedEvent<RecordEvent>;

/** Checks of the whole record, and what came of them, which is in the log itself. */
export interface RecordChecks {
  /** Begins a check; undefined while another is under way here. It resolves with the event of its outcome. */
  begin(userId: string): Promise<LogCheckedEvent> | undefined;
  underWay(): boolean;
  /** What the last that ended here found; undefined before. */
  last(): CheckedRecord | undefined;
  close(): Promise<void>;
}

export interface RecordChecksParts {
  readonly store: Pick<EventStore, 'append' | 'readStream' | 'raw'>;
  readonly check: (signal: AbortSignal) => Promise<CheckedRecord>;
  readonly clock: Clock;
  /** 0 for never. */
  readonly everyHours: number;
  readonly onFailure: (failure: unknown) => void;
  readonly lookEveryMs?: number | undefined;
}

export function startRecordChecks(parts: RecordChecksParts): RecordChecks {
  const { store, check, clock, everyHours, onFailure, lookEveryMs = 60_000 } = parts;
  const stopping = new AbortController();
  let running: Promise<LogCheckedEvent> | undefined;
  let last: CheckedRecord | undefined;
  // Before there ever was one, the first is due so long after the start.
  let since: Promise<Instant> | undefined;

  const run = async (occasion: Occasion, userId: string): Promise<LogCheckedEvent> => {
    const result = await check(stopping.signal);
    last = result;
    const event = { type: 'LogChecked' as const, data: outcomeOf(occasion, result) };
    const appended = await store.append({
      appends: [{ stream: recordChecksStream, expected: 'any', events: [event] }],
      cause: { userId },
    });
    if (appended.kind !== 'appended') throw new Error('the outcome of a check was not recorded');
    const [version = 1] = appended.versions;
    const [recorded] = await store.readStream(recordChecksStream, { from: version, limit: 1 });
    if (recorded === undefined) throw new Error('the outcome of a check is not in the log');
    since = Promise.resolve(recorded.recordedAt);
    return recorded as LogCheckedEvent;
  };

  const begin = (occasion: Occasion, userId: string): Promise<LogCheckedEvent> | undefined => {
    if (running !== undefined) return undefined;
    running = run(occasion, userId).finally(() => {
      running = undefined;
    });
    return running;
  };

  const lastTime = async (): Promise<Instant> => {
    const version = await store.raw.storage.streamVersion(recordChecksStream);
    if (version === 0) return clock();
    const [event] = await store.readStream(recordChecksStream, { from: version, limit: 1 });
    return event?.recordedAt ?? clock();
  };

  const look = async (): Promise<void> => {
    try {
      since ??= lastTime();
      const dueAt = (await since) + BigInt(everyHours) * 3_600_000_000_000n;
      if (clock() >= dueAt && !stopping.signal.aborted) await begin('SCHEDULED', 'counterfoil');
    } catch (failure) {
      since = undefined;
      if (!stopping.signal.aborted) onFailure(failure);
    }
  };

  const timer = everyHours === 0 ? undefined : setInterval(() => void look(), lookEveryMs).unref();
  if (everyHours > 0) void look();

  return {
    begin: (userId) => begin('ON_DEMAND', userId),
    underWay: () => running !== undefined,
    last: () => last,
    close: async () => {
      clearInterval(timer);
      stopping.abort(new Error('the program ends'));
      await running?.catch(() => undefined);
    },
  };
}

function outcomeOf(occasion: Occasion, { from, to, fault }: CheckedRecord): RecordEvent['data'] {
  return {
    occasion,
    from,
    to,
    outcome: fault === undefined ? 'WHOLE' : 'ALTERED',
    badPosition: fault?.position ?? null,
    reason: fault?.reason.slice(0, 1_000) ?? null,
  };
}
