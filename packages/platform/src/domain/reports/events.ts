import {
  eventType,
  field,
  streamId,
  type Branded,
  type EventOf,
  type StreamId,
  type ValueOf,
} from '@counterfoil/event-store';

/** Names a report that somebody asked for: `RPT-` and 18 signs, as they are made here. */
export type ReportId = Branded<string, 'ReportId'>;

export const reportNames = [
  'audit-trail',
  'trade-blotter',
  'positions',
  'large-trades',
  'corporate-actions',
] as const;

export type ReportName = (typeof reportNames)[number];

export const reportFormats = ['json', 'csv', 'pdf'] as const;

export type ReportFormat = (typeof reportFormats)[number];

const parameter = field.record('ReportParameter', {
  name: field.text(),
  value: field.text(),
});

/** What a report was asked for with, such as `from` and `2026-01-01`. */
export type ReportParameter = ValueOf<typeof parameter>;

/** Somebody asked for a report and was let have it: it counts against what he may ask for in an hour. */
const ReportRequested = eventType('ReportRequested', {
  reportId: field.text<ReportId>(),
  report: field.text<ReportName>(),
  parameters: field.list(parameter),
  format: field.text<ReportFormat>(),
  /** Whether it comes as a signed package. */
  packaged: field.flag(),
  /** The answer to the request itself, or a job whose file is fetched later. */
  delivery: field.oneOf('ReportDelivery', ['ANSWER', 'JOB']),
  requestedAt: field.instant(),
});

/** The work on a job was begun, or begun again after it had been broken off. */
const ReportBegun = eventType('ReportBegun', {
  reportId: field.text<ReportId>(),
  /** From 1. */
  attempt: field.integer(),
});

/** The report is written. */
const ReportCompleted = eventType('ReportCompleted', {
  reportId: field.text<ReportId>(),
  rows: field.integer(),
  bytes: field.integer(),
  /** Of all that was handed out or lies in the file, in hexadecimal. */
  sha256: field.text(),
  /** What the log had come to for it. */
  position: field.integer(),
  completedAt: field.instant(),
});

/** The report can't be written, and nobody tries again by himself. */
const ReportFailed = eventType('ReportFailed', {
  reportId: field.text<ReportId>(),
  code: field.text(),
  /** A sentence for a human. */
  reason: field.text(),
});

/** Who asked for it wants it no more. */
const ReportCancelled = eventType('ReportCancelled', { reportId: field.text<ReportId>() });

export const reportEventTypes = [
  ReportRequested,
  ReportBegun,
  ReportCompleted,
  ReportFailed,
  ReportCancelled,
];

export type ReportEvent = EventOf<(typeof reportEventTypes)[number]>;

export type ReportDelivery = Extract<ReportEvent, { type: 'ReportRequested' }>['data']['delivery'];

const prefix = 'reports-';

/** What one user has asked for: all of it in one stream, so that two requests can't both be the tenth. */
export function reportsStream(userId: string): StreamId {
  return streamId(prefix + encodeURIComponent(userId));
}

/** The user whose stream it is. */
export function userOfStream(stream: StreamId): string {
  return decodeURIComponent(stream.slice(prefix.length));
}
