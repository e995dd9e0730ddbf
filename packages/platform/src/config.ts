import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Branded } from '@counterfoil/event-store';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { BreakerSettings } from './resilience/breakers.ts';

/** Everything that can be set, checked once at start. Docs: docs/operate.md. */
export interface Config {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where the embedded stores keep their files. */
  readonly dataDirectory: string;
  readonly store: StoreConfig;
  readonly bus: BusConfig;
  /** Precedes the names of topics and groups on Kafka. */
  readonly topicPrefix: string;
  readonly requestStore: RequestStoreConfig;
  /** How long the outcome of a request can be asked for. */
  readonly requestDays: number;
  /** Where the schemas of messages are: in the program, or the URL of a Confluent Schema Registry. */
  readonly schemaRegistry: 'local' | HttpUrl;
  /** When a part that is out of order is left alone. */
  readonly breakers: BreakerSettings;
  readonly logLevel: LogLevel;
  /** In which a moment becomes a business date: an IANA name. */
  readonly timeZone: string;
  /** The business calendar by which trades settle. */
  readonly calendar: 'US' | 'WEEKENDS_ONLY';
  /** Business days from trade to settlement. */
  readonly settlementDays: number;
  readonly demo: boolean;
}

export type StoreConfig =
  | { readonly kind: 'sqlite' }
  | { readonly kind: 'postgres'; readonly connectionString: string }
  | { readonly kind: 'memory' };

export type BusConfig =
  | { readonly kind: 'embedded' }
  | {
      readonly kind: 'kafka';
      /** `host:port` each. */
      readonly brokers: readonly string[];
    };

/** Where accepted requests are kept with their outcomes. */
export type RequestStoreConfig =
  /** In the file of the embedded bus. */
  | { readonly kind: 'embedded' }
  /** In the database of the log. */
  | { readonly kind: 'postgres'; readonly connectionString: string }
  | {
      readonly kind: 'dynamodb';
      readonly region: string;
      readonly table: string;
      /** Undefined for that of the region. */
      readonly endpoint: string | undefined;
    };

/** `http://` or `https://`; it may hold a password. */
export type HttpUrl = Branded<string, 'HttpUrl'>;

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** A setting can't be used; the message names it, says what is wrong and what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const fileShape = Type.Object(
  {
    host: Type.Optional(Type.String({ minLength: 1 })),
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    dataDirectory: Type.Optional(Type.String({ minLength: 1 })),
    store: Type.Optional(Type.String({ minLength: 1 })),
    bus: Type.Optional(Type.String({ minLength: 1 })),
    topicPrefix: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9._-]{0,100}$' })),
    requestStore: Type.Optional(Type.String({ minLength: 1 })),
    requestDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 365 })),
    schemaRegistry: Type.Optional(Type.String({ minLength: 1 })),
    breakers: Type.Optional(
      Type.Object(
        {
          failures: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
          windowSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_600 })),
          halfOpenAfterSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_600 })),
        },
        { additionalProperties: false },
      ),
    ),
    logLevel: Type.Optional(Type.Enum(logLevels)),
    timeZone: Type.Optional(Type.String({ minLength: 1 })),
    calendar: Type.Optional(Type.Enum(['US', 'WEEKENDS_ONLY'])),
    settlementDays: Type.Optional(Type.Integer({ minimum: 0, maximum: 10 })),
  },
  { additionalProperties: false },
);

type FileSettings = Static<typeof fileShape>;

const fileValidator = Compile(fileShape);

export interface ConfigSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The file named by `--config`. */
  readonly file?: string | undefined;
  readonly demo?: boolean | undefined;
}

/**
 * One validated configuration: defaults, over them the file, over it the environment. Throws a ConfigError
 * at the first setting that can't be used.
 */
export function loadConfig({ environment, file, demo = false }: ConfigSources): Config {
  const fromFile = file === undefined ? {} : readSettings(file);
  const timeZone = fromFile.timeZone ?? 'America/New_York';
  checkTimeZone(timeZone);
  const store = storeOf(environment['COUNTERFOIL_STORE'] ?? fromFile.store ?? 'sqlite');
  const bus = busOf(environment['COUNTERFOIL_BUS'] ?? fromFile.bus ?? 'embedded');
  return {
    host: environment['COUNTERFOIL_HOST'] ?? fromFile.host ?? '127.0.0.1',
    port: portOf(environment['COUNTERFOIL_PORT']) ?? fromFile.port ?? 8000,
    dataDirectory: path.resolve(
      environment['COUNTERFOIL_DATA_DIR'] ?? fromFile.dataDirectory ?? 'data',
    ),
    store,
    bus,
    topicPrefix: fromFile.topicPrefix ?? 'counterfoil.',
    requestStore: requestStoreOf(fromFile.requestStore, store, bus),
    requestDays: fromFile.requestDays ?? 7,
    schemaRegistry: schemaRegistryOf(fromFile.schemaRegistry ?? 'local'),
    breakers: { failures: 5, windowSeconds: 60, halfOpenAfterSeconds: 30, ...fromFile.breakers },
    logLevel: logLevelOf(environment['COUNTERFOIL_LOG_LEVEL']) ?? fromFile.logLevel ?? 'info',
    timeZone,
    calendar: fromFile.calendar ?? 'US',
    settlementDays: fromFile.settlementDays ?? 1,
    demo,
  };
}

