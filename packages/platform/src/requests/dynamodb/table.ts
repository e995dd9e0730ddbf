import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  type CreateTableCommandInput,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';

/** The index of the items whose message is not on the bus yet; others lack its attributes. */
export const unsentIndex = 'unsent';

const creatableWithinSeconds = 120;

/** Makes the table when it is missing, and resolves once it can be used. Several processes may start at once. */
export async function makeTable(client: DynamoDBClient, table: string): Promise<void> {
  if (!(await tableIsThere(client, table))) {
    try {
      await client.send(new CreateTableCommand(definition(table)));
    } catch (cause) {
      // Another process was faster.
      if (!(cause instanceof ResourceInUseException)) throw cause;
    }
  }
  await waitUntilTableExists(
    { client, maxWaitTime: creatableWithinSeconds, minDelay: 1, maxDelay: 3 },
    { TableName: table },
  );
  await enableExpiry(client, table);
}

/** Rejects when there is a table of that name which is for something else. */
async function tableIsThere(client: DynamoDBClient, table: string): Promise<boolean> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    if (Table?.GlobalSecondaryIndexes?.some(({ IndexName }) => IndexName === unsentIndex)) {
      return true;
    }
  } catch (cause) {
    if (cause instanceof ResourceNotFoundException) return false;
    throw cause;
  }
  throw new Error(`table ${table} is not one of requests: name another, or remove it`);
}

function definition(table: string): CreateTableCommandInput {
  return {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'id', AttributeType: 'S' },
      { AttributeName: 'unsent', AttributeType: 'S' },
      { AttributeName: 'place', AttributeType: 'S' },
    ],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: unsentIndex,
        KeySchema: [
          { AttributeName: 'unsent', KeyType: 'HASH' },
          { AttributeName: 'place', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  };
}

async function enableExpiry(client: DynamoDBClient, table: string): Promise<void> {
  if (await expiryIsEnabled(client, table)) return;
  try {
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: table,
        TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      }),
    );
  } catch (cause) {
    // Refused also when another process has just done it.
    if (!(await expiryIsEnabled(client, table))) throw cause;
  }
}

async function expiryIsEnabled(client: DynamoDBClient, table: string): Promise<boolean> {
  const { TimeToLiveDescription: found } = await client.send(
    new DescribeTimeToLiveCommand({ TableName: table }),
  );
  return (
    found?.AttributeName === 'expires' &&
    (found.TimeToLiveStatus === 'ENABLED' || found.TimeToLiveStatus === 'ENABLING')
  );
}
