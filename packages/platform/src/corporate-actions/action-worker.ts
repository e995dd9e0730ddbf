import type { Bus, Message, Subscriber } from '../streams/bus.ts';
import { puttingAside } from '../streams/dead-letters.ts';
import { actionsTopic, type ActionAsk, type ActionMessages } from './action-message.ts';
import { attemptsMax, withAttempts, type Attempt } from './attempts.ts';

/**
 * Does what there is to do with an action. It may be asked again for what it has done, and side by side with
 * another process when a group divides its partitions anew; then it has to change nothing. When it rejects with
 * anything but an outage it is attempted again, and after the last attempt the message becomes a dead letter.
 */
export type Process = (ask: ActionAsk, attempt: Attempt) => Promise<void>;

export interface ActionWorkerParts {
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly publish: Bus['publish'];
  readonly read: ActionMessages['read'];
  readonly process: Process;
  /** Whether a failure meets any action: then it is tried again for as long as it takes. */
  readonly isOutage: (failure: unknown) => boolean;
  readonly onFailure: (failure: unknown) => void;
}

// Each may be an action with postings to many accounts, and the next batch waits for the slowest.
const batchSizeMax = 20;

/** A member of the group: takes actions of different symbols side by side, those of one symbol in order. */
export function startActionWorker(group: string, parts: ActionWorkerParts): Promise<Subscriber> {
  const { bus, publish, read, process, isOutage, onFailure } = parts;

  const attempt = async (message: Message): Promise<void> => {
    const ask = await read(message);
    await withAttempts((one) => process(ask, one), { isOutage, onFailure });
  };

  // Whoever puts messages aside asks for each again before. The attempts are made by then, with pauses in
  // between: the answer is the same, without another.
  const failures = new WeakMap<Message, unknown>();
  const take = puttingAside(
    { publish },
    {
      isOutage,
      attemptsMax,
      onDeadLetter: (_, failure) => onFailure(failure),
      handle: async (batch) => {
        for (const message of batch) {
          if (failures.has(message)) throw failures.get(message);
          try {
            await attempt(message);
          } catch (failure) {
            if (!isOutage(failure)) failures.set(message, failure);
            throw failure;
          }
        }
      },
    },
  );

  return bus.subscribe({
    topic: actionsTopic,
    group,
    batchSizeMax,
    handle: async (batch) => {
      const last = new Map<string, Promise<void>>();
      for (const message of batch) {
        const before = last.get(message.key) ?? Promise.resolve();
        last.set(
          message.key,
          before.then(() => take([message])),
        );
      }
      // All of them, so that nothing is still at work when the batch comes again.
      const ended = await Promise.allSettled(last.values());
      for (const one of ended) if (one.status === 'rejected') throw one.reason;
    },
    onFailure,
  });
}
