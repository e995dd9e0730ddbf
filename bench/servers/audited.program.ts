/**
 * The product in this process: with the record of who was let do what, or without, which no setting turns off.
 */
import { buildServer } from '@counterfoil/platform/src/api/server.ts';
import { loadProcessConfig } from '@counterfoil/platform/src/config.ts';
import { makeFirstAdmin } from '@counterfoil/platform/src/identity/first-admin.ts';
import { startPlatform } from '@counterfoil/platform/src/platform.ts';
import { serverParts } from '@counterfoil/platform/src/server-parts.ts';
import { pino } from 'pino';

const config = loadProcessConfig();
const platform = await startPlatform(config);
await makeFirstAdmin(platform.identity, config.adminPassword);
const { decisions, ...parts } = serverParts(platform, pino({ level: 'warn' }));
const server = await buildServer(process.argv[2] === 'recorded' ? { ...parts, decisions } : parts);
console.log(`It listens on ${await server.listen({ host: '127.0.0.1', port: 0 })}`);

process.once('SIGTERM', () => {
  void server.close().then(platform.close);
});
