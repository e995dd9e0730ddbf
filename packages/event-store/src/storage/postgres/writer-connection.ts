import { Client, type ClientConfig } from 'pg';
import { StorageFailure } from '../storage.ts';

/** One connection, made again when it broke: what runs on it runs in the order in which it was asked for. */
export interface WriterConnection {
  /**
   * Runs the work alone on the connection. Rejects with what the work or the connecting rejects with; the
   * connection is then thrown away, as only the server knows what state it is in.
   */
  run<Result>(work: (client: Client) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export function createWriterConnection(config: ClientConfig): WriterConnection {
  let current: Session | undefined;
  /** A session that may still be at work on a batch whose fate we do not know. */
  let lost: Session | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let open = true;

  const lose = (client: Client): void => {
    if (current?.client !== client) return;
    lost = current;
    current = undefined;
  };

  const connected = async (): Promise<Client> => {
    if (current !== undefined) return current.client;
    const fresh = await connect(config, lose);
    try {
      if (lost !== undefined) await endSession(fresh.client, lost);
    } catch (cause) {
      abandon(fresh.client);
      throw cause;
    }
    lost = undefined;
    current = fresh;
    return fresh.client;
  };

  const inTurn = async <Result>(work: (client: Client) => Promise<Result>): Promise<Result> => {
    const client = await connected();
    try {
      return await work(client);
    } catch (cause) {
      lose(client);
      abandon(client);
      throw cause;
    }
  };

  return {
    run: (work) => {
      if (!open) {
        return Promise.reject(new StorageFailure('the storage is closed', { final: true }));
      }
      const outcome = last.then(() => inTurn(work));
      // The next in the queue waits for the end of this one, however it ends.
      last = outcome.catch(() => undefined);
      return outcome;
    },
    close: async () => {
      open = false;
      await last;
      await current?.client.end();
    },
  };
}

/** A connection, and how its server process is told from any other that ever had the same number. */
interface Session {
  readonly client: Client;
  readonly pid: number;
  readonly startedAt: string;
}

async function connect(config: ClientConfig, onBreak: (client: Client) => void): Promise<Session> {
  const client = new Client(config);
  // Without a listener an error of an idle connection would end the process.
  client.on('error', () => onBreak(client));
  client.on('end', () => onBreak(client));
  try {
    await client.connect();
    const { rows } = await client.query<{ pid: number; started: string }>(openSession);
    const [row] = rows;
    if (row === undefined) throw new Error('the server does not know this session');
    return { client, pid: row.pid, startedAt: row.started };
  } catch (cause) {
    abandon(client);
    throw cause;
  }
}

function abandon(client: Client): void {
  client.end().catch(() => undefined);
}

/**
 * A commit is on the disk before it is answered, and each statement sees what was committed before it,
 * whatever the defaults of server, database and role; `remote_apply` is stricter still, and stays.
 */
const openSession = `
SELECT pid, backend_start::text AS started,
  set_config('default_transaction_isolation', 'read committed', false),
  CASE WHEN current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')
    THEN set_config('synchronous_commit', 'on', false) END
FROM pg_stat_activity WHERE pid = pg_backend_pid()`;

/**
 * The server may not have noticed that its client is gone, and would commit a batch that we gave up, long
 * after others were written behind it. Once its session has ended, what a reader finds is what there is.
 */
async function endSession(client: Client, { pid, startedAt }: Session): Promise<void> {
  const { rows } = await client.query<{ ended: boolean }>(
    `SELECT pg_terminate_backend(pid, 10000) AS ended FROM pg_stat_activity
     WHERE pid = $1 AND backend_start = $2::timestamptz`,
    [pid, startedAt],
  );
  if (rows[0]?.ended === false) throw new Error('a lost session has not ended yet');
}