/** The configuration of this process: the only place that reads its environment. */
export function loadProcessConfig(options: Omit<ConfigSources, 'environment'> = {}): Config {
  return loadConfig({ ...options, environment: process.env });
}

function readSettings(file: string): FileSettings {
  let settings: unknown;
  try {
    settings = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`${file} can't be read as JSON: ${String(cause)}`, { cause });
  }
  if (fileValidator.Check(settings)) return settings;
  const problems = fileValidator
    .Errors(settings)
    .map(({ instancePath, message }) => `${instancePath || '(the file)'} ${message}`);
  throw new ConfigError(`${file}: ${problems.join('; ')}`);
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new ConfigError(`COUNTERFOIL_PORT is "${text}": use a number from 0 to 65535`);
}

function logLevelOf(text: string | undefined): LogLevel | undefined {
  if (text === undefined) return undefined;
  const level = logLevels.find((known) => known === text);
  if (level !== undefined) return level;
  throw new ConfigError(`COUNTERFOIL_LOG_LEVEL is "${text}": use one of ${logLevels.join(', ')}`);
}

function storeOf(text: string): StoreConfig {
  if (text === 'sqlite') return { kind: 'sqlite' };
  if (text === 'memory') return { kind: 'memory' };
  if (/^postgres(ql)?:\/\//.test(text)) return { kind: 'postgres', connectionString: text };
  // The value may hold a password: it is not repeated.
  throw new ConfigError(
    'COUNTERFOIL_STORE is not known: use "sqlite", "memory" or postgres://user@host/database',
  );
}

function busOf(text: string): BusConfig {
  if (text === 'embedded') return { kind: 'embedded' };
  const [, brokers] = /^kafka:\/\/([^/@]+)$/.exec(text) ?? [];
  const named = brokers?.split(',') ?? [];
  if (named.length > 0 && named.every((broker) => /^[^\s:]+:\d{1,5}$/.test(broker))) {
    return { kind: 'kafka', brokers: named };
  }
  throw new ConfigError(
    'COUNTERFOIL_BUS is not known: use "embedded" or kafka://host:port,host:port',
  );
}

/** What was asked for, or what goes with the bus: a request and its message have to be kept as one. */
function requestStoreOf(
  text: string | undefined,
  store: StoreConfig,
  bus: BusConfig,
): RequestStoreConfig {
  const wanted = text ?? (bus.kind === 'embedded' ? 'embedded' : 'postgres');
  if (wanted === 'embedded') {
    if (bus.kind === 'embedded') return { kind: 'embedded' };
    throw new ConfigError('requestStore "embedded" goes with the embedded bus only');
  }
  if (wanted === 'postgres') {
    if (store.kind === 'postgres') return store;
    throw new ConfigError(
      'requests next to Kafka are kept in PostgreSQL or DynamoDB: set COUNTERFOIL_STORE to ' +
        'postgres://user@host/database, or requestStore to dynamodb://region/table',
    );
  }
  const [, region, table, endpoint] =
    /^dynamodb:\/\/([a-z0-9-]+)\/([A-Za-z0-9._-]{3,255})(?:\?endpoint=(https?:\/\/\S+))?$/.exec(
      wanted,
    ) ?? [];
  if (region !== undefined && table !== undefined) {
    return { kind: 'dynamodb', region, table, endpoint };
  }
  throw new ConfigError(
    'requestStore is not known: use "embedded", "postgres" or dynamodb://region/table',
  );
}

function schemaRegistryOf(text: string): Config['schemaRegistry'] {
  if (text === 'local') return text;
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text as HttpUrl;
  // The value may hold a password: it is not repeated.
  throw new ConfigError('schemaRegistry is not known: use "local" or http://host:port');
}

function checkTimeZone(timeZone: string): void {
  try {
    Intl.DateTimeFormat('en', { timeZone });
  } catch (cause) {
    throw new ConfigError(`timeZone "${timeZone}" is no IANA time zone, such as America/New_York`, {
      cause,
    });
  }
}
