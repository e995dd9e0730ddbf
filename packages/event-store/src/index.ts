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
export {
  isSensitive,
  openTextOf,
  parseSealed,
  plainSensitive,
  Sealed,
  sealedMark,
  sealedText,
  type Place,
  type Sensitive,
} from './kernel/sensitive.ts';
export type { EventLog, EventPage, EventQuery } from './engine/event-log.ts';
export type { Aggregate, HistoryNeed, SnapshotFormat } from './kernel/aggregate.ts';
export { SchemaMismatch } from './engine/avro-codec.ts';
export {
  ContentionError,
  createCommandHandler,
  type CommandHandler,
  type CommandHandlerOptions,
} from './engine/command-handler.ts';
export type { HandleOptions, OnceOptions } from './engine/handle-options.ts';
export {
  createJointHandler,
  type Beside,
  type JointDecider,
  type JointDecision,
  type JointHandler,
} from './engine/joint-command.ts';
export { createStagedStreams, type StagedStreams } from './engine/staged-streams.ts';
export type {
  AlreadyHandled,
  CommandAccepted,
  CommandRejected,
  CommandResult,
  DecidedOutcome,
  VersionMismatch,
} from './engine/command-result.ts';
export type { Cause } from './engine/envelope.ts';
export {
  openEventStore,
  type AppendResult,
  type EventAppend,
  type EventCommit,
  type EventsAppended,
  type EventStore,
  type EventStoreOptions,
} from './engine/event-store.ts';
export {
  copyLog,
  CopyMismatch,
  type CopyEnd,
  type CopyOptions,
  type CopyResult,
} from './engine/copy-log.ts';
export { StoreOverloaded, type GroupCommitOptions } from './engine/group-commit.ts';
export {
  BreakingSchemaChange,
  checkEventTypes,
  UnknownEventType,
} from './engine/schema-registry.ts';
export { subscribe, type SubscriptionOptions } from './engine/subscription.ts';
export {
  SchemaConflict,
  StorageFailure,
  type Claim,
  type Claimed,
  type Conflict,
  type EventStorage,
  type Expectation,
  type Head,
  type HeldClaim,
} from './storage/storage.ts';
