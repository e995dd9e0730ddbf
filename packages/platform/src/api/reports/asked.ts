import type { FastifyRequest, FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { ReportRequest, reportRequests } from '../../domain/reports/contract.ts';
import type { ReportFormat, ReportName } from '../../domain/reports/events.ts';
import { eventTypes } from '../../ledger/event-types.ts';
import type { MarketBook } from '../../ledger/market-book.ts';
import type { ReportAsk } from '../../reports/press.ts';
import { recordedRange } from '../../reports/recorded-range.ts';
import type { ReportParameters } from '../../reports/report.ts';
import { Refusal } from '../problem.ts';
import { requireRange } from '../ranges.ts';
import { compileValidator } from '../validation.ts';

// What is asked for, made whole: what was left out is filled in here, so that a report says all that it was
// made by, and a job that is begun again later makes the same.

/** The parameters as the contract of the report let them through. */
export type GivenParameters = Readonly<Record<string, string | number>>;

/** Throws a Refusal where the parameters contradict each other, or name what there isn't. */
export function askFor(
  report: ReportName,
  given: GivenParameters,
  { format, packaged }: { readonly format: ReportFormat; readonly packaged: boolean },
  { today }: Pick<MarketBook, 'today'>,
  where: 'query' | 'body',
): ReportAsk {
  const texts = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, String(value)]),
  );
  const parameters = completed(report, texts, today());
  if (report === 'audit-trail') {
    requireMoments(parameters);
    requireEventType(parameters, where);
  } else {
    requireRange(parameters);
  }
  return { report, parameters, format, packaged };
}

function completed(report: ReportName, given: ReportParameters, today: string): ReportParameters {
  if (report !== 'positions') return given;
  const { as_of: asOf = today } = given;
  if (asOf > today) {
    throw new Refusal('AS_OF_INVALID', `as_of is ${asOf}, and today is ${today}.`);
  }
  return { ...given, as_of: asOf };
}

function requireMoments({ from, to }: ReportParameters): void {
  const { since, until } = recordedRange(from, to);
  if (since !== undefined && until !== undefined && since >= until) {
    throw new Refusal('RANGE_INVALID', `"from" is ${from} and "to" is ${to}.`);
  }
}

const knownTypes = new Set(eventTypes.map(({ type }) => type));

function requireEventType({ event_type: type }: ReportParameters, where: 'query' | 'body'): void {
  if (type === undefined || knownTypes.has(type)) return;
  throw new Refusal('REQUEST_INVALID', `The ${where} does not fit.`, [
    {
      in: where,
      pointer: where === 'query' ? '/event_type' : '/parameters/event_type',
      code: 'INVALID_VALUE',
      detail: `must be a type of event of the catalog; got ${JSON.stringify(type)}`,
    },
  ]);
}

/** Holds the body of a request for a job against the contract of the report that it names. */
export const validateReportRequest: FastifySchemaCompiler<TSchema> = (part) => {
  if (part.httpPart !== 'body') return compileValidator(part);
  const unnamed = compileValidator({ ...part, schema: ReportRequest });
  const byName = new Map(
    Array.from(reportRequests, ([name, schema]) => [name, compileValidator({ ...part, schema })]),
  );
  return (body: unknown) => {
    const name = (body as { readonly report?: unknown } | null)?.report;
    const validate = byName.get(name as ReportName) ?? unnamed;
    return validate(body);
  };
};

/** The permission that goes with the trail is asked for again, where a request may be for any report. */
export function requirePermission(
  report: ReportName,
  { permissions }: FastifyRequest['principal'],
): void {
  if (report !== 'audit-trail' || permissions?.includes('AUDIT') !== false) return;
  throw new Refusal('FORBIDDEN', 'The audit trail needs the permission AUDIT, which was left out.');
}
