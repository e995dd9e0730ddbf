import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import {
  startTestServer,
  type TestServer,
} from '../../../../event-store/src/storage/postgres/test-server.ts';
import { startKafka, type KafkaServer } from '../../streams/kafka/test-server.ts';
import { openServer, type ServerFixture } from '../server.fixture.ts';
import { describeWorkedCases } from './worked-cases.contract.ts';

let database: TestServer;
let kafka: KafkaServer | undefined;
let directory: string;

/** A cluster that is there already, when one is named. */
const given = process.env['COUNTERFOIL_BUS']?.startsWith('kafka://') === true;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-events-'));
  database = await startTestServer();
  if (!given) kafka = await startKafka();
}, 240_000);
afterAll(async () => {
  await kafka?.stop();
  await database.stop();
  await rm(directory, { recursive: true, force: true });
});

describeWorkedCases('PostgreSQL with Kafka', async (): Promise<ServerFixture> => {
  // A cluster may be used by others, so topics and groups are its own.
  const topicPrefix = `${randomUUID()}.`;
  const file = path.join(directory, `${topicPrefix}json`);
  await writeFile(file, JSON.stringify({ topicPrefix }));
  const bus = kafka === undefined ? process.env['COUNTERFOIL_BUS'] : `kafka://${kafka.broker}`;
  const store = await database.createDatabase();
  return openServer({
    environment: { COUNTERFOIL_STORE: store, COUNTERFOIL_BUS: bus ?? '' },
    file,
  });
});
