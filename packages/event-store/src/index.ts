export type { Branded } from './kernel/brand.ts';
export {
  addDays,
  calendarDate,
  dateOfEpochDay,
  epochDayOf,
  parseCalendarDate,
  weekdayOf,
  type CalendarDate,
} from './kernel/calendar-date.ts';
export { accept, fold, refuse, type Decider, type Decision } from './kernel/decider.ts';
export {
  allocate,
  decimalKind,
  divide,
  formatUnits,
  powerOfTen,
  rescale,
  type DecimalKind,
  type DecimalProblem,
  type Parsed,
  type Rounding,
} from './kernel/decimal.ts';
export {
  eventType,
  type DomainEvent,
  type EventMetadata,
  type EventOf,
  type EventSchema,
  type EventType,
  type RecordedEvent,
} from './kernel/event.ts';
export * as field from './kernel/fields.ts';
export type { AvroSchema, Field, Fields, ValueOf, ValuesOf } from './kernel/fields.ts';
export {
  isUuid,
  streamId,
  type EventId,
  type RandomBytes,
  type StreamId,
} from './kernel/identifiers.ts';
export {
  formatInstant,
  instantFromMicroseconds,
  instantFromMilliseconds,
  microsecondsOf,
  parseInstant,
  type Clock,
  type Instant,
} from './kernel/instant.ts';
export type {
  Cell,
  ColumnType,
  Projection,
  Row,
  RowChange,
  RowUpdated,
  RowWritten,
} from './kernel/projection.ts';
export type { EventLog, EventPage, EventQuery } from './engine/event-log.ts';
