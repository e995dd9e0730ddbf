import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { formatInstant, type Cause, type Clock, type Instant } from '@counterfoil/event-store';
import { Type } from 'typebox';
import { ReportAnswer, type ReportJobAnswer } from '../../domain/reports/contract.ts';
import type { ReportId } from '../../domain/reports/events.ts';
import type { ReportRejection } from '../../domain/reports/reports.ts';
import { describeRejection } from '../../ledger/describe-rejection.ts';
import type { OpenReport } from '../../reports/press.ts';
import { askOf } from '../../reports/report-jobs.ts';
import type { ReportJob, ReportService } from '../../reports/report-service.ts';
import { Refusal } from '../problem.ts';

// What is answered of reports.

/** The bodies that a report may come as. */
export const reportBodies = {
  200: {
    description: 'The report, in the form that was asked for',
    content: {
      'application/json': { schema: ReportAnswer },
      'text/csv': { schema: Type.String() },
      'application/pdf': { schema: Type.String({ format: 'binary' }) },
      'application/zip': { schema: Type.String({ format: 'binary' }) },
    },
  },
};

const secondNanoseconds = 1_000_000_000n;

/** Whole seconds until a user may ask for the next report: at the end of them it is let through. */
export function secondsToWait(rejection: ReportRejection): number | undefined {
  if (rejection.code !== 'REPORT_LIMIT') return undefined;
  const { at, nextAt } = rejection;
  return Number((nextAt - at + secondNanoseconds - 1n) / secondNanoseconds);
}

export function refusalFor(rejection: ReportRejection, id: ReportId): Refusal {
  const happened = describeRejection(rejection, id);
  return new Refusal(rejection.code, happened, [], secondsToWait(rejection));
}

/** Of a report, held back until it is known whether it comes to its end: a problem can still be told then. */
const heldBytes = 256 * 1_024;

export interface Handover {
  readonly id: ReportId;
  readonly userId: string;
  readonly cause: Cause;
}

/**
 * The bytes of a report as a stream, which its reader sets the pace of. The last of them are given only once
 * the log knows that the report was handed out, and which it was.
 */
export async function handedOut(
  { bytes, rows, position }: OpenReport,
  { id, userId, cause }: Handover,
  reports: Pick<ReportService, 'answered'>,
  clock: Clock,
): Promise<Readable> {
  const hashing = createHash('sha256');
  let given = 0;
  const noted = async function* (): AsyncGenerator<Uint8Array, void, void> {
    let last: Uint8Array | undefined;
    for await (const chunk of bytes) {
      hashing.update(chunk);
      given += chunk.length;
      if (last !== undefined) yield last;
      last = chunk;
    }
    const sha256 = hashing.digest('hex');
    const result = { rows: rows(), bytes: given, sha256, position, completedAt: clock() };
    await reports.answered(id, userId, result, cause);
    if (last !== undefined) yield last;
  };
  const rest = noted();
  const held = await readAhead(rest);
  const all = async function* (): AsyncGenerator<Uint8Array, void, void> {
    yield* held;
    yield* rest;
  };
  return Readable.from(all(), { objectMode: false, highWaterMark: 65_536 });
}

async function readAhead(rest: AsyncGenerator<Uint8Array, void, void>): Promise<Uint8Array[]> {
  const held: Uint8Array[] = [];
  for (let size = 0; size < heldBytes;) {
    const next = await rest.next();
    if (next.done === true) break;
    held.push(next.value);
    size += next.value.length;
  }
  return held;
}

export function reportUrl(id: ReportId): string {
  return `/api/v1/reports/jobs/${id}`;
}

/** Whether the file of a completed job has been kept for as long as it is. */
export function isExpired({ expiresAt }: ReportJob, now: Instant): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

export function jobAnswer(job: ReportJob, now: Instant): ReportJobAnswer {
  const { report, progress, expiresAt } = job;
  const { completed, failed, requestedAt, attempts, reportId: id } = report;
  const { packaged, ...asked } = askOf(report);
  const hasFile = completed !== undefined && !isExpired(job, now);
  return {
    id,
    ...asked,
    package: packaged,
    status: isExpired(job, now) ? 'EXPIRED' : report.status,
    attempts,
    rows_looked_at: progress?.looked ?? null,
    rows_to_look_at: progress?.toLookAt ?? null,
    rows: completed?.rows ?? null,
    bytes: completed?.bytes ?? null,
    sha256: completed?.sha256 ?? null,
    position: completed?.position ?? null,
    content: hasFile ? `${reportUrl(id)}/content` : null,
    code: failed?.code ?? null,
    reason: failed?.reason ?? null,
    requested_at: formatInstant(requestedAt),
    completed_at: completed === undefined ? null : formatInstant(completed.completedAt),
    expires_at: expiresAt === undefined ? null : formatInstant(expiresAt),
  };
}
