import type { Cause, Clock, EventStore, RecordedEvent } from '@counterfoil/event-store';
import { deadLetterStream, type DeadLetterEvent } from '../domain/dead-letters/events.ts';
import type { RequestId, RequestStore } from '../requests/request-store.ts';
import type { Bus } from '../streams/bus.ts';
import {
  deadLetterTopic,
  readDeadLetters,
  reprocess,
  type DeadLetter,
} from '../streams/dead-letters.ts';
import { requestIdIn } from './trade-message.ts';

/** What operators do about messages that could not be handled. */
export interface DeadLetterDesk {
  /** Letters of the topic, the oldest first in each partition. */
  list(topic: string, after: LetterPlace | undefined, limit: number): Promise<readonly Letter[]>;
  find(topic: string, id: string): Promise<Letter | undefined>;
  /** Handles the message once more, as it was; again, if that was decided before. */
  reprocess(letter: Letter, reason: string, cause: Cause): Promise<Letter>;
  /** Gives the message up: its request fails for the reason. */
  discard(letter: Letter, reason: string, cause: Cause): Promise<Letter>;
}

export interface LetterPlace {
  readonly partition: number;
  readonly offset: number;
}

export interface Letter extends DeadLetter {
  readonly requestId: RequestId | undefined;
  /** What was done about it; undefined while nothing was. */
  readonly resolution: Resolution | undefined;
}

export interface Resolution {
  readonly kind: 'REPROCESSED' | 'DISCARDED';
  readonly reason: string;
  readonly by: string;
  readonly at: RecordedEvent['recordedAt'];
}

/** A letter can't be treated so. The message says why. */
export class LetterResolved extends Error {
  override readonly name = 'LetterResolved';
}

export interface DeadLetterDeskParts {
  readonly bus: Pick<Bus, 'read' | 'publish' | 'progress'>;
  readonly log: Pick<EventStore, 'append' | 'readStream' | 'findClaim'>;
  readonly requests: Pick<RequestStore, 'settle' | 'hold'>;
  readonly clock: Clock;
  readonly onSettled: (ids: readonly RequestId[]) => void;
}

export function createDeadLetterDesk({
  bus,
  log,
  requests,
  clock,
  onSettled,
}: DeadLetterDeskParts): DeadLetterDesk {
  const withResolution = async (topic: string, letter: DeadLetter): Promise<Letter> => {
    const [done] = await log.readStream(deadLetterStream(topic, letter.id), { limit: 1 });
    return { ...letter, requestId: requestIdIn(letter), resolution: done && resolutionOf(done) };
  };

  const find = async (topic: string, id: string): Promise<Letter | undefined> => {
    const [, partition, offset] = /^(\d{1,6})-(\d{1,15})$/.exec(id) ?? [];
    if (partition === undefined || offset === undefined) return undefined;
    const partitions = await bus.progress(deadLetterTopic(topic), 'nobody');
    if (Number(partition) >= partitions.length) return undefined;
    const place = { from: Number(offset), limit: 1 };
    const [letter] = await readDeadLetters(bus, topic, Number(partition), place);
    return letter?.id === id ? withResolution(topic, letter) : undefined;
  };

  /** Writes down what is to be done before it is done. Throws when something else was decided. */
  const decide = async (
    type: DeadLetterEvent['type'],
    letter: Letter,
    reason: string,
    cause: Cause,
  ): Promise<Letter & { readonly position: number }> => {
    const { topic, id, requestId = null } = letter;
    const stream = deadLetterStream(topic, id);
    const event: DeadLetterEvent = { type, data: { topic, letterId: id, requestId, reason } };
    await log.append({ appends: [{ stream, expected: 'none', events: [event] }], cause });
    const [done] = await log.readStream(stream, { limit: 1 });
    if (done === undefined) throw new Error(`${stream} is empty after an append`);
    if (done.type !== type) {
      throw new LetterResolved(
        done.type === 'DeadLetterDiscarded' ? 'It was discarded.' : 'It was handled again.',
      );
    }
    return { ...letter, resolution: resolutionOf(done), position: done.position };
  };

  return {
    list: async (topic, after, limit) => {
      const letters: DeadLetter[] = [];
      const name = deadLetterTopic(topic);
      for (const { partition } of await bus.progress(name, 'nobody')) {
        if (after !== undefined && partition < after.partition) continue;
        if (letters.length >= limit) break;
        const from = partition === after?.partition ? after.offset + 1 : 0;
        const page = { from, limit: limit - letters.length };
        letters.push(...(await readDeadLetters(bus, topic, partition, page)));
      }
      return Promise.all(letters.map((letter) => withResolution(topic, letter)));
    },
    find,
    reprocess: async (letter, reason, cause) => {
      const decided = await decide('DeadLetterReprocessed', letter, reason, cause);
      if (letter.requestId !== undefined) {
        await requests.hold([{ id: letter.requestId, because: undefined }]);
      }
      await reprocess(bus, letter);
      return decided;
    },
    discard: async (letter, reason, cause) => {
      const { requestId } = letter;
      const claimed = requestId && (await log.findClaim(`request/${requestId}`));
      if (claimed !== undefined) {
        throw new LetterResolved(
          'The trade is in the log, and only its request is open: reprocess it.',
        );
      }
      const decided = await decide('DeadLetterDiscarded', letter, reason, cause);
      if (requestId !== undefined) {
        const outcome = {
          status: 'FAILED' as const,
          settledAtMs: Number(clock() / 1_000_000n),
          tradeIds: [letter.key],
          position: decided.position,
          code: 'DISCARDED',
          reason,
        };
        await requests.settle([{ id: requestId, outcome }]);
        onSettled([requestId]);
      }
      return decided;
    },
  };
}

function resolutionOf({ type, data, metadata, recordedAt }: RecordedEvent): Resolution {
  return {
    kind: type === 'DeadLetterDiscarded' ? 'DISCARDED' : 'REPROCESSED',
    reason: (data as DeadLetterEvent['data']).reason,
    by: metadata.userId,
    at: recordedAt,
  };
}
