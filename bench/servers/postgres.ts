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
  return startTestServer(settings);
}
