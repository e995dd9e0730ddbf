import type { Clock } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { Type, type TProperties } from 'typebox';
import { ReportFormatIn, reportParameters } from '../../domain/reports/contract.ts';
import type { ReportFormat, ReportName } from '../../domain/reports/events.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import {
  fileNameOf,
  mediaTypeOf,
  ViewsBehind,
  type OpenReport,
  type ReportAsk,
} from '../../reports/press.ts';
import { newReportId } from '../../reports/report-ids.ts';
import type { ReportService } from '../../reports/report-service.ts';
import { provably } from '../audit/answers.ts';
import type { ErrorCode } from '../errors.ts';
import { querySchema } from '../operation.ts';
import { causeOf } from '../principal.ts';
import { Refusal } from '../problem.ts';
import { reflect } from '../read-position.ts';
import { handedOut, refusalFor, reportBodies } from './answers.ts';
import { askFor, type GivenParameters } from './asked.ts';

export interface ReportParts {
  readonly reports: ReportService;
  readonly ledger: Pick<Ledger, 'market'>;
  readonly clock: Clock;
}

export const reportTag = 'Reports';

interface ReportQuery {
  readonly format?: ReportFormat;
  readonly package?: 'true' | 'false';
  readonly [parameter: string]: string | undefined;
}

const forms: TProperties = {
  format: Type.Optional({ ...ReportFormatIn, description: 'json unless given' }),
  package: Type.Optional(
    Type.Enum(['true', 'false'], {
      description: 'Whether it comes as a signed package: a zip file that proves itself',
    }),
  ),
};

interface Route {
  readonly id: string;
  readonly summary: string;
  readonly description: string;
  readonly errors: readonly ErrorCode[];
}

const routes: Readonly<Record<ReportName, Route>> = {
  'audit-trail': {
    id: 'reportAuditTrail',
    summary: 'All that was recorded, by whom and when',
    description:
      'Every entry is held against the signed tree as it is read. from and to are of recording: a day of ' +
      'UTC or an instant, both of them included.',
    errors: ['RANGE_INVALID'],
  },
  'trade-blotter': {
    id: 'reportTradeBlotter',
    summary: 'Every trade: booked, cancelled or refused',
    description:
      'from and to are trade dates, both included. For one account or symbol it is in order of trade date, ' +
      'else in order of recording.',
    errors: ['RANGE_INVALID'],
  },
  positions: {
    id: 'reportPositions',
    summary: 'What accounts hold at the end of a business date',
    description: 'Folded from the log. as_of is today unless given.',
    errors: ['AS_OF_INVALID'],
  },
  'large-trades': {
    id: 'reportLargeTrades',
    summary: "Trades above a threshold in their account's currency",
    description: 'Quantity times price is held against the threshold. from and to are trade dates.',
    errors: ['RANGE_INVALID'],
  },
  'corporate-actions': {
    id: 'reportCorporateActions',
    summary: 'The register of corporate actions, with what was posted of each',
    description: 'from and to are ex-dates, both included.',
    errors: ['RANGE_INVALID'],
  },
};

/** Reports that are answered at once. */
export function reportRoutes(api: FastifyInstance, parts: ReportParts): void {
  for (const name of Object.keys(routes) as ReportName[]) reportRoute(api, parts, name);
}

function reportRoute(api: FastifyInstance, parts: ReportParts, name: ReportName): void {
  const { reports, ledger, clock } = parts;
  const { errors, ...route } = routes[name];
  const documented = querySchema({
    ...route,
    tag: reportTag,
    access: { resource: 'reports', permission: name === 'audit-trail' ? 'AUDIT' : 'READ' },
    query: { ...reportParameters[name], ...forms },
    answers: {},
    errors: [
      ...errors,
      'REPORT_LIMIT',
      'REPORT_TOO_LARGE',
      'POSITION_NOT_REACHED',
      'NOT_SEALED_YET',
      'RECORD_ALTERED',
    ],
  });
  const schema = {
    ...documented,
    response: { ...(documented.response as object), ...reportBodies },
  };
  api.get<{ Querystring: ReportQuery }>(`/reports/${name}`, { schema }, async (request, reply) => {
    const { format = 'json', package: packaged, ...given } = request.query;
    const form = { format, packaged: packaged === 'true' };
    const ask = askFor(name, given as GivenParameters, form, ledger.market, 'query');
    await requireFew(ask, reports);
    const opened = await openedOrRefused(ask, reports);
    const { id: userId } = request.principal;
    const id = newReportId();
    const cause = causeOf(request);
    const counted = await reports.request(id, userId, ask, 'ANSWER', { cause });
    if (counted.kind === 'rejected') throw refusalFor(counted.rejection, id);
    const stream = await provably(() => handedOut(opened, { id, userId, cause }, reports, clock));
    reflect(reply, opened.position);
    return reply
      .type(mediaTypeOf(ask))
      .header('content-disposition', attachment(ask, opened.position))
      .send(stream);
  });
}

async function requireFew(ask: ReportAsk, { press, settings }: ReportService): Promise<void> {
  const { rowsMax } = settings;
  if ((await press.size(ask, rowsMax + 1)) <= rowsMax) return;
  throw new Refusal('REPORT_TOO_LARGE', `More than ${rowsMax} rows would have to be looked at.`);
}

async function openedOrRefused(ask: ReportAsk, { press }: ReportService): Promise<OpenReport> {
  try {
    return await provably(() => press.open(ask));
  } catch (failure) {
    if (!(failure instanceof ViewsBehind)) throw failure;
    throw new Refusal('POSITION_NOT_REACHED', 'The read models lag behind the log.');
  }
}

export function attachment(ask: ReportAsk, position: number): string {
  return `attachment; filename="${fileNameOf(ask, position)}"`;
}
