import type { AvroSchema, EventType } from '@counterfoil/event-store';
import { accessEventTypes } from '../domain/access/events.ts';
import { accountEventTypes } from '../domain/accounts/events.ts';
import { apiKeyEventTypes } from '../domain/api-keys/events.ts';
import {
  corporateActionEventTypes,
  holdingsReviewEventTypes,
  holdingsReviewStream,
} from '../domain/corporate-actions/events.ts';
import {
  actionLettersAlarmStream,
  deadLetterAlarmEventTypes,
  deadLetterEventTypes,
} from '../domain/dead-letters/events.ts';
import { instrumentEventTypes, pricesEventTypes } from '../domain/instruments/events.ts';
import { retentionEventTypes, retentionStream } from '../domain/retention/events.ts';
import { tradeRecordEventTypes } from '../domain/trade-records/events.ts';
import {
  sessionEventTypes,
  tokenKeyEventTypes,
  tokenKeysStream,
  unknownLoginEventTypes,
  userEventTypes,
} from '../domain/users/events.ts';
import { keyEventTypes, keyStream } from '../domain/vault/events.ts';

/** The catalog of events: each type with every version of its schema that was ever written. */
export function eventReference(): string {
  return [
    '# Event catalog',
    '',
    'Every fact that the log may hold. Events are stored in Avro under the version of the schema that was',
    'current when they were written, and read as the newest: an upcaster turns each version into the next.',
    'A version, once written, never changes. In JSON, decimals and instants are text.',
    '',
    'Around its data each event has the same envelope: `eventId` (UUID, version 7), `aggregateId` (the',
    'stream), `version` within the stream, `position` within the log, `timestamp` of recording, `eventType`,',
    '`schemaVersion`, and `metadata` with `userId`, `correlationId` and `causationId`.',
    '',
    ...section('Accounts', 'account-{accountId}', accountEventTypes),
    ...section('Instruments', 'instrument-{symbol}', instrumentEventTypes),
    ...section('Prices', 'prices-{symbol}', pricesEventTypes),
    ...section('Trade records', 'trade-record-{trade_id}', tradeRecordEventTypes),
    ...section('Corporate actions', 'corporate-action-{id}', corporateActionEventTypes),
    ...section('Review of holdings', holdingsReviewStream, holdingsReviewEventTypes),
    ...section('Dead letters', 'dead-letter-{topic}-{letter_id}', deadLetterEventTypes),
    ...section('Alarm of dead letters', actionLettersAlarmStream, deadLetterAlarmEventTypes),
    ...section('Retention', retentionStream, retentionEventTypes),
    ...section('Keys', keyStream, keyEventTypes),
    ...section('Decisions on access', 'access-{day}', accessEventTypes),
    ...section('Users', 'user-{user_id}', userEventTypes),
    ...section('Logins of nobody', 'unknown-logins-{day}', unknownLoginEventTypes),
    ...section('Sessions', 'session-{session_id}', sessionEventTypes),
    ...section('Keys of access tokens', tokenKeysStream, tokenKeyEventTypes),
    ...section('API keys', 'api-key-{key_id}', apiKeyEventTypes),
  ].join('\n');
}

function section(title: string, stream: string, types: readonly EventType[]): string[] {
  return [`## ${title}`, `Streams \`${stream}\`.`, '', ...types.flatMap(eventSection)];
}

function eventSection({ type, schemas }: EventType): string[] {
  return [
    `### ${type}`,
    ...schemas
      .toReversed()
      .flatMap(({ version, avro, upcast }) => [
        `Version ${version}${upcast === undefined ? '' : `, read as version ${version + 1}`}`,
        '',
        '| field | type |',
        '|---|---|',
        ...fieldsOf(avro).map(({ name, type: field }) => `| \`${name}\` | ${typeText(field)} |`),
        '',
      ]),
  ];
}

interface RecordField {
  readonly name: string;
  readonly type: AvroSchema;
}

function fieldsOf(schema: AvroSchema): readonly RecordField[] {
  return typeof schema === 'object' && 'fields' in schema
    ? (schema['fields'] as readonly RecordField[])
    : [];
}

function typeText(schema: AvroSchema): string {
  if (typeof schema === 'string') return plainNames[schema] ?? schema;
  if (isUnion(schema)) {
    const branches = schema.filter((branch) => branch !== 'null').map(typeText);
    return `${branches.join(' or ')}, or null`;
  }
  const { type, logicalType } = schema;
  if (schema['sensitive'] === true) return 'sensitive text, stored encrypted';
  if (logicalType === 'decimal') {
    return `decimal, ${String(schema['precision'])} digits, ${String(schema['scale'])} of them behind the point`;
  }
  if (logicalType === 'date') return 'date';
  if (logicalType === 'timestamp-nanos') return 'instant';
  if (type === 'enum') return `one of ${(schema['symbols'] as string[]).join(', ')}`;
  if (type === 'array') return `list of (${typeText(schema['items'] as AvroSchema)})`;
  if (type === 'record') {
    const members = fieldsOf(schema).map((field) => `\`${field.name}\` ${typeText(field.type)}`);
    return `${String(schema['name'])}: ${members.join('; ')}`;
  }
  return typeText(type);
}

const plainNames: Readonly<Record<string, string>> = {
  string: 'text',
  long: 'whole number',
  boolean: 'true or false',
  bytes: 'bytes, base64 in JSON',
};

function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}
