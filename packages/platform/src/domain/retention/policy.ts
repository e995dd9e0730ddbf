import {
  calendarDate,
  dateOfEpochDay,
  epochDayOf,
  parseCalendarDate,
  type Instant,
  type StreamId,
} from '@counterfoil/event-store';

/** For how many years what is recorded is kept, at least, by kind of stream. */
export interface RetentionYears {
  readonly accounts: number;
  readonly trades: number;
  readonly instruments: number;
  readonly corporateActions: number;
  readonly users: number;
  readonly access: number;
  /** Whatever is none of these. */
  readonly others: number;
}

export type RecordKind = keyof RetentionYears;

/** SEC rule 17a-4 asks a broker for six years, MiFID II article 16(7) for five, or seven where asked for. */
const years = 7;

export const retentionDefault: RetentionYears = {
  accounts: years,
  trades: years,
  instruments: years,
  corporateActions: years,
  users: years,
  access: years,
  others: years,
};

const kindsByPrefix: readonly (readonly [prefix: string, kind: RecordKind])[] = [
  ['account-', 'accounts'],
  ['trade-record-', 'trades'],
  ['instrument-', 'instruments'],
  ['prices-', 'instruments'],
  ['corporate-action-', 'corporateActions'],
  ['user-', 'users'],
  ['api-key-', 'users'],
  ['access-', 'access'],
];

export function kindOf(stream: StreamId): RecordKind {
  return kindsByPrefix.find(([prefix]) => stream.startsWith(prefix))?.[1] ?? 'others';
}

/** Up to which what was recorded last of a stream has to be kept. */
export function keptUntil(stream: StreamId, recordedAt: Instant, policy: RetentionYears): Instant {
  const date = dateOfEpochDay(Number(recordedAt / nanosecondsOfDay));
  const year = Number(date.slice(0, 4)) + policy[kindOf(stream)];
  // Where there is no 29 February it is kept for a day longer, and never for a day less.
  const last = parseCalendarDate(`${year}${date.slice(4)}`) ?? calendarDate(`${year}-03-01`);
  return (BigInt(epochDayOf(last)) * nanosecondsOfDay + (recordedAt % nanosecondsOfDay)) as Instant;
}

const nanosecondsOfDay = 86_400_000_000_000n;
