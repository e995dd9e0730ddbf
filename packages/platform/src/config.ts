import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import type { Branded } from '@counterfoil/event-store';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { ConfigError } from './config-error.ts';
import { permissions, roles, type Permission, type Role } from './domain/access/events.ts';
import { retentionDefault, type RetentionYears } from './domain/retention/policy.ts';
import type { ReportSettings } from './reports/report-service.ts';
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
  /** How many reports somebody may ask for, and how long they are kept. */
  readonly reports: ReportSettings;
  readonly logLevel: LogLevel;
  /** In which a moment becomes a business date: an IANA name. */
  readonly timeZone: string;
  /** The business calendar by which trades settle. */
  readonly calendar: 'US' | 'WEEKENDS_ONLY';
  /** Business days from trade to settlement. */
  readonly settlementDays: number;
  readonly demo: boolean;
  /** Of the administrator that the first start makes; undefined for a random one. */
  readonly adminPassword: string | undefined;
  /** Whether anybody may make himself a user, as an investor without accounts. */
  readonly signUp: boolean;
  /** After which an API key's secret expires that was made without saying when. */
  readonly apiKeyDays: number;
  /** The `iss` of access tokens. */
  readonly tokenIssuer: string;
  /** Of this program, as browsers know it; undefined for where it listens. */
  readonly publicUrl: HttpUrl | undefined;
  /** By way of which users may log in. */
  readonly identityProviders: readonly IdentityProvider[];
  /** Certificate and key of TLS, in PEM; undefined for none. */
  readonly tls: TlsFiles | undefined;
  /** Whether it may be reached from elsewhere without TLS. */
  readonly insecure: boolean;
  /** Addresses and ranges whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Whose scripts may read answers in a browser. */
  readonly corsOrigins: readonly string[];
  readonly rateLimits: RateLimits;
  /** What guards the key-encryption keys. */
  readonly keys: KeysConfig;
  /** After which a key-encryption key is replaced. */
  readonly keyRotationDays: number;
  /** The kinds of streams whose events are encrypted as a whole. */
  readonly encryptPayloads: readonly PayloadKind[];
  /** For which what is recorded is kept, at least; by kind of stream. */
  readonly retentionYears: RetentionYears;
  /** The name under which the log signs checkpoints; undefined for one that is made at the first start. */
  readonly origin: string | undefined;
  /** Where checkpoints are kept beside the log's own; undefined for `checkpoints.txt` among the data. */
  readonly checkpointFile: string | undefined;
  /** Who is told of checkpoints. */
  readonly witnesses: readonly WitnessConfig[];
  /** How often the whole record is checked; 0 for only when asked to. */
  readonly checkEveryHours: number;
}

const payloadKinds = ['accounts', 'trades'] as const;
export type PayloadKind = (typeof payloadKinds)[number];

export type KeysConfig =
  /** In a file among the data, which only its owner may read. */
  | { readonly kind: 'file' }
  /** AWS KMS. */
  | {
      readonly kind: 'kms';
      readonly region: string;
      /** Id, ARN or alias. */
      readonly keyId: string;
      /** Undefined for that of the region. */
      readonly endpoint: string | undefined;
    };

export interface WitnessConfig {
  readonly url: HttpUrl;
  /** With which what it is sent is signed. */
  readonly secret: string;
}

/** An OpenID Connect provider. */
export interface IdentityProvider {
  /** As the path of a login names it. */
  readonly name: string;
  readonly issuer: HttpUrl;
  readonly clientId: string;
  /** Undefined for a public client. */
  readonly clientSecret: string | undefined;
  /** What is asked for of users; `openid` is among it. */
  readonly scope: string;
  /** For which its access tokens are made, if they are to be taken. */
  readonly audience: string | undefined;
  /** To which of its clients they have to be given. */
  readonly clients: readonly string[];
  /** The longest that they may be good for. */
  readonly tokenMinutesMax: number;
  /** What their scopes let do, and nothing else; undefined for `counterfoil:read` and the like, where there are any. */
  readonly scopes: Readonly<Record<string, readonly Permission[]>> | undefined;
  /** Whom it vouches for is made a user, if a claim has one of these values; undefined for nobody. */
  readonly provision: ProvisionTerms | undefined;
}

export interface ProvisionTerms {
  readonly claim: string;
  /** By the claim's value. */
  readonly roles: Readonly<Record<string, Role>>;
}

