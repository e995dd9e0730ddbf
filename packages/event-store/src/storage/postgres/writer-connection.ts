import { Client, type ClientConfig } from 'pg';
import { StorageFailure } from '../storage.ts';

/** One connection, made again when it broke: what runs on it runs in the order in which it was asked for. */
export interface WriterConnection {
  /** Runs the work alone on the connection. Rejects with what the work or the connecting rejects with. */
  run<Result>(work: (client: Client) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export function createWriterConnection(config: ClientConfig): WriterConnection {
  let client: Client | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let open = true;

  const connected = async (): Promise<Client> => {
    if (client !== undefined) return client;
    const fresh = new Client(config);
    const forget = (): void => {
      if (client === fresh) client = undefined;
    };
    // Without a listener an error of an idle connection would end the process.
    fresh.on('error', forget);
    fresh.on('end', forget);
    await fresh.connect();
    client = fresh;
    return fresh;
  };

  const run = async <Result>(work: (client: Client) => Promise<Result>): Promise<Result> => {
    if (!open) throw new StorageFailure('the storage is closed', { final: true });
    const before = last;
    const outcome = (async () => {
      await before;
      return work(await connected());
    })();
    // The next in the queue waits for the end of this one, however it ends.
    last = outcome.catch(() => undefined);
    return outcome;
  };

  return {
    run,
    close: async () => {
      open = false;
      await last;
      await client?.end();
      client = undefined;
    },
  };
}
