import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, NewMessage } from '../streams/bus.ts';

/** A store's messages that are not on the bus yet. */
export interface OutboxSource {
  /**
   * Hands the oldest messages, in order and within the limits, to `publish`, and forgets those that it
   * answers: they are on the bus. Answers `none` when there was nothing to hand over, and `busy` when
   * another process is at it.
   */
  takeUnsent(limits: RoundLimits, publish: Publish): Promise<'some' | 'none' | 'busy'>;
}

/** Resolves with those that are on the bus now, which may not be all; never rejects. */
export type Publish = <Unsent extends UnsentMessage>(
  unsent: readonly Unsent[],
) => Promise<readonly Unsent[]>;

export interface UnsentMessage {
  readonly topic: string;
  readonly message: NewMessage;
}

export interface RoundLimits {
  readonly messagesMax: number;
  /** Of the values together; a larger message goes alone. */
  readonly bytesMax: number;
}

export interface OutboxRelay {
  /** There is something to send. */
  ring(): void;
  /** Resolves after a last round: what that does not send is left for the next who opens the store. */
  stop(): Promise<void>;
}

// Brokers take a batch of about a megabyte.
const limits: RoundLimits = { messagesMax: 1_000, bytesMax: 512 * 1_024 };
/** How often to look for what a process that ended has left, rung or not. */
const lookEveryMs = 1_000;
/** How soon to look again when another process was at it: it may have read before our messages came. */
const busyPauseMs = 50;
const pauseMinMs = 100;
const pauseMaxMs = 5_000;

/**
 * Brings messages from a store to the bus, round after round, in their order. A message is forgotten only
 * once it is on the bus, so whoever ends between the two leaves it to be published again: consumers drop
 * what they have seen. A failure of the store or the bus is told, and tried again after a pause.
 */
export function startOutboxRelay({
  source,
  bus,
  onFailure,
}: {
  readonly source: OutboxSource;
  readonly bus: Bus;
  readonly onFailure: (failure: unknown) => void;
}): OutboxRelay {
  const ended = new AbortController();
  let bell = Promise.withResolvers<void>();

  /** Rejects when anything that was there to send could not be sent. */
  const round = async (): Promise<'some' | 'none' | 'busy'> => {
    const failures: unknown[] = [];
    const taken = await source.takeUnsent(limits, async (unsent) => {
      const sent = new Set<UnsentMessage>();
      // A topic that takes nothing does not keep the others waiting.
      for (const [topic, ofTopic] of byTopic(unsent)) {
        try {
          await bus.publish(
            topic,
            ofTopic.map(({ message }) => message),
          );
          for (const one of ofTopic) sent.add(one);
        } catch (failure) {
          failures.push(failure);
        }
      }
      return unsent.filter((one) => sent.has(one));
    });
    if (failures.length > 0) throw failures[0];
    return taken;
  };

  const run = async (): Promise<void> => {
    let pauseMs = pauseMinMs;
    while (!ended.signal.aborted) {
      // Made anew before looking: what comes while the round looks in vain is not slept through.
      bell = Promise.withResolvers();
      const rung = bell.promise;
      try {
        const taken = await round();
        pauseMs = pauseMinMs;
        if (taken === 'busy') await pause(busyPauseMs, ended.signal);
        if (taken === 'none') await rungOrPassed(rung, lookEveryMs, ended.signal);
      } catch (failure) {
        if (ended.signal.aborted) return;
        onFailure(failure);
        await pause(pauseMs, ended.signal);
        pauseMs = Math.min(pauseMs * 2, pauseMaxMs);
      }
    }
  };

  const running = run();
  return {
    ring: () => bell.resolve(),
    stop: async () => {
      ended.abort();
      await running;
      await round().catch(onFailure);
    },
  };
}

function byTopic<Unsent extends UnsentMessage>(
  unsent: readonly Unsent[],
): ReadonlyMap<string, readonly Unsent[]> {
  const topics = new Map<string, Unsent[]>();
  for (const one of unsent) {
    const ofTopic = topics.get(one.topic);
    if (ofTopic === undefined) topics.set(one.topic, [one]);
    else ofTopic.push(one);
  }
  return topics;
}

async function rungOrPassed(rung: Promise<void>, ms: number, ended: AbortSignal): Promise<void> {
  const over = new AbortController();
  await Promise.race([rung, pause(ms, AbortSignal.any([ended, over.signal]))]);
  over.abort();
}

async function pause(ms: number, ended: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: ended }).catch(() => undefined);
}
