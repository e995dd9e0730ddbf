import { setTimeout as sleep } from 'node:timers/promises';
import type { Cause, Clock, CommandHandler } from '@counterfoil/event-store';
import { RecordAltered } from '@counterfoil/event-store/log';
import { reportsStream, type ReportId } from '../domain/reports/events.ts';
import type { Report, ReportCommand, ReportRejection, Reports } from '../domain/reports/reports.ts';
import type { Press, ReportAsk } from './press.ts';
import type { ReportFiles } from './report-files.ts';
import type { UnfinishedReport } from './unfinished.ts';
import { ZipTooLarge } from './zip-stream.ts';

/** Writes the reports that were asked for as jobs, one after the other: two would only share a core. */
export interface ReportJobs {
  /** Puts a job behind those that wait. */
  add(job: UnfinishedReport): void;
  /** Stops the work on it. What it has come to is for the log to say. */
  drop(id: ReportId): void;
  /** How far it is; undefined when it is not at work. */
  progress(id: ReportId): ReportProgress | undefined;
  /** Stops; what is unfinished is begun again by the next start. */
  close(): Promise<void>;
}

export interface ReportProgress {
  /** Rows that have been looked at, of as many as are to be; undefined when there are too many to count. */
  readonly looked: number;
  readonly toLookAt: number | undefined;
}

export interface ReportJobParts {
  readonly reports: CommandHandler<ReportCommand, Reports, ReportRejection>;
  readonly press: Press;
  readonly files: ReportFiles;
  readonly clock: Clock;
  readonly onFailure: (failure: unknown) => void;
  /** Before what failed is begun again. */
  readonly pauseMs?: number | undefined;
}

const attemptsMax = 3;
/** Counting is not worth more than so many rows. */
const countedMax = 1_000_000;

interface Work {
  readonly ending: AbortController;
  looked: number;
  toLookAt: number | undefined;
}

export function createReportJobs(parts: ReportJobParts): ReportJobs {
  const { reports, press, files, clock, onFailure, pauseMs = 5_000 } = parts;
  const waiting = new Map<ReportId, UnfinishedReport>();
  const closing = new AbortController();
  let current: { readonly id: ReportId; readonly work: Work } | undefined;
  let running: Promise<void> = Promise.resolve();
  let isRunning = false;

  const tell = (job: UnfinishedReport, command: ReportCommand) =>
    reports.handle(reportsStream(job.userId), command, { cause: causeOf(job) });

  const write = async (job: UnfinishedReport, ask: ReportAsk, work: Work): Promise<void> => {
    const { id: reportId } = job;
    const size = await press.size(ask, countedMax);
    work.toLookAt = size < countedMax ? size : undefined;
    const { signal } = work.ending;
    const opened = await press.open(ask, {
      signal,
      looked: (rows) => {
        work.looked += rows;
      },
    });
    const written = await files.write(reportId, opened.bytes, clock);
    const told = await tell(job, {
      type: 'CompleteReport',
      reportId,
      rows: opened.rows(),
      position: opened.position,
      completedAt: clock(),
      ...written,
    });
    // It was cancelled while it was finished.
    if (told.kind === 'rejected') await files.remove(reportId);
  };

  /** Whether it is worth another try. */
  const failed = async (job: UnfinishedReport, failure: unknown): Promise<boolean> => {
    const final = finalFailure(failure);
    if (final === undefined) return true;
    await tell(job, { type: 'FailReport', reportId: job.id, ...final });
    return false;
  };

  const work = async (job: UnfinishedReport): Promise<void> => {
    const begun = await tell(job, { type: 'BeginReport', reportId: job.id, attemptsMax });
    if (begun.kind !== 'accepted') return;
    const { state } = await reports.load(reportsStream(job.userId));
    const report = state.reports.get(job.id);
    if (report === undefined) return;
    const ending = new AbortController();
    const at: Work = { ending, looked: 0, toLookAt: undefined };
    current = { id: job.id, work: at };
    const end = (): void => ending.abort();
    closing.signal.addEventListener('abort', end, { once: true });
    try {
      await write(job, askOf(report), at);
    } catch (failure) {
      // Whoever ended it has said why.
      if (ending.signal.aborted) return;
      onFailure(failure);
      if (await failed(job, failure)) {
        waiting.set(job.id, job);
        current = undefined;
        await sleep(pauseMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
      }
    } finally {
      closing.signal.removeEventListener('abort', end);
      current = undefined;
    }
  };

  const runAll = async (): Promise<void> => {
    for (const [id, job] of waiting) {
      if (closing.signal.aborted) return;
      waiting.delete(id);
      try {
        await work(job);
      } catch (failure) {
        // The log can't be written: whatever the job came to, it is begun again by the next start.
        onFailure(failure);
      }
    }
  };

  const start = (): void => {
    if (isRunning || closing.signal.aborted) return;
    isRunning = true;
    running = runAll().finally(() => {
      isRunning = false;
      if (waiting.size > 0) start();
    });
  };

  return {
    add: (job) => {
      if (current?.id === job.id) return;
      waiting.set(job.id, job);
      start();
    },
    drop: (id) => {
      waiting.delete(id);
      if (current?.id === id) current.work.ending.abort();
    },
    progress: (id) =>
      current?.id === id
        ? { looked: current.work.looked, toLookAt: current.work.toLookAt }
        : undefined,
    close: async () => {
      closing.abort();
      await running;
    },
  };
}

/** The program works on somebody's behalf: the stream says on whose. */
function causeOf({ id }: UnfinishedReport): Cause {
  return { userId: 'counterfoil', correlationId: id };
}

/** What is asked for by a report, as the log has it. */
export function askOf({ report, parameters, format, packaged }: Report): ReportAsk {
  return {
    report,
    parameters: Object.fromEntries(parameters.map(({ name, value }) => [name, value])),
    format,
    packaged,
  };
}

/** What another try would not mend. */
function finalFailure(failure: unknown): { code: string; reason: string } | undefined {
  if (failure instanceof RecordAltered) {
    const reason = `Entry ${failure.position} of the log is not what was sealed.`;
    return { code: 'RECORD_ALTERED', reason };
  }
  if (failure instanceof ZipTooLarge) {
    const reason =
      'A package holds 4 GiB at most: ask for a shorter time, or for it without package.';
    return { code: 'REPORT_TOO_LARGE', reason };
  }
  return undefined;
}
