import { Pool } from 'pg';

const connectionsMax = 8;
const lockTimeoutMs = 5_000;
const statementTimeoutMs = 20_000;
/** The relay waits for the bus in its transaction; who takes longer is taken for gone. */
const idleInTransactionTimeoutMs = 60_000;

/**
 * Connections on which a commit is on the disk before it is answered, and no wait is for ever. They are made
 * when needed, and made again when they broke.
 */
export function openPool(connectionString: string): Pool {
  const settings = {
    lock_timeout: lockTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    default_transaction_isolation: String.raw`read\ committed`,
    synchronous_commit: 'on',
    jit: 'off',
  };
  const pool = new Pool({
    connectionString,
    application_name: 'counterfoil requests',
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    max: connectionsMax,
    connectionTimeoutMillis: 10_000,
    // For when the server, or the way to it, has fallen silent.
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  // Idle connections break when the server restarts: the pool makes new ones.
  pool.on('error', () => undefined);
  return pool;
}
