import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Bus } from '../../streams/bus.ts';
import { until } from '../../streams/contract/samples.ts';
import { openBus } from '../../streams/embedded/embedded-bus.fixture.ts';
import { hourMs, newId, onceRequest, request, succeeded, textsOn } from '../contract/samples.ts';
import type { StoreUnderTest } from '../contract/store-under-test.ts';
import { describeRequestStoreContract } from '../request-store.contract.ts';
import { RequestStoreFailure, type RequestStore } from '../request-store.ts';
import { openDynamoRequests } from './dynamodb-requests.ts';
import { startDynamo, type DynamoServer } from './test-server.ts';

/** A DynamoDB that is there already, when one is named. */
const given = process.env['COUNTERFOIL_DYNAMODB_ENDPOINT'];
// DynamoDB Local takes any.
process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';

let server: DynamoServer | undefined;
let endpoint = given ?? 'nowhere';

beforeAll(async () => {
  if (given !== undefined) return;
  server = await startDynamo();
  endpoint = server.endpoint;
}, 180_000);
afterAll(async () => server?.stop());

const region = 'eu-central-1';
const topic = 'requests';

const openStore = (
  bus: Bus,
  table: string,
  onFailure: (failure: unknown) => void = () => undefined,
): Promise<RequestStore> => openDynamoRequests({ endpoint, region, table, bus, onFailure });

describeRequestStoreContract(
  'TC-07 the store in DynamoDB',
  async () => {
    const table = `requests-${randomUUID()}`;
    const embedded = await openBus();
    await embedded.bus.ensureTopics([{ name: topic, partitions: 3 }]);
    let { bus } = embedded;
    let requests = await openStore(bus, table);
    const current = (): StoreUnderTest => ({
      requests,
      bus,
      topic,
      reopen: async () => {
        await requests.close();
        bus = await embedded.reopen();
        requests = await openStore(bus, table);
        return current();
      },
      destroy: async () => {
        await requests.close();
        await embedded.destroy();
      },
    });
    return current();
  },
  { expiresByItself: true },
);

/** A table, and a bus on which there is no topic yet: until there is, it takes nothing. */
async function place() {
  const { bus, destroy } = await openBus();
  const table = `requests-${randomUUID()}`;
  const failures: unknown[] = [];
  const stores: RequestStore[] = [];
  const client = new DynamoDBClient({ endpoint, region });
  onTestFinished(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await destroy();
    client.destroy();
  });
  return {
    bus,
    table,
    client,
    failures,
    makeTopic: () => bus.ensureTopics([{ name: topic, partitions: 3 }]),
    open: async () => {
      const store = await openStore(bus, table, (failure) => failures.push(failure));
      stores.push(store);
      return store;
    },
    items: async () => (await client.send(new ScanCommand({ TableName: table }))).Items ?? [],
    /** How many lie in the index of those that are unsent. */
    unsent: async () =>
      (await client.send(new ScanCommand({ TableName: table, IndexName: 'unsent' }))).Count,
  };
}

describe('messages in DynamoDB', () => {
  test('TC-07 that the bus does not take wait, and go in order when it does', async () => {
    const { bus, failures, makeTopic, open, unsent } = await place();
    const requests = await open();
    const texts = Array.from({ length: 345 }, (_, number) => `${number}`);
    for (const text of texts.slice(0, 20)) await requests.accept([request(topic, { text })]);
    await requests.accept(texts.slice(20).map((text) => request(topic, { text })));
    await until(() => failures.length > 1);
    expect(await unsent()).toBe(345);

    await makeTopic();

    await until(async () => (await textsOn(bus, topic)).length === texts.length);
    expect(await textsOn(bus, topic)).toEqual(texts);
    await until(async () => (await unsent()) === 0);
  });

  test('TC-07 that are too many to hold wait in the table, and keep their order', async () => {
    const { bus, makeTopic, open, unsent } = await place();
    const requests = await open();
    const texts = Array.from({ length: 10_500 }, (_, number) => `${number}`);
    await requests.accept(texts.slice(0, 10_400).map((text) => request(topic, { text })));
    await requests.accept(texts.slice(10_400).map((text) => request(topic, { text })));

    await makeTopic();

    await until(async () => (await textsOn(bus, topic)).length === texts.length);
    expect(await textsOn(bus, topic)).toEqual(texts);
    await until(async () => (await unsent()) === 0);
  });

  test('TC-03, TC-07 that a process has left are sent by the next, before its own', async () => {
    const { bus, makeTopic, open } = await place();
    const first = await open();
    await first.accept(['1', '2', '3'].map((text) => request(topic, { text })));
    await first.close();

    const second = await open();
    await second.accept([request(topic, { text: '4' })]);
    await makeTopic();

    await until(async () => (await textsOn(bus, topic)).length === 4);
    expect(await textsOn(bus, topic)).toEqual(['1', '2', '3', '4']);
  });

  test('TC-03, TC-07 that a process has left are sent by one that was there already', async () => {
    const { bus, makeTopic, open, unsent } = await place();
    const [leaving] = await Promise.all([open(), open()]);
    await leaving.accept(['1', '2', '3'].map((text) => request(topic, { text })));
    await leaving.close();

    await makeTopic();

    await until(async () => (await textsOn(bus, topic)).length === 3);
    expect(await textsOn(bus, topic)).toEqual(['1', '2', '3']);
    await until(async () => (await unsent()) === 0);
  });
});

