import { setTimeout as sleep } from 'node:timers/promises';
import type { Breakers } from '../resilience/breakers.ts';
import type { Bus, PartitionProgress, Subscriber } from '../streams/bus.ts';
import { deadLetterTopic } from '../streams/dead-letters.ts';
import {
  actionsTopic,
  openActionMessages,
  type ActionAsk,
  type ActionMessages,
} from './action-message.ts';
import { startActionWorker, type Process } from './action-worker.ts';
import { isOutage } from './outages.ts';
import { resumable } from './resumable.ts';
import type { SchemaRegistry } from './schema-registry.ts';

/** The queue of corporate actions that workers are to look at (CA-12). */
export interface ActionQueue {
  /**
   * Resolves once all of them are durable in the queue. Rejects with a BreakerOpen, a BusFailure, a
   * SchemaRegistryFailure or a SchemaRefused: then the actions are still in the log, and whoever looks for
   * what is due finds them there.
   */
  ask(asks: readonly ActionAsk[]): Promise<void>;
  /** How far the workers have come in each partition; rejects when the bus can't be asked. */
  progress(): Promise<readonly PartitionProgress[]>;
  /** Stops the workers after the batches at hand; what is asked meanwhile waits. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Finishes what is under way. */
  close(): Promise<void>;
}

export interface ActionQueueParts {
  readonly bus: Bus;
  readonly breakers: Pick<Breakers, 'run'>;
  readonly registry: SchemaRegistry;
  /** Of the topics; for ever. */
  readonly partitions: number;
  readonly process: Process;
  /** Told of what is tried again, and of what made a message a dead letter. */
  readonly onFailure: (failure: unknown) => void;
  /** Members of the group in this process; 2 when not given. */
  readonly workers?: number | undefined;
  /** How long the start waits for a bus and a registry; 2 s when not given. */
  readonly startMsMax?: number | undefined;
}

const actionsGroup = 'corporate-actions';

/** Starts it. A bus or a registry that can't be reached yet holds up the workers and nothing else. */
export async function startActionQueue(parts: ActionQueueParts): Promise<ActionQueue> {
  const { bus, breakers, registry, onFailure } = parts;
  const { workers = 2, startMsMax = 2_000 } = parts;

  let topics: Promise<void> | undefined;
  const makeTopics = (): Promise<void> => {
    topics ??= makeTopicsOf(parts).catch((failure: unknown) => {
      topics = undefined;
      throw failure;
    });
    return topics;
  };

  const publish: Bus['publish'] = (topic, messages) =>
    breakers.run('bus', async () => {
      await makeTopics();
      await bus.publish(topic, messages);
    });

  let opened: ActionMessages | undefined;
  const messages = async (): Promise<ActionMessages> => {
    opened ??= await openActionMessages(registry);
    return opened;
  };

  const running = resumable(async () => {
    const { read } = await messages();
    await breakers.run('bus', makeTopics);
    const begun: Subscriber[] = [];
    const stop = async (): Promise<void> => {
      await Promise.all(begun.map((subscriber) => subscriber.close()));
    };
    try {
      for (let number = 0; number < workers; number += 1) {
        const worker = { bus, publish, read, process: parts.process, isOutage, onFailure };
        begun.push(await startActionWorker(actionsGroup, worker));
      }
    } catch (cause) {
      await stop();
      throw cause;
    }
    return stop;
  }, onFailure);

  // Waited for as long as a bus takes that is there.
  await Promise.race([running.resume(), sleep(startMsMax, undefined, { ref: false })]);

  return {
    ask: async (asks) => {
      const { write } = await messages();
      await publish(actionsTopic, asks.map(write));
    },
    progress: () => bus.progress(actionsTopic, actionsGroup),
    pause: running.pause,
    resume: running.resume,
    close: running.end,
  };
}

function makeTopicsOf({ bus, partitions }: ActionQueueParts): Promise<void> {
  return bus.ensureTopics([
    { name: actionsTopic, partitions },
    { name: deadLetterTopic(actionsTopic), partitions },
  ]);
}
