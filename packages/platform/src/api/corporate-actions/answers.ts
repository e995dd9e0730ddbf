import type { CalendarDate } from '@counterfoil/event-store';
import { Type, type Static } from 'typebox';
import {
  DateText,
  DateTextOrNull,
  InstantText,
  InstantTextOrNull,
} from '../../domain/calendar/contract.ts';
import { ActionStatusIn, ActionTypeIn, StageIn } from '../../domain/corporate-actions/contract.ts';
import { DecimalText, DecimalTextOrNull } from '../../domain/money/contract.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { announcementOfRow, announcementTexts, stageOfRow } from '../../queries/action-facts.ts';
import type { CorporateActionRow } from '../../queries/views.ts';

// What is answered of corporate actions.

const TextOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] });

const TotalsAnswer = Type.Object(
  {
    accounts: Type.Integer(),
    eligible: DecimalText,
    gross: DecimalText,
    tax: DecimalText,
    cash: DecimalText,
    shares: DecimalText,
  },
  {
    title: 'EventTotals',
    description:
      'Over all accounts that were entitled: the sum of what was eligible, and what it came to. Shares are ' +
      'negative where they are taken without others for them.',
  },
);
type TotalsAnswer = Static<typeof TotalsAnswer>;

const TotalsOrNull = Type.Union([TotalsAnswer, Type.Null()]);

export const WarningAnswer = Type.Object(
  { code: Type.String(), detail: Type.String() },
  { title: 'EventWarning', description: 'What is unusual about it, and may be right' },
);

export const announcementAnswer = {
  event_type: ActionTypeIn,
  caev: Type.String({ description: 'The code of ISO 15022 and 20022' }),
  camv: Type.Enum(['MAND', 'CHOS', 'VOLU']),
  symbol: Type.String(),
  terms: Type.Record(Type.String(), Type.String(), { description: 'Decimals are text' }),
  ex_date: DateText,
  record_date: DateTextOrNull,
  payment_date: DateTextOrNull,
  effective_date: DateText,
  due_date: Type.Unsafe<string>({
    type: 'string',
    format: 'date',
    description: 'On which it is posted to the accounts',
  }),
  election_deadline: DateTextOrNull,
  default_option: TextOrNull,
  completeness: Type.Enum(['PRELIMINARY', 'COMPLETE']),
  confirmation: Type.Enum(['UNCONFIRMED', 'CONFIRMED']),
  source: Type.String(),
  source_reference: TextOrNull,
};

export const CorporateActionAnswer = Type.Object(
  {
    id: Type.String(),
    ...announcementAnswer,
    version: Type.Integer({ description: 'Of the announcement: the next expected_version' }),
    status: ActionStatusIn,
    stage: StageIn,
    cancellation: Type.Union([
      Type.Object({ kind: Type.Enum(['WITHDRAWN', 'CANCELLED']), reason: Type.String() }),
      Type.Null(),
    ]),
    progress: Type.Union(
      [
        Type.Object({
          version: Type.Integer(),
          attempt: Type.Integer(),
          through_account: TextOrNull,
          totals: TotalsOrNull,
        }),
        Type.Null(),
      ],
      { description: 'Of the version that was begun last, until it is completed or reversed' },
    ),
    posted_version: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'That the accounts hold postings of',
    }),
    totals: TotalsOrNull,
    failure: Type.Union([
      Type.Object({
        attempt: Type.Integer(),
        code: Type.String(),
        error: Type.String(),
        at: InstantText,
        last: Type.Boolean({ description: 'Whether it waits for a review' }),
        assignee: TextOrNull,
        resolved: Type.Boolean(),
      }),
      Type.Null(),
    ]),
    custodian: Type.Union([
      Type.Object({
        custodian: Type.String(),
        eligible: DecimalTextOrNull,
        cash: DecimalTextOrNull,
        shares: DecimalTextOrNull,
      }),
      Type.Null(),
    ]),
    warnings: Type.Array(WarningAnswer),
    created_at: InstantText,
    started_at: InstantTextOrNull,
    completed_at: InstantTextOrNull,
    updated_at: InstantText,
    position: Type.Integer({ description: 'In the log, of the last that happened to it' }),
  },
  { title: 'CorporateAction' },
);
export type CorporateActionAnswer = Static<typeof CorporateActionAnswer>;

/** An action as it is answered with: by its row, and by what follows from it today. */
export function actionAnswer(
  row: CorporateActionRow,
  today: CalendarDate,
  { corporateActions }: Pick<Ledger, 'corporateActions'>,
): CorporateActionAnswer {
  const head = announcementOfRow(row);
  const { cancellation_kind: kind, cancellation_reason: reason } = row;
  return {
    id: row.action_id,
    ...announcementTexts(head),
    version: row.version,
    status: row.status,
    stage: stageOfRow(row, head, today),
    cancellation: kind === null || reason === null ? null : { kind, reason },
    progress: progressOf(row),
    posted_version: row.posted_version,
    totals: parsed(row.totals) as TotalsAnswer | null,
    failure: failureOf(row),
    custodian: parsed(row.custodian) as CorporateActionAnswer['custodian'],
    warnings: [...corporateActions.warnings(head)],
    created_at: row.announced_at,
    started_at: row.started_at,
    completed_at: row.completed_at,
    updated_at: row.updated_at,
    position: row.position,
  };
}

function progressOf(row: CorporateActionRow): CorporateActionAnswer['progress'] {
  const { begun_version: version, attempts, through_account, progress } = row;
  return version === null
    ? null
    : {
        version,
        attempt: attempts,
        through_account,
        totals: parsed(progress) as TotalsAnswer | null,
      };
}

function failureOf(row: CorporateActionRow): CorporateActionAnswer['failure'] {
  const { failed_attempt: attempt, failed_at: at, error_code: code, error } = row;
  if (attempt === null || at === null || code === null || error === null) return null;
  return {
    attempt,
    code,
    error,
    at,
    last: row.failed_last === 1,
    assignee: row.assignee,
    resolved: row.review_resolved === 1,
  };
}

/** Columns that hold what an answer shows, as they were written by the projection. */
function parsed(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}
