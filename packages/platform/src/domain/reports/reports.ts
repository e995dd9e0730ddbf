import {
  accept,
  refuse,
  type Aggregate,
  type Decision,
  type Instant,
} from '@counterfoil/event-store';
import type {
  ReportDelivery,
  ReportEvent,
  ReportFormat,
  ReportId,
  ReportName,
  ReportParameter,
} from './events.ts';

// What one user has asked for. The limit of an hour is counted here and nowhere else, so a restart forgets
// none of it, and requests at the same moment are counted one after the other.

export interface Reports {
  /** When the reports of the last hour were asked for, the earliest first. */
  readonly recent: readonly Instant[];
  /** The latest, in the order in which they were asked for. */
  readonly reports: ReadonlyMap<ReportId, Report>;
}

/** A report that was asked for, and what became of it. */
export interface Report extends ReportAsked {
  readonly status: ReportStatus;
  readonly requestedAt: Instant;
  /** How often the work on it was begun. */
  readonly attempts: number;
  readonly completed: ReportResult | undefined;
  readonly failed: ReportFailure | undefined;
}

export type ReportStatus = 'REQUESTED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';

export interface ReportAsked {
  readonly reportId: ReportId;
  readonly report: ReportName;
  readonly parameters: readonly ReportParameter[];
  readonly format: ReportFormat;
  readonly packaged: boolean;
  readonly delivery: ReportDelivery;
}

export interface ReportResult {
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly position: number;
  readonly completedAt: Instant;
}

export interface ReportFailure {
  readonly code: string;
  readonly reason: string;
}

export interface RequestReport extends ReportAsked {
  readonly type: 'RequestReport';
  readonly at: Instant;
  /** How many reports one user may ask for in an hour. */
  readonly perHour: number;
}

export type ReportCommand =
  | RequestReport
  | { readonly type: 'BeginReport'; readonly reportId: ReportId; readonly attemptsMax: number }
  | ({ readonly type: 'CompleteReport'; readonly reportId: ReportId } & ReportResult)
  | ({ readonly type: 'FailReport'; readonly reportId: ReportId } & ReportFailure)
  | { readonly type: 'CancelReport'; readonly reportId: ReportId };

export type ReportRejection =
  | {
      readonly code: 'REPORT_LIMIT';
      readonly perHour: number;
      readonly at: Instant;
      /** From when on the next may be asked for. */
      readonly nextAt: Instant;
    }
  | { readonly code: 'REPORT_UNKNOWN' }
  | { readonly code: 'REPORT_NOT_RUNNING'; readonly status: ReportStatus };

const hourNanoseconds = 3_600_000_000_000n;

/** Ten an hour for a week, and some. Older ones are forgotten by the state; the log keeps them. */
const reportsKept = 2_000;

export const reportsAggregate: Aggregate<ReportCommand, Reports, ReportEvent, ReportRejection> = {
  initial: { recent: [], reports: new Map() },
  decide,
  evolve,
};

type Decided = Decision<ReportEvent, ReportRejection>;

function decide(command: ReportCommand, state: Reports): Decided {
  switch (command.type) {
    case 'RequestReport':
      return request(command, state);
    case 'BeginReport':
      return begin(command, state);
    case 'CompleteReport': {
      const { type: _, ...data } = command;
      return whileOpen(command, state, { type: 'ReportCompleted', data });
    }
    case 'FailReport': {
      const { type: _, ...data } = command;
      return whileOpen(command, state, { type: 'ReportFailed', data });
    }
    case 'CancelReport':
      return cancel(command, state);
  }
}

function request(command: RequestReport, { recent }: Reports): Decided {
  const { type: _, at, perHour, ...asked } = command;
  const counted = recent.filter((instant) => instant > at - hourNanoseconds);
  // The one with which the limit was reached: when it is an hour old, there is room for one more.
  const limiting = counted.at(-perHour);
  if (limiting !== undefined) {
    const nextAt = (limiting + hourNanoseconds) as Instant;
    return refuse({ code: 'REPORT_LIMIT', perHour, at, nextAt });
  }
  return accept({ type: 'ReportRequested', data: { ...asked, requestedAt: at } });
}

/** A job that took the program down with it each time is not begun for ever. */
function begin(
  { reportId, attemptsMax }: Extract<ReportCommand, { type: 'BeginReport' }>,
  { reports }: Reports,
): Decided {
  const report = reports.get(reportId);
  if (report === undefined) return refuse({ code: 'REPORT_UNKNOWN' });
  const { status, attempts } = report;
  if (!isOpen(report)) return refuse({ code: 'REPORT_NOT_RUNNING', status });
  if (attempts < attemptsMax) {
    return accept({ type: 'ReportBegun', data: { reportId, attempt: attempts + 1 } });
  }
  const failure = {
    code: 'REPORT_GIVEN_UP',
    reason: `It was begun ${attempts} times and never came to its end.`,
  };
  return refuse(
    { code: 'REPORT_NOT_RUNNING', status: 'FAILED' },
    { type: 'ReportFailed', data: { reportId, ...failure } },
  );
}

function whileOpen(
  { reportId }: { readonly reportId: ReportId },
  { reports }: Reports,
  event: ReportEvent,
): Decided {
  const report = reports.get(reportId);
  if (report === undefined) return refuse({ code: 'REPORT_UNKNOWN' });
  return isOpen(report)
    ? accept(event)
    : refuse({ code: 'REPORT_NOT_RUNNING', status: report.status });
}

function cancel({ reportId }: { readonly reportId: ReportId }, { reports }: Reports): Decided {
  const report = reports.get(reportId);
  if (report === undefined || report.delivery !== 'JOB') return refuse({ code: 'REPORT_UNKNOWN' });
  const { status } = report;
  if (status === 'CANCELLED') return accept();
  return isOpen(report)
    ? accept({ type: 'ReportCancelled', data: { reportId } })
    : refuse({ code: 'REPORT_NOT_RUNNING', status });
}

/** Whether it is still to be written. */
function isOpen({ status }: Pick<Report, 'status'>): boolean {
  return status === 'REQUESTED' || status === 'RUNNING';
}

function evolve({ recent, reports }: Reports, event: ReportEvent): Reports {
  switch (event.type) {
    case 'ReportRequested': {
      const { requestedAt, ...asked } = event.data;
      const after = new Map(reports);
      after.set(asked.reportId, {
        ...asked,
        status: 'REQUESTED',
        requestedAt,
        attempts: 0,
        completed: undefined,
        failed: undefined,
      });
      const [oldest] = after.keys();
      if (after.size > reportsKept && oldest !== undefined) after.delete(oldest);
      const counted = recent.filter((instant) => instant > requestedAt - hourNanoseconds);
      return { recent: [...counted, requestedAt], reports: after };
    }
    case 'ReportBegun':
      return changed({ status: 'RUNNING', attempts: event.data.attempt });
    case 'ReportCompleted': {
      const { reportId: _, ...completed } = event.data;
      return changed({ status: 'COMPLETED', completed });
    }
    case 'ReportFailed': {
      const { reportId: _, ...failed } = event.data;
      return changed({ status: 'FAILED', failed });
    }
    case 'ReportCancelled':
      return changed({ status: 'CANCELLED' });
  }

  function changed(change: Partial<Report>): Reports {
    const { reportId } = event.data;
    const report = reports.get(reportId);
    if (report === undefined) return { recent, reports };
    return { recent, reports: new Map(reports).set(reportId, { ...report, ...change }) };
  }
}
