import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, EventStore } from '@counterfoil/event-store';
import type { Ledger } from '../ledger/ledger.ts';
import type { RequestStore } from '../requests/request-store.ts';
import type { Bus, PartitionProgress, Subscriber } from '../streams/bus.ts';
import { deadLetterTopic } from '../streams/dead-letters.ts';
import { createDeadLetterDesk, type DeadLetterDesk } from './dead-letter-desk.ts';
import { startExpiry, type ExpiryParts } from './expiry.ts';
import { createIntake, type Intake } from './intake.ts';
import { createOutcomes, type Outcomes } from './outcomes.ts';
import { startTradeConsumer, tradesGroup } from './trade-consumer.ts';
import { tradesTopic } from './trade-message.ts';

/** Trade capture: from the first answer to the outcome. */
export interface TradeService {
  readonly intake: Intake;
  readonly outcomes: Outcomes;
  readonly deadLetters: DeadLetterDesk;
  /** How far the consumer has come in each partition; rejects when the bus can't be asked. */
  progress(): Promise<readonly PartitionProgress[]>;
  /** Messages that are still to be taken; rejects likewise. */
  backlog(): Promise<number>;
  /** Stops the consumer after the batch at hand; what is accepted meanwhile waits. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Finishes what is under way. */
  close(): Promise<void>;
}

export interface TradeServiceParts {
  readonly bus: Bus;
  /** Of the topics; for ever. */
  readonly partitions: number;
  readonly requests: RequestStore;
  readonly ledger: Ledger;
  readonly log: EventStore;
  readonly clock: Clock;
  readonly requestLifetimeMs: number;
  readonly matured: ExpiryParts['matured'];
  readonly reach: ExpiryParts['reach'];
  readonly onFailure: (failure: unknown) => void;
}

const retryMinMs = 100;
const retryMaxMs = 5_000;
const cleanEveryMs = 10_000;

/** Starts it. A bus that can't be reached yet holds up the consumer and nothing else. */
export async function startTradeService(parts: TradeServiceParts): Promise<TradeService> {
  const { bus, partitions, requests, ledger, log, clock, onFailure } = parts;
  const outcomes = createOutcomes(requests);
  const ended = new AbortController();
  let consumer: Subscriber | undefined;
  let starting: Promise<void> | undefined;

  const begin = async (): Promise<void> => {
    await bus.ensureTopics([
      { name: tradesTopic, partitions },
      { name: deadLetterTopic(tradesTopic), partitions },
    ]);
    consumer = await startTradeConsumer({
      bus,
      requests,
      capture: ledger.trades,
      today: ledger.market.today,
      clock,
      onSettled: outcomes.settled,
      onFailure,
    });
  };

  const beginWhenPossible = async (): Promise<void> => {
    for (
      let pauseMs = retryMinMs;
      !ended.signal.aborted;
      pauseMs = Math.min(pauseMs * 2, retryMaxMs)
    ) {
      try {
        return await begin();
      } catch (failure) {
        onFailure(failure);
        await sleep(pauseMs, undefined, { signal: ended.signal }).catch(() => undefined);
      }
    }
  };

  const resume = async (): Promise<void> => {
    if (consumer !== undefined) return;
    starting ??= beginWhenPossible().finally(() => {
      starting = undefined;
    });
    await starting;
  };

  const pause = async (): Promise<void> => {
    await starting;
    const stopped = consumer;
    consumer = undefined;
    await stopped?.close();
  };

  const progress = (): Promise<readonly PartitionProgress[]> =>
    bus.progress(tradesTopic, tradesGroup);

  const clean = (): void => {
    requests.removeExpired(Number(clock() / 1_000_000n)).catch(onFailure);
  };
  const cleaning = setInterval(clean, cleanEveryMs).unref();
  const expiry = startExpiry({ ...parts, ledger });
  // Waited for as long as a bus takes that is there.
  await Promise.race([resume(), sleep(startMsMax, undefined, { ref: false })]);

  return {
    intake: createIntake({
      requests,
      capture: ledger.trades,
      today: ledger.market.today,
      clock,
      requestLifetimeMs: parts.requestLifetimeMs,
    }),
    outcomes,
    deadLetters: createDeadLetterDesk({
      bus,
      log,
      requests,
      clock,
      onSettled: outcomes.settled,
    }),
    progress,
    backlog: async () => (await progress()).reduce((sum, { end, next }) => sum + end - next, 0),
    pause,
    resume,
    close: async () => {
      ended.abort();
      clearInterval(cleaning);
      await expiry.stop();
      await pause();
    },
  };
}

const startMsMax = 2_000;
