import path from 'node:path';
import type { Clock } from '@counterfoil/event-store';
import type { Config } from './config.ts';
import { openPostgresRequests } from './requests/postgres/postgres-requests.ts';
import type { RequestStore } from './requests/request-store.ts';
import { fileDirectory } from './stores.ts';
import type { Bus } from './streams/bus.ts';
import { openEmbeddedBus } from './streams/embedded/embedded-bus.ts';

/** As many processes may take trades side by side; a file is written with fewer pages where they are few. */
export const partitionsOn = { embedded: 4, kafka: 16 } as const;

/** The bus, and the store of the requests whose messages go to it. */
export async function openQueue(
  config: Config,
  clock: Clock,
  onFailure: (failure: unknown) => void,
): Promise<{
  readonly bus: Bus;
  readonly requests: RequestStore;
  closeBus(): Promise<void>;
}> {
  if (config.bus.kind === 'kafka') {
    const { brokers } = config.bus;
    const prefix = config.topicPrefix;
    const { openKafkaBus } = await import('./streams/kafka/kafka-bus.ts');
    const bus = await openKafkaBus({ brokers, prefix, clientId: 'counterfoil' });
    return withRequests(config, bus, onFailure);
  }
  const { directory, remove } = await fileDirectory(config);
  const embedded = await openEmbeddedBus({ file: path.join(directory, 'bus.sqlite'), clock });
  const bus = {
    ...embedded,
    close: async () => {
      await embedded.close();
      await remove();
    },
  };
  return config.requestStore.kind === 'embedded'
    ? { bus, requests: embedded.requests, closeBus: bus.close }
    : withRequests(config, bus, onFailure);
}

async function withRequests(
  { requestStore }: Config,
  bus: Bus,
  onFailure: (failure: unknown) => void,
) {
  try {
    const requests = await openRequests(requestStore, bus, onFailure);
    const closeBus = async (): Promise<void> => {
      await requests.close();
      await bus.close();
    };
    return { bus, requests, closeBus };
  } catch (cause) {
    await bus.close();
    throw cause;
  }
}

async function openRequests(
  requestStore: Config['requestStore'],
  bus: Bus,
  onFailure: (failure: unknown) => void,
): Promise<RequestStore> {
  switch (requestStore.kind) {
    case 'postgres': {
      const { connectionString } = requestStore;
      return openPostgresRequests({ connectionString, bus, onFailure });
    }
    case 'dynamodb': {
      const { region, table, endpoint } = requestStore;
      // Loaded where it is used: its SDK takes longer than the rest of the program.
      const { openDynamoRequests } = await import('./requests/dynamodb/dynamodb-requests.ts');
      return openDynamoRequests({ region, table, endpoint, bus, onFailure });
    }
    case 'embedded':
      throw new Error('the embedded store of requests comes with its bus');
  }
}
