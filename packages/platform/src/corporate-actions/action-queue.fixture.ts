import { instantFromMilliseconds } from '@counterfoil/event-store';
import { onTestFinished } from 'vitest';
import { createBreakers, type Breakers } from '../resilience/breakers.ts';
import { BusFailure, type Bus } from '../streams/bus.ts';
import { askVersions, type ActionAsk } from './action-message.ts';
import { startActionQueue, type ActionQueue, type ActionQueueParts } from './action-queue.ts';
import type { Process } from './action-worker.ts';
import { openLocalRegistry } from './local-registry.ts';

/** A queue that notes what it hands to its workers. */
export interface QueueUnderTest extends ActionQueue {
  readonly breakers: Breakers;
  /** Names of the actions that were handled, in the order in which that was done. */
  readonly handled: string[];
  readonly failures: unknown[];
}

export async function startQueue(
  bus: Bus,
  {
    process = async () => undefined,
    ...parts
  }: Partial<ActionQueueParts> & { readonly process?: Process } = {},
): Promise<QueueUnderTest> {
  const handled: string[] = [];
  const failures: unknown[] = [];
  const breakers = createBreakers({
    settings: { failures: 5, windowSeconds: 60, halfOpenAfterSeconds: 30 },
    clock: () => instantFromMilliseconds(Date.now()),
    isOutage: { bus: (failure) => failure instanceof BusFailure },
  });
  const queue = await startActionQueue({
    bus,
    breakers,
    registry: openLocalRegistry(askVersions),
    partitions: 4,
    onFailure: (failure) => failures.push(failure),
    ...parts,
    process: async (ask, attempt) => {
      await process(ask, attempt);
      handled.push(nameOf(ask));
    },
  });
  onTestFinished(queue.close);
  return { ...queue, breakers, handled, failures };
}

/** Asks for the n-th action of a symbol. */
export function askOf(symbol: string, number = 1): ActionAsk {
  return {
    actionId: `CA-${String(number).padStart(18, '0')}`,
    symbol,
    version: 1,
    reason: 'DUE',
    correlationId: `c-${number}`,
  } as ActionAsk;
}

/** As `AAPL 7`. */
export function nameOf({ symbol, actionId }: ActionAsk): string {
  return `${symbol} ${Number(actionId.slice(3))}`;
}
