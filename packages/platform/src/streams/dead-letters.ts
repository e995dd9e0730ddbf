import type { Bus, Message, NewMessage } from './bus.ts';

/**
 * A message that could not be handled, as it was when it was published, and why it is in the dead-letter topic
 * of its own topic (`deadLetterTopic`).
 */
export interface DeadLetter extends Message {
  /** Where it lies: its partition and offset in the dead-letter topic, as `0-17`. */
  readonly id: string;
  /** What its last attempt ended with. */
  readonly cause: string;
  readonly attempts: number;
}

export function deadLetterTopic(topic: string): string {
  return `${topic}.dead-letters`;
}

export interface PoisonOptions {
  /** Handles messages as a subscription does: one, some, or a whole batch of them. */
  handle(batch: readonly Message[]): Promise<void>;
  /**
   * Whether a failure says something of the surroundings (the database is away) and nothing of the messages:
   * then all are tried again, for as long as it takes.
   */
  isOutage(failure: unknown): boolean;
  /** How often a message is tried alone before it is put aside; 3 when not given. */
  readonly attemptsMax?: number | undefined;
  /** Called for each message that is put aside. */
  readonly onDeadLetter?: ((message: Message, failure: unknown) => void) | undefined;
}

/**
 * Makes of a handler one that nothing can hold up for ever: when a batch fails, its messages are handled one
 * by one in their order, and those that fail alone are put into the dead-letter topic, durably, before the
 * batch counts as taken. A message that was put aside twice, as after a crash in between, lies there twice.
 */
export function puttingAside(
  bus: Pick<Bus, 'publish'>,
  { handle, isOutage, attemptsMax = 3, onDeadLetter }: PoisonOptions,
): (batch: readonly Message[]) => Promise<void> {
  /** What the last attempt failed with, in a list of one; empty when it was handled. */
  const tryAlone = async (message: Message): Promise<readonly unknown[]> => {
    let last: unknown;
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      try {
        await handle([message]);
        return [];
      } catch (failure) {
        if (isOutage(failure)) throw failure;
        last = failure;
      }
    }
    return [last];
  };

  return async (batch) => {
    try {
      await handle(batch);
      return;
    } catch (failure) {
      if (isOutage(failure)) throw failure;
    }
    for (const message of batch) {
      for (const failure of await tryAlone(message)) {
        await bus.publish(deadLetterTopic(message.topic), [
          letterOf(message, failure, attemptsMax),
        ]);
        onDeadLetter?.(message, failure);
      }
    }
  };
}

/** The dead letters of a topic, oldest first in each partition, from a place on. */
export async function readDeadLetters(
  bus: Pick<Bus, 'read'>,
  topic: string,
  partition: number,
  query: { readonly from: number; readonly limit: number },
): Promise<readonly DeadLetter[]> {
  const messages = await bus.read(deadLetterTopic(topic), partition, query);
  return messages.map(deadLetterOf);
}

/** Publishes the message of a dead letter again, as it was; resolves once that is durable. */
export async function reprocess(bus: Pick<Bus, 'publish'>, letter: DeadLetter): Promise<void> {
  const { topic, key, value, headers } = letter;
  await bus.publish(topic, [{ key, value, headers }]);
}

// What a dead letter says of itself goes with the message's own headers, under names that no message uses.
const prefix = 'dead-letter-';

function letterOf(message: Message, failure: unknown, attempts: number): NewMessage {
  const { topic, partition, offset, key, value, headers } = message;
  return {
    key,
    value,
    headers: {
      ...headers,
      [`${prefix}topic`]: topic,
      [`${prefix}partition`]: String(partition),
      [`${prefix}offset`]: String(offset),
      [`${prefix}cause`]: causeOf(failure),
      [`${prefix}attempts`]: String(attempts),
    },
  };
}

function deadLetterOf(message: Message): DeadLetter {
  const { headers } = message;
  const own = (name: string): string => headers[`${prefix}${name}`] ?? '';
  return {
    id: `${message.partition}-${message.offset}`,
    topic: own('topic'),
    partition: Number(own('partition')),
    offset: Number(own('offset')),
    key: message.key,
    value: message.value,
    headers: Object.fromEntries(
      Object.entries(headers).filter(([name]) => !name.startsWith(prefix)),
    ),
    cause: own('cause'),
    attempts: Number(own('attempts')),
  };
}

/** With what caused it in turn, outermost first. */
function causeOf(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  const text = `${failure.name}: ${failure.message}`;
  return failure.cause === undefined ? text : `${text} <- ${causeOf(failure.cause)}`;
}