export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Requests a minute. */
export interface RateLimits {
  readonly requestsPerAddress: number;
  readonly requestsPerPrincipal: number;
  /** Of those that try to log in. */
  readonly signInsPerAddress: number;
  /** Of those whose credentials were no good. */
  readonly failuresPerAddress: number;
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

const yearsIn = Type.Optional(Type.Integer({ minimum: 0, maximum: 100 }));

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
    reports: Type.Optional(
      Type.Object(
        {
          perHour: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
          keptDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
          rowsMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
        },
        { additionalProperties: false },
      ),
    ),
    logLevel: Type.Optional(Type.Enum(logLevels)),
    timeZone: Type.Optional(Type.String({ minLength: 1 })),
    calendar: Type.Optional(Type.Enum(['US', 'WEEKENDS_ONLY'])),
    settlementDays: Type.Optional(Type.Integer({ minimum: 0, maximum: 10 })),
    keys: Type.Optional(Type.String({ minLength: 1 })),
    keyRotationDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
    encryptPayloads: Type.Optional(Type.Array(Type.String())),
    retentionYears: Type.Optional(
      Type.Object(
        {
          accounts: yearsIn,
          trades: yearsIn,
          instruments: yearsIn,
          corporateActions: yearsIn,
          users: yearsIn,
          access: yearsIn,
          others: yearsIn,
        },
        { additionalProperties: false },
      ),
    ),
    tls: Type.Optional(
      Type.Object(
        { certificate: Type.String({ minLength: 1 }), key: Type.String({ minLength: 1 }) },
        { additionalProperties: false },
      ),
    ),
    adminPassword: Type.Optional(Type.String({ minLength: 1 })),
    signUp: Type.Optional(Type.Boolean()),
    apiKeyDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
    tokenIssuer: Type.Optional(Type.String({ minLength: 1 })),
    publicUrl: Type.Optional(Type.String({ minLength: 1 })),
    identityProviders: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({ pattern: '^[a-z0-9-]{1,40}$' }),
            issuer: Type.String({ minLength: 1 }),
            clientId: Type.String({ minLength: 1 }),
            clientSecret: Type.Optional(Type.String({ minLength: 1 })),
            scope: Type.Optional(Type.String({ pattern: '(^| )openid( |$)' })),
            audience: Type.Optional(Type.String({ minLength: 1 })),
            clients: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })),
            tokenMinutesMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_440 })),
            scopes: Type.Optional(
              Type.Record(
                Type.String(),
                Type.Array(Type.Unsafe<Permission>(Type.Enum(permissions))),
              ),
            ),
            provision: Type.Optional(
              Type.Object(
                {
                  claim: Type.String({ minLength: 1 }),
                  roles: Type.Record(Type.String(), Type.Unsafe<Role>(Type.Enum(roles))),
                },
                { additionalProperties: false },
              ),
            ),
          },
          { additionalProperties: false },
        ),
      ),
    ),
    insecure: Type.Optional(Type.Boolean()),
    origin: Type.Optional(Type.String({ pattern: '^[!-*,-~]{1,200}$' })),
    checkpointFile: Type.Optional(Type.String({ minLength: 1 })),
    witnesses: Type.Optional(
      Type.Array(
        Type.Object(
          {
            url: Type.String({ pattern: '^https?://' }),
            secret: Type.String({ minLength: 16, maxLength: 1_000 }),
          },
          { additionalProperties: false },
        ),
        { maxItems: 16 },
      ),
    ),
    checkEveryHours: Type.Optional(Type.Integer({ minimum: 0, maximum: 8_760 })),
    trustedProxies: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
    corsOrigins: Type.Optional(Type.Array(Type.String({ pattern: '^https?://[^/*\\s]+$' }))),
    rateLimits: Type.Optional(
      Type.Object(
        {
          requestsPerAddress: Type.Optional(Type.Integer({ minimum: 1 })),
          requestsPerPrincipal: Type.Optional(Type.Integer({ minimum: 1 })),
          signInsPerAddress: Type.Optional(Type.Integer({ minimum: 1 })),
          failuresPerAddress: Type.Optional(Type.Integer({ minimum: 1 })),
        },
        { additionalProperties: false },
      ),
    ),
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
    reports: { perHour: 10, keptDays: 7, rowsMax: 100_000, ...fromFile.reports },
    logLevel: logLevelOf(environment['COUNTERFOIL_LOG_LEVEL']) ?? fromFile.logLevel ?? 'info',
    timeZone,
    calendar: fromFile.calendar ?? 'US',
    settlementDays: fromFile.settlementDays ?? 1,
    demo,
    adminPassword: environment['COUNTERFOIL_ADMIN_PASSWORD'] ?? fromFile.adminPassword,
    signUp: fromFile.signUp ?? false,
    apiKeyDays: fromFile.apiKeyDays ?? 365,
    tokenIssuer: fromFile.tokenIssuer ?? 'counterfoil',
    publicUrl: fromFile.publicUrl === undefined ? undefined : publicUrlOf(fromFile.publicUrl),
    identityProviders: providersOf(fromFile.identityProviders ?? [], fromFile.publicUrl),
    tls: tlsOf(fromFile.tls, file),
    insecure: fromFile.insecure ?? false,
    trustedProxies: proxiesOf(fromFile.trustedProxies ?? []),
    corsOrigins: fromFile.corsOrigins ?? [],
    rateLimits: { ...rateLimitsDefault, ...fromFile.rateLimits },
    keys: keysOf(environment['COUNTERFOIL_KEYS'] ?? fromFile.keys ?? 'file'),
    keyRotationDays: fromFile.keyRotationDays ?? 90,
    encryptPayloads: (fromFile.encryptPayloads ?? []).map(payloadKindOf),
    retentionYears: { ...retentionDefault, ...fromFile.retentionYears },
    origin: fromFile.origin,
    checkpointFile: checkpointFileOf(fromFile.checkpointFile, file),
    witnesses: (fromFile.witnesses ?? []).map(witnessOf),
    checkEveryHours: fromFile.checkEveryHours ?? 24,
  };
}

