/**
 * The product in this process, told by messages to stop taking trades from its queue, and to go on: what the
 * command line has no word for.
 */
import type { AddressInfo } from 'node:net';
import { buildServer } from '@counterfoil/platform/src/api/server.ts';
import { loadConfig } from '@counterfoil/platform/src/config.ts';
import { permissions } from '@counterfoil/platform/src/domain/access/events.ts';
import { newApiKeyId } from '@counterfoil/platform/src/identity/random-ids.ts';
import { startPlatform } from '@counterfoil/platform/src/platform.ts';
import { serverParts } from '@counterfoil/platform/src/server-parts.ts';
import { pino } from 'pino';

export type CaptureServerTask = 'start' | 'key' | 'pause' | 'resume' | 'backlog';

const config = loadConfig({
  environment: { COUNTERFOIL_DATA_DIR: JSON.parse(process.argv[2] ?? '') },
});
const platform = await startPlatform(config);
const { trades } = platform;
const server = await buildServer(serverParts(platform, pino({ level: 'warn' })));
await server.listen({ host: '127.0.0.1', port: 0 });

process.on('message', (task: CaptureServerTask) => {
  void run(task).then((answer) => process.send?.({ answer }));
});
process.on('disconnect', () => {
  void server.close().then(platform.close);
});

async function run(task: CaptureServerTask): Promise<string | number> {
  switch (task) {
    case 'start':
      return `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
    case 'key': {
      const terms = { name: 'bench', permissions, accounts: [], lifetimeDays: undefined };
      const options = { cause: { userId: 'bench' } };
      return (await platform.identity.apiKeys.create(newApiKeyId(), terms, options)).secret;
    }
    case 'pause':
      await trades.pause();
      return 0;
    case 'resume':
      await trades.resume();
      return 0;
    case 'backlog':
      return trades.backlog();
  }
}
