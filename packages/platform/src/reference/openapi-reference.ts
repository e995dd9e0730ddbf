import { pino } from 'pino';
import { buildServer, type ServerParts } from '../api/server.ts';

/** The OpenAPI document of the server, from the very routes that it serves. */
export async function openApiReference(): Promise<string> {
  // Routes are declared here and never called, so nothing stands behind them.
  const server = await buildServer({
    logger: pino({ level: 'silent' }),
    ledger: {},
    trades: {},
    log: { raw: {} },
    record: {},
    identity: {},
    reports: {},
    retention: {},
  } as unknown as ServerParts);
  await server.ready();
  const document = server.swagger();
  await server.close();
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
