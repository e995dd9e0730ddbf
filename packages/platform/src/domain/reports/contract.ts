import { parseCalendarDate, parseInstant } from '@counterfoil/event-store';
import { Type, type Static, type TProperties } from 'typebox';
import { AccountIdIn } from '../accounts/contract.ts';
import { DateIn, InstantText, InstantTextOrNull } from '../calendar/contract.ts';
import { ActionStatusIn, ActionTypeIn } from '../corporate-actions/contract.ts';
import { SymbolIn } from '../instruments/contract.ts';
import { CurrencyIn, MoneyIn } from '../money/contract.ts';
import { reportFormats, reportNames, type ReportId, type ReportName } from './events.ts';

export const ReportIdIn = Type.Unsafe<ReportId>({
  type: 'string',
  pattern: '^RPT-[0-9A-Z]{18}$',
  'x-expected': 'the id of a report, as it was answered with',
  examples: ['RPT-3F7KQ0V9X2M4T6B8ZD'],
});

const ReportNameIn = Type.Enum([...reportNames]);

const expectedMoment =
  'a day of UTC such as "2026-05-20", or an instant such as "2026-05-20T13:30:00Z"';

const MomentIn = Type.Refine(
  Type.String({ maxLength: 40, 'x-expected': expectedMoment }),
  (text) => parseCalendarDate(text) !== undefined || parseInstant(text) !== undefined,
  () => `must be ${expectedMoment}`,
);

const optional = Type.Optional;

const traded = {
  from: optional(DateIn),
  to: optional(DateIn),
  account: optional(AccountIdIn),
  symbol: optional(SymbolIn),
  status: optional(Type.Enum(['BOOKED', 'CANCELLED', 'REFUSED'])),
};

/** What each report can be asked for with. Ends of ranges belong to them. */
export const reportParameters = {
  /** By when entries were recorded. */
  'audit-trail': {
    from: optional(MomentIn),
    to: optional(MomentIn),
    event_type: optional(
      Type.String({
        pattern: '^[A-Z][A-Za-z]{0,99}$',
        'x-expected': 'a type of event such as "TradeBooked"',
      }),
    ),
    user: optional(
      Type.String({
        pattern: '^[!-~]{1,200}$',
        'x-expected': 'the id of a user, a service or the program, as events have it',
      }),
    ),
  },
  /** By trade date. */
  'trade-blotter': traded,
  positions: { as_of: optional(DateIn), account: optional(AccountIdIn) },
  'large-trades': {
    ...traded,
    threshold: MoneyIn,
    currency: optional(CurrencyIn),
    status: optional(Type.Enum(['BOOKED', 'CANCELLED'])),
  },
  /** By ex-date. */
  'corporate-actions': {
    from: optional(DateIn),
    to: optional(DateIn),
    symbol: optional(SymbolIn),
    event_type: optional(ActionTypeIn),
    status: optional(ActionStatusIn),
  },
} satisfies Readonly<Record<ReportName, TProperties>>;

export const ReportFormatIn = Type.Enum([...reportFormats]);

/** The body that asks for one report as a job. */
function requestOf(report: ReportName, parameters: TProperties, isNeeded: boolean) {
  const given = Type.Object(parameters, { additionalProperties: false });
  return Type.Object(
    {
      report: Type.Enum([report]),
      parameters: isNeeded ? given : optional(given),
      format: ReportFormatIn,
      package: optional(Type.Boolean()),
    },
    { additionalProperties: false },
  );
}

/** Each report's own body. */
export const reportRequests = new Map(
  reportNames.map((name) => [
    name,
    requestOf(name, reportParameters[name], 'threshold' in reportParameters[name]),
  ]),
);

/** A body that asks for some report: as the documentation shows it. */
export const ReportRequest = Type.Object(
  {
    report: ReportNameIn,
    parameters: optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'As the query of GET /api/v1/reports/{report} takes them',
      }),
    ),
    format: ReportFormatIn,
    package: optional(
      Type.Boolean({ description: 'As a signed package, which proves itself without the server' }),
    ),
  },
  {
    additionalProperties: false,
    title: 'ReportRequest',
    examples: [
      {
        report: 'trade-blotter',
        parameters: { from: '2026-01-01', to: '2026-11-20' },
        format: 'csv',
        package: true,
      },
    ],
  },
);
export type ReportRequest = Static<typeof ReportRequest>;

const TextOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] });
const IntegerOrNull = Type.Unsafe<number | null>({ type: ['integer', 'null'] });

export const ReportJobAnswer = Type.Object(
  {
    id: Type.String(),
    report: ReportNameIn,
    parameters: Type.Record(Type.String(), Type.String()),
    format: ReportFormatIn,
    package: Type.Boolean(),
    status: Type.Enum(['REQUESTED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED'], {
      description: 'EXPIRED: it was completed, and its file has been removed since',
    }),
    attempts: Type.Integer({ description: 'How often the work on it was begun' }),
    rows_looked_at: IntegerOrNull,
    rows_to_look_at: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'About so many in all; null when it is not at work, or for a million and more',
    }),
    rows: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'In the report; null before it is completed',
    }),
    bytes: IntegerOrNull,
    sha256: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'Of the file, in hexadecimal',
    }),
    position: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'What the log had come to for it',
    }),
    content: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'Where its file is; null while there is none',
    }),
    code: TextOrNull,
    reason: TextOrNull,
    requested_at: InstantText,
    completed_at: InstantTextOrNull,
    expires_at: InstantTextOrNull,
  },
  { title: 'ReportJob' },
);
export type ReportJobAnswer = Static<typeof ReportJobAnswer>;

/** A report as JSON. */
export const ReportAnswer = Type.Object(
  {
    format: Type.Enum(['counterfoil-report/1']),
    report: ReportNameIn,
    title: Type.String(),
    parameters: Type.Record(Type.String(), Type.String()),
    created_at: InstantText,
    position: Type.Integer({ description: 'What the log had come to' }),
    checkpoint: Type.String({ description: 'A C2SP note: the signed tree that covers it' }),
    columns: Type.Array(
      Type.Object({
        name: Type.String(),
        kind: Type.Enum(['text', 'integer', 'decimal', 'date', 'instant']),
        unit: optional(
          Type.String({ description: 'shares, or the name of the column that says the currency' }),
        ),
      }),
    ),
    rows: Type.Array(Type.Object({}, { additionalProperties: true })),
    row_count: Type.Integer(),
    totals: Type.Array(Type.Object({}, { additionalProperties: true }), {
      description: 'Rows counted and decimals summed up, for each currency, status or type',
    }),
  },
  { title: 'Report' },
);
