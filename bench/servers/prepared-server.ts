import { configFor, openLedger } from '../load/ledger.ts';
import { prepareLedger } from '../load/prepare.ts';
import { untilCaughtUp } from './caught-up.ts';
import { startCounterfoil, type HttpServer } from './http-server.ts';

/** The product with its accounts opened, on SQLite in the directory or on the database named. */
export async function startPrepared(
  accounts: number,
  dataDirectory: string,
  connectionString?: string,
): Promise<HttpServer> {
  const config = configFor(dataDirectory, connectionString);
  const { ledger, close } = await openLedger(config);
  await prepareLedger(ledger, accounts);
  await close();
  const server = await startCounterfoil(config);
  await untilCaughtUp(server.url);
  return server;
}