/** As it is set, seen from the file that sets it. */
function checkpointFileOf(
  text: string | undefined,
  settings: string | undefined,
): string | undefined {
  return text === undefined ? undefined : path.resolve(path.dirname(settings ?? ''), text);
}

function witnessOf({ url, secret }: { url: string; secret: string }): WitnessConfig {
  if (URL.canParse(url)) return { url: url as HttpUrl, secret };
  throw new ConfigError('witnesses has a url that is none: use https://host/path');
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

type ProviderSettings = NonNullable<FileSettings['identityProviders']>;

function providersOf(
  settings: ProviderSettings,
  publicUrl: string | undefined,
): readonly IdentityProvider[] {
  if (settings.length > 0 && publicUrl === undefined) {
    throw new ConfigError(
      'identityProviders send users back to publicUrl: set that to where browsers find this program',
    );
  }
  return settings.map(({ name, issuer, ...provider }, at) => {
    if (settings.findIndex((other) => other.name === name || other.issuer === issuer) !== at) {
      throw new ConfigError(`identityProviders has "${name}" or its issuer twice: name each once`);
    }
    return {
      name,
      issuer: secureUrlOf(issuer, `the issuer of "${name}"`),
      clientId: provider.clientId,
      clientSecret: provider.clientSecret,
      scope: provider.scope ?? 'openid profile email',
      audience: provider.audience,
      clients: provider.clients ?? [provider.clientId],
      tokenMinutesMax: provider.tokenMinutesMax ?? 60,
      scopes: provider.scopes,
      provision: provider.provision,
    };
  });
}

function publicUrlOf(text: string): HttpUrl {
  if (/^https?:\/\/[^/?#\s]+$/.test(text) && URL.canParse(text)) return text as HttpUrl;
  throw new ConfigError(
    'publicUrl is not one: use https://host or http://host:port, without a path',
  );
}

/** Whoever can read or change what a provider says can be anybody here. */
function secureUrlOf(text: string, what: string): HttpUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHere = url !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isHere)) return text as HttpUrl;
  throw new ConfigError(`${what} has to be an https:// URL, or one of this machine`);
}

function keysOf(text: string): KeysConfig {
  if (text === 'file') return { kind: 'file' };
  const [, region, keyId, endpoint] =
    /^kms:\/\/([a-z0-9-]+)\/([A-Za-z0-9:/_-]{1,512})(?:\?endpoint=(https?:\/\/\S+))?$/.exec(text) ??
    [];
  if (region !== undefined && keyId !== undefined) return { kind: 'kms', region, keyId, endpoint };
  throw new ConfigError('COUNTERFOIL_KEYS is not known: use "file" or kms://region/key-id');
}

/**
 * An event that is encrypted is bound to its version: no kind can be that has events which are appended at
 * whatever version, such as decisions on access, nor one that the program must read to let anybody in.
 */
function payloadKindOf(text: string): PayloadKind {
  const kind = payloadKinds.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new ConfigError(
    `encryptPayloads has "${text}", which can't be encrypted as a whole: use ${payloadKinds.join(', ')}`,
  );
}

/** So generous that only what has gone wrong meets them, but where passwords are tried. */
const rateLimitsDefault: RateLimits = {
  requestsPerAddress: 1_500_000,
  requestsPerPrincipal: 1_200_000,
  signInsPerAddress: 60,
  failuresPerAddress: 300,
};

/** Names of files are seen from the file that has them. */
function tlsOf(files: TlsFiles | undefined, settings: string | undefined): TlsFiles | undefined {
  if (files === undefined) return undefined;
  const directory = path.dirname(settings ?? '');
  return {
    certificate: path.resolve(directory, files.certificate),
    key: path.resolve(directory, files.key),
  };
}

function proxiesOf(texts: readonly string[]): readonly string[] {
  for (const text of texts) {
    const [address = '', bits = '0', ...rest] = text.split('/');
    const bitsMax = { 0: -1, 4: 32, 6: 128 }[isIP(address) as 0 | 4 | 6];
    if (/^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax && rest.length === 0) continue;
    throw new ConfigError(
      `trustedProxies has "${text}": use addresses and ranges, such as 10.0.0.0/8`,
    );
  }
  return texts;
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
