import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, Message, NewMessage, Subscriber, Subscription } from '../bus.ts';
import { partitionOf } from '../partition-of.ts';

export const orders = 'orders';

export function message(key: string, text: string): NewMessage {
  return { key, value: Buffer.from(text) };
}

/** A key that falls into the partition. */
export function keyIn(partition: number, partitions: number): string {
  for (let number = 0; ; number += 1) {
    if (partitionOf(`key-${number}`, partitions) === partition) return `key-${number}`;
  }
}

export function textOf({ value }: Message): string {
  return Buffer.from(value).toString();
}

/** A subscriber that notes what it is handed. */
export interface Listener extends Subscriber {
  readonly batches: (readonly Message[])[];
  readonly failures: unknown[];
  texts(): readonly string[];
}

export async function listen(
  bus: Bus,
  {
    group = 'readers',
    handle,
    ...options
  }: Partial<Omit<Subscription, 'handle'>> & {
    /** Called before a batch is noted. */
    readonly handle?: (batch: readonly Message[]) => Promise<void>;
  } = {},
): Promise<Listener> {
  const batches: (readonly Message[])[] = [];
  const failures: unknown[] = [];
  const subscriber = await bus.subscribe({
    topic: orders,
    group,
    batchSizeMax: 100,
    onFailure: (failure) => failures.push(failure),
    ...options,
    handle: async (batch) => {
      await handle?.(batch);
      batches.push(batch);
    },
  });
  return {
    batches,
    failures,
    texts: () => batches.flat().map(textOf),
    close: subscriber.close,
  };
}

/** Waits until something holds that only time can bring about, and fails when it never does. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it never came to be: ${holds.toString()}`);
    await sleep(5);
  }
}
