import type { Readable } from 'node:stream';
import {
  createCommandHandler,
  type Cause,
  type Clock,
  type CommandResult,
  type EventStore,
  type HandleOptions,
  type Instant,
} from '@counterfoil/event-store';
import { reportsStream, type ReportDelivery, type ReportId } from '../domain/reports/events.ts';
import {
  reportsAggregate,
  type Report,
  type ReportRejection,
  type ReportResult,
} from '../domain/reports/reports.ts';
import type { Press, ReportAsk } from './press.ts';
import type { ReportFiles } from './report-files.ts';
import { createReportJobs, type ReportProgress } from './report-jobs.ts';
import { unfinishedReports } from './unfinished.ts';

/** Reports: asked for and counted, answered at once or written as jobs. */
export interface ReportService {
  readonly press: Press;
  readonly settings: ReportSettings;
  /**
   * Counts a report against what the user may ask for in an hour: from then on it is asked for. A job is
   * put to work. Durable when it resolves.
   */
  request(
    id: ReportId,
    userId: string,
    ask: ReportAsk,
    delivery: ReportDelivery,
    options: HandleOptions<ReportRejection>,
  ): Promise<CommandResult<ReportRejection>>;
  /** Notes that a report was handed out. */
  answered(id: ReportId, userId: string, result: ReportResult, cause: Cause): Promise<void>;
  /** A user's job; undefined when he has none of this id. */
  job(id: ReportId, userId: string): Promise<ReportJob | undefined>;
  /** The file of a job; undefined when it is not there, or not any more. */
  file(id: ReportId): Promise<{ readonly stream: Readable; readonly bytes: number } | undefined>;
  cancel(
    id: ReportId,
    userId: string,
    options: HandleOptions<ReportRejection>,
  ): Promise<CommandResult<ReportRejection>>;
  /** Stops; jobs that are unfinished are begun again by the next start. */
  close(): Promise<void>;
}

export interface ReportJob {
  readonly report: Report;
  readonly progress: ReportProgress | undefined;
  /** When its file is removed; undefined before there is one. */
  readonly expiresAt: Instant | undefined;
}

export interface ReportSettings {
  /** How many reports a user may ask for in an hour. */
  readonly perHour: number;
  /** How long the files of jobs are kept. */
  readonly keptDays: number;
  /** The most rows that a report may have to look at to be answered at once. */
  readonly rowsMax: number;
}

export interface ReportServiceParts {
  readonly store: EventStore;
  readonly press: Press;
  readonly files: ReportFiles;
  readonly settings: ReportSettings;
  readonly clock: Clock;
  readonly onFailure: (failure: unknown) => void;
  readonly pauseMs?: number | undefined;
}

const dayNanoseconds = 86_400_000_000_000n;
const cleanEveryMs = 3_600_000;

/** Starts it: what an earlier run left unfinished is begun again, beside everything else. */
export function startReportService(parts: ReportServiceParts): ReportService {
  const { store, press, files, settings, clock, onFailure } = parts;
  const reports = createCommandHandler(store, reportsAggregate);
  const jobs = createReportJobs({ ...parts, reports });
  const keptNanoseconds = BigInt(settings.keptDays) * dayNanoseconds;
  const keptSince = (): Instant => (clock() - keptNanoseconds) as Instant;

  const clean = (): void => void files.removeBefore(keptSince()).catch(onFailure);
  const cleaning = setInterval(clean, cleanEveryMs).unref();
  clean();
  const resumed = unfinishedReports(store, keptSince())
    .then((found) => found.forEach(jobs.add))
    .catch(onFailure);

  return {
    press,
    settings,
    request: async (reportId, userId, ask, delivery, options) => {
      const result = await reports.handle(
        reportsStream(userId),
        {
          type: 'RequestReport',
          reportId,
          report: ask.report,
          parameters: Object.entries(ask.parameters).map(([name, value]) => ({ name, value })),
          format: ask.format,
          packaged: ask.packaged,
          delivery,
          at: clock(),
          perHour: settings.perHour,
        },
        { ...options, once: options.once?.map(forSuccessOnly) },
      );
      if (result.kind === 'accepted' && delivery === 'JOB') jobs.add({ id: reportId, userId });
      return result;
    },
    answered: async (reportId, userId, completed, cause) => {
      const command = { type: 'CompleteReport', reportId, ...completed } as const;
      await reports.handle(reportsStream(userId), command, { cause });
    },
    job: async (id, userId) => {
      const { state } = await reports.load(reportsStream(userId));
      const report = state.reports.get(id);
      if (report === undefined || report.delivery !== 'JOB') return undefined;
      const completedAt = report.completed?.completedAt;
      const expiresAt =
        completedAt === undefined ? undefined : ((completedAt + keptNanoseconds) as Instant);
      return { report, progress: jobs.progress(id), expiresAt };
    },
    file: (id) => files.read(id),
    cancel: async (reportId, userId, options) => {
      const command = { type: 'CancelReport', reportId } as const;
      const result = await reports.handle(reportsStream(userId), command, options);
      if (result.kind === 'accepted') jobs.drop(reportId);
      return result;
    },
    close: async () => {
      clearInterval(cleaning);
      await resumed;
      await jobs.close();
    },
  };
}

type Once = NonNullable<HandleOptions<ReportRejection>['once']>[number];

/** Who has to wait for the hour to pass may send the same request, with its key, again then. */
function forSuccessOnly(once: Once): Once {
  return {
    ...once,
    note: (outcome) => (outcome.rejection === undefined ? once.note(outcome) : undefined),
  };
}
