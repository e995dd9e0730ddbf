import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ReportIdIn, ReportJobAnswer, ReportRequest } from '../../domain/reports/contract.ts';
import type { ReportId } from '../../domain/reports/events.ts';
import { mediaTypeOf } from '../../reports/press.ts';
import { newReportId } from '../../reports/report-ids.ts';
import { askOf } from '../../reports/report-jobs.ts';
import type { ReportJob } from '../../reports/report-service.ts';
import type { RunCommand } from '../commands.ts';
import { Confirmation, confirmationOf } from '../confirmation.ts';
import { commandSchema, requestSchema } from '../operation.ts';
import { Refusal } from '../problem.ts';
import { isExpired, jobAnswer, reportBodies, reportUrl, secondsToWait } from './answers.ts';
import { askFor, requirePermission, validateReportRequest } from './asked.ts';
import { attachment, reportTag, type ReportParts } from './reports.ts';

export interface ReportJobParts extends ReportParts {
  readonly run: RunCommand;
}

const params = Type.Object({ report_id: ReportIdIn });

interface OneReport {
  readonly Params: { readonly report_id: ReportId };
}

/** Reports that take longer than a client waits: asked for, followed, fetched, called off. */
export function reportJobRoutes(api: FastifyInstance, parts: ReportJobParts): void {
  requestRoute(api, parts);
  jobRoute(api, parts);
  contentRoute(api, parts);
  cancelRoute(api, parts);
}

function requestRoute(api: FastifyInstance, { reports, ledger, run }: ReportJobParts): void {
  const schema = commandSchema({
    tag: reportTag,
    id: 'requestReport',
    access: { resource: 'reports', permission: 'CREATE' },
    summary: 'Ask for a report that is written as a job, however long it is',
    description: 'It counts as a report of the hour. The job survives a restart.',
    body: ReportRequest,
    answers: {
      202: confirmationOf('ReportConfirmation', {
        id: Type.String(),
        status: Type.Enum(['REQUESTED']),
      }),
    },
    errors: ['REPORT_LIMIT', 'RANGE_INVALID', 'AS_OF_INVALID'],
  });
  api.post<{ Body: ReportRequest }>(
    '/reports',
    { schema, validatorCompiler: validateReportRequest },
    (request, reply) => {
      const { report, parameters = {}, format, package: packaged = false } = request.body;
      const { principal } = request;
      requirePermission(report, principal);
      const ask = askFor(report, parameters, { format, packaged }, ledger.market, 'body');
      const id = newReportId();
      return run(request, reply, {
        subject: id,
        success: { status: 202, location: reportUrl(id), names: { id, status: 'REQUESTED' } },
        handle: async (options) => {
          const result = await reports.request(id, principal.id, ask, 'JOB', options);
          if (result.kind === 'rejected') {
            const seconds = secondsToWait(result.rejection);
            if (seconds !== undefined) void reply.header('retry-after', seconds);
          }
          return result;
        },
      });
    },
  );
}

function jobRoute(api: FastifyInstance, { reports, clock }: ReportJobParts): void {
  const schema = requestSchema({
    tag: reportTag,
    id: 'getReport',
    access: { resource: 'reports', permission: 'READ' },
    summary: 'How far a report is that you asked for as a job',
    params,
    answers: { 200: ReportJobAnswer },
    errors: ['REPORT_UNKNOWN'],
  });
  api.get<OneReport>('/reports/jobs/:report_id', { schema }, (request) =>
    jobOf(request, reports).then((job) => jobAnswer(job, clock())),
  );
}

function contentRoute(api: FastifyInstance, { reports, clock }: ReportJobParts): void {
  const documented = requestSchema({
    tag: reportTag,
    id: 'getReportContent',
    access: { resource: 'reports', permission: 'READ' },
    summary: 'Fetch a report that was written as a job',
    description: 'Repr-Digest (RFC 9530) has the SHA-256 that the log has.',
    params,
    answers: {},
    errors: ['REPORT_UNKNOWN', 'REPORT_NOT_READY', 'REPORT_EXPIRED'],
  });
  const schema = {
    ...documented,
    response: { ...(documented.response as object), ...reportBodies },
  };
  api.get<OneReport>('/reports/jobs/:report_id/content', { schema }, async (request, reply) => {
    const job = await jobOf(request, reports);
    const { report_id: id } = request.params;
    const { status, completed } = job.report;
    if (completed === undefined) {
      throw new Refusal('REPORT_NOT_READY', `Report ${id} is ${status}.`);
    }
    const file = isExpired(job, clock()) ? undefined : await reports.file(id);
    if (file === undefined) {
      throw new Refusal('REPORT_EXPIRED', `The file of report ${id} is not kept any more.`);
    }
    const ask = askOf(job.report);
    const digest = Buffer.from(completed.sha256, 'hex').toString('base64');
    return reply
      .type(mediaTypeOf(ask))
      .header('content-length', file.bytes)
      .header('content-disposition', attachment(ask, completed.position))
      .header('repr-digest', `sha-256=:${digest}:`)
      .send(file.stream);
  });
}

function cancelRoute(api: FastifyInstance, { reports, run }: ReportJobParts): void {
  const schema = commandSchema({
    tag: reportTag,
    id: 'cancelReport',
    access: { resource: 'reports', permission: 'CANCEL' },
    summary: 'Call off a report that you asked for as a job',
    description: 'What is written already stays. It still counts as a report of the hour.',
    params,
    answers: { 200: Confirmation },
    errors: ['REPORT_UNKNOWN', 'REPORT_NOT_RUNNING'],
  });
  api.delete<OneReport>('/reports/jobs/:report_id', { schema }, (request, reply) => {
    const id = request.params.report_id;
    return run(request, reply, {
      subject: id,
      success: { status: 200, names: {} },
      handle: (options) => reports.cancel(id, request.principal.id, options),
    });
  });
}

async function jobOf(
  { params: { report_id: id }, principal }: FastifyRequest<OneReport>,
  { job }: ReportJobParts['reports'],
): Promise<ReportJob> {
  const found = await job(id, principal.id);
  if (found === undefined) throw new Refusal('REPORT_UNKNOWN', `You asked for no report ${id}.`);
  return found;
}