describe('a table of DynamoDB', () => {
  test('TC-03 may be opened by many at once, and a key goes to one of them', async () => {
    const { makeTopic, open } = await place();
    await makeTopic();
    const stores = await Promise.all(Array.from({ length: 4 }, open));
    const keys = Array.from({ length: 20 }, (_, number) => `key-${number}`);

    const answers = await Promise.all(
      stores.map((store, index) =>
        store.accept(
          (index % 2 === 0 ? keys : keys.toReversed()).map((key) => onceRequest(topic, key)),
        ),
      ),
    );

    expect(answers.flat()).toHaveLength(80);
    expect(answers.flat().filter(({ kind }) => kind === 'accepted')).toHaveLength(20);
  });

  test('TC-03 has DynamoDB remove what is settled, and nothing that is pending', async () => {
    const { client, table, items, makeTopic, open } = await place();
    await makeTopic();
    const requests = await open();
    const expiresAtMs = Date.now() + hourMs;
    const [pending, settled] = [request(topic), request(topic, { expiresAtMs })];
    await requests.accept([pending, settled]);
    await requests.settle([{ id: settled.id, outcome: succeeded() }]);

    const { TimeToLiveDescription: expiry } = await client.send(
      new DescribeTimeToLiveCommand({ TableName: table }),
    );

    expect(expiry).toMatchObject({ AttributeName: 'expires', TimeToLiveStatus: 'ENABLED' });
    const expiries = new Map((await items()).map((item) => [item['id']?.S, item['expires']?.N]));
    expect(expiries).toEqual(
      new Map([
        [`request ${pending.id}`, undefined],
        [`request ${settled.id}`, `${Math.ceil(expiresAtMs / 1_000)}`],
      ]),
    );
  });

  test('TC-03 that is not one of requests is refused', async () => {
    const { bus, client, table } = await place();
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );

    await expect(openStore(bus, table)).rejects.toThrow(/is not one of requests/);
  });

  test('TC-03 that can not be reached says so', async () => {
    const { bus } = await place();

    const opening = openDynamoRequests({
      endpoint: 'http://127.0.0.1:9',
      region,
      table: 'requests',
      bus,
      onFailure: () => undefined,
    });

    await expect(opening).rejects.toThrow(RequestStoreFailure);
  });

  test('TC-03 does not take a message that is too large, and takes those beside it', async () => {
    const { makeTopic, open } = await place();
    await makeTopic();
    const requests = await open();
    const [small, large] = [newId(), newId()];

    const [kept, refused] = await Promise.allSettled([
      requests.accept([request(topic, { id: small })]),
      requests.accept([request(topic, { id: large, text: 'x'.repeat(500_000) })]),
    ]);

    expect(kept).toMatchObject({ value: [{ kind: 'accepted' }] });
    expect(refused).toMatchObject({ reason: { name: 'RequestStoreFailure' } });
    expect((await requests.find([small, large])).map((one) => one?.id)).toEqual([small, undefined]);
  });

  test.skipIf(given !== undefined)(
    'TC-03, OP-11 that falls silent for a while is used again by itself',
    async () => {
      const { bus, makeTopic, open } = await place();
      await makeTopic();
      const requests = await open();
      const many = Array.from({ length: 40 }, () => request(topic));
      await requests.accept(many.slice(0, 20));
      const silence = server?.suspend(1_500);

      for (const one of many.slice(20)) await requests.accept([one]);
      await silence;

      await until(async () => (await textsOn(bus, topic)).length === 40);
      expect(await textsOn(bus, topic)).toEqual(many.map(({ id }) => id));
    },
  );
});
