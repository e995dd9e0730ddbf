import { afterAll, beforeAll } from 'vitest';
import { startTestServer, type TestServer } from '../../storage/postgres/test-server.ts';
import { openReadModels } from '../database.ts';
import { describeReadModels } from '../read-models.contract.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(async () => {
  await server.stop();
});

describeReadModels('LG-10 PostgreSQL', async () => {
  const connectionString = await server.createDatabase();
  return openReadModels({ kind: 'postgres', connectionString });
});
