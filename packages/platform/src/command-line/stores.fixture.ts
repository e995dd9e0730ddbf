import path from 'node:path';
import type { EventStorage, RecordedEvent } from '@counterfoil/event-store';
import { openSqliteStorage } from '@counterfoil/event-store/sqlite';
import { afterAll, beforeAll } from 'vitest';
import {
  startTestServer,
  type TestServer,
} from '../../../event-store/src/storage/postgres/test-server.ts';
import type { Config } from '../config.ts';
import { openLog, openStorage } from '../stores.ts';
import {
  configOf,
  environmentOf,
  runHere,
  temporaryDirectory,
  type CommandEnd,
  type Environment,
} from './command-line.fixture.ts';

/** What is behind COUNTERFOIL_STORE. */
export const storeKinds = ['SQLite', 'PostgreSQL'] as const;
export type StoreKind = (typeof storeKinds)[number];

/** An empty store with a directory to work in; both go with the test. */
export interface Place {
  readonly environment: Environment;
  readonly config: Config;
  /** A file in the directory. */
  file(name: string): string;
  run(...commandArguments: readonly string[]): Promise<CommandEnd>;
}

/** Call it at the top of a test file: starts a PostgreSQL server for it. */
export function useStores(): (kind: StoreKind) => Promise<Place> {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());
  return async (kind) => placeOn(kind === 'SQLite' ? 'sqlite' : await server.createDatabase());
}

export async function placeOn(store = 'sqlite'): Promise<Place> {
  const directory = await temporaryDirectory();
  const environment = environmentOf(path.join(directory, 'data'), store);
  return {
    environment,
    config: configOf(environment),
    file: (name) => path.join(directory, name),
    run: (...commandArguments) => runHere(commandArguments, environment),
  };
}

/** Everything that a log holds, as it is stored. */
export interface StoredLog {
  readonly records: readonly object[];
  readonly claims: readonly object[];
}

export async function storedLog({ config }: Place): Promise<StoredLog> {
  return contentOf(await openStorage(config));
}

export async function storedFile(file: string): Promise<StoredLog> {
  return contentOf(await openSqliteStorage({ file }));
}

async function contentOf(storage: EventStorage): Promise<StoredLog> {
  try {
    const { position } = await storage.head();
    const types = new Map(
      (await storage.schemas()).map(({ id, type, version }) => [id, `${type} ${version}`]),
    );
    const { records } = await storage.readAll({ after: 0, limit: position + 1 });
    const claims = await storage.listClaims(-1, position);
    return {
      records: records.map(({ schema, body, ...record }) => ({
        ...record,
        type: types.get(schema),
        body: Buffer.from(body).toString('base64'),
      })),
      claims: claims.map(({ note, ...claim }) => ({
        ...claim,
        note: Buffer.from(note).toString('base64'),
      })),
    };
  } finally {
    await storage.close();
  }
}

/** What a log held up to a position. */
export function upTo({ records, claims }: StoredLog, position: number): StoredLog {
  return {
    records: records.slice(0, position),
    claims: claims.filter((claim) => (claim as { position: number }).position <= position),
  };
}

export async function eventsOf({ config }: Place): Promise<readonly RecordedEvent[]> {
  const log = await openLog(config);
  try {
    const { position } = await log.head();
    return (await log.readAll({ after: 0, limit: position + 1 })).events;
  } finally {
    await log.close();
  }
}
