import { setImmediate } from 'node:timers/promises';
import {
  ContentionError,
  StorageFailure,
  StoreOverloaded,
  type CalendarDate,
  type Clock,
  type Instant,
} from '@counterfoil/event-store';
import type { RecordId } from '../domain/trade-records/events.ts';
import type { CaptureRejection, CaptureResult, TradeCapture } from '../ledger/trade-capture.ts';
import {
  RequestStoreFailure,
  type Outcome,
  type RequestId,
  type RequestStore,
  type Settlement,
} from '../requests/request-store.ts';
import { BusFailure, type Bus, type Message, type Subscriber } from '../streams/bus.ts';
import { puttingAside } from '../streams/dead-letters.ts';
import { gather } from '../streams/gathering.ts';
import { KeysUnavailable } from '../vault/failures.ts';
import {
  arrivalOf,
  causeIn,
  readTradeMessage,
  requestIdIn,
  tradesTopic,
  type TradeMessage,
} from './trade-message.ts';

export interface TradeConsumerParts {
  readonly bus: Pick<Bus, 'publish' | 'subscribe'>;
  readonly requests: Pick<RequestStore, 'settle' | 'hold'>;
  readonly capture: Pick<TradeCapture, 'capture'>;
  readonly today: () => CalendarDate;
  readonly clock: Clock;
  /** Called with requests that have their outcome. */
  readonly onSettled: (ids: readonly RequestId[]) => void;
  /** Called with what is tried again, and with what made a message a dead letter. */
  readonly onFailure: (failure: unknown) => void;
  readonly batchSizeMax?: number | undefined;
}

export const tradesGroup = 'trade-capture';

const decidedAtOnce = 100;

// Far longer than any message comes again after it was handled.
const rememberedNanoseconds = 30n * 24n * 3_600n * 1_000_000_000n;

/**
 * Takes trades from the bus, decides and books each, and settles its request. A message that comes again
 * finds the note of its first outcome in the log, so that each request has one, whatever is delivered twice
 * and wherever the program ends.
 */
export function startTradeConsumer(parts: TradeConsumerParts): Promise<Subscriber> {
  const { bus, requests, capture, today, clock, onSettled, onFailure } = parts;
  const { batchSizeMax = 2_000 } = parts;

  const captureOne = async (message: TradeMessage): Promise<Settlement> => {
    const { request_id: id, trade } = message;
    const arrival = arrivalOf(trade, id, today());
    const result = await capture.capture(arrival, {
      cause: causeIn(message),
      once: [
        {
          key: `request/${id}`,
          expiresAt: (clock() + rememberedNanoseconds) as Instant,
          note: ({ rejection }) => noteOf(rejection),
        },
      ],
    });
    return { id, outcome: outcomeOf(result, arrival.tradeId, Number(clock() / 1_000_000n)) };
  };

  const settlements = gather<Settlement, unknown>(async (settled) => {
    await requests.settle(settled);
    onSettled(settled.map(({ id }) => id));
    return [];
  });

  const handle = async (batch: readonly Message[]): Promise<void> => {
    const messages = batch.map(readTradeMessage);
    // Those of one trade one after the other: what comes later is decided on what came before.
    const last = new Map<string, Promise<unknown>>();
    const settling: Promise<unknown>[] = [];
    for (const [place, message] of messages.entries()) {
      const { trade_id } = message.trade;
      const before = last.get(trade_id);
      const captured =
        before === undefined ? captureOne(message) : before.then(() => captureOne(message));
      last.set(trade_id, captured);
      // Each as soon as it is decided, together with those that were meanwhile: some take far longer.
      const one = captured.then(settlements.add);
      one.catch(() => undefined);
      settling.push(one);
      // Whoever waits for an answer must not wait for all of a batch.
      if (place % decidedAtOnce === decidedAtOnce - 1) await setImmediate();
    }
    const settled = await Promise.allSettled(settling);
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
  };

  return bus.subscribe({
    topic: tradesTopic,
    group: tradesGroup,
    batchSizeMax,
    handle: puttingAside(bus, {
      handle,
      isOutage,
      onDeadLetter: (message, failure) => {
        onFailure(failure);
        const id = requestIdIn(message);
        if (id === undefined) return;
        const because = failure instanceof Error ? failure.message : String(failure);
        requests.hold([{ id, because }]).catch(onFailure);
      },
    }),
    onFailure,
  });
}

/** Whether a failure is one of the surroundings, and says nothing of the message. */
function isOutage(failure: unknown): boolean {
  return (
    failure instanceof StorageFailure ||
    failure instanceof StoreOverloaded ||
    failure instanceof ContentionError ||
    failure instanceof RequestStoreFailure ||
    failure instanceof KeysUnavailable ||
    failure instanceof BusFailure
  );
}

function noteOf(rejection: CaptureRejection | undefined): Uint8Array {
  return rejection === undefined ? none : Buffer.from(JSON.stringify(rejection));
}

const none = new Uint8Array();

function outcomeOf(result: CaptureResult, tradeId: RecordId, settledAtMs: number): Outcome {
  switch (result.kind) {
    case 'accepted':
    case 'rejected': {
      const { position } = result;
      if (position === undefined) throw new Error('a record was decided on without an event');
      const rejection = result.kind === 'rejected' ? result.rejection : undefined;
      return settledAs(rejection, { settledAtMs, tradeIds: [tradeId], position });
    }
    case 'already-handled': {
      const { note, position } = result.held;
      const rejection =
        note.length === 0
          ? undefined
          : (JSON.parse(Buffer.from(note).toString()) as CaptureRejection);
      return settledAs(rejection, { settledAtMs, tradeIds: [tradeId], position });
    }
    case 'version-mismatch':
      throw new Error('a version was found that nobody asked for');
  }
}

function settledAs(
  rejection: CaptureRejection | undefined,
  settled: Omit<Extract<Outcome, { status: 'SUCCESS' }>, 'status'>,
): Outcome {
  if (rejection === undefined) return { status: 'SUCCESS', ...settled };
  const { code, reason } = rejection;
  return { status: 'FAILED', ...settled, code, reason };
}
