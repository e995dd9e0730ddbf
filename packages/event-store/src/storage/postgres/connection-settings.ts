import type { ClientConfig } from 'pg';

/** How long, at most, anything may hang: no wait is for ever, neither ours nor another writer's for us. */
export function connectionSettings(
  connectionString: string,
  lockTimeoutMs: number,
): ClientConfig & { readonly connectionString: string } {
  const statementTimeoutMs = Math.max(3 * lockTimeoutMs, 3_000);
  const settings = {
    lock_timeout: lockTimeoutMs,
    statement_timeout: statementTimeoutMs,
    // Whoever stops between locking the log and committing must not stop the others for long.
    idle_in_transaction_session_timeout: Math.ceil(lockTimeoutMs / 2),
    // Compiling pays for queries over millions of rows, of which there are none here.
    jit: 'off',
  };
  return {
    connectionString,
    application_name: 'counterfoil',
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    connectionTimeoutMillis: 10_000,
    // For when the server, or the way to it, has fallen silent.
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}
