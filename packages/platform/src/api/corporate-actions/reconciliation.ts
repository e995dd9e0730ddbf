import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import { DecimalText } from '../../domain/money/contract.ts';
import { Quantity } from '../../domain/money/money.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { reconcile } from '../../queries/reconciliation.ts';
import type { ViewDatabase } from '../../queries/views.ts';
import { querySchema } from '../operation.ts';
import { Refusal } from '../problem.ts';
import { MinPosition, type ReachPosition } from '../read-position.ts';
import { eventParams, eventTag } from './command-route.ts';

const StatusOfLine = Type.Enum(['RECONCILED', 'BREAK']);

const Line = Type.Object(
  {
    line: Type.String(),
    expected: Type.String({ description: "By the terms; of the custodian's lines what is posted" }),
    actual: Type.String({ description: "Posted; of the custodian's lines what it states" }),
    difference: DecimalText,
    tolerance: Type.String({
      description:
        'What rounding explains: half a minor unit an account where one amount is rounded',
    }),
    status: StatusOfLine,
  },
  { title: 'ReconciliationLine' },
);

const Broken = Type.Object(
  {
    account: Type.String(),
    line: Type.String(),
    expected: DecimalText,
    actual: DecimalText,
    difference: DecimalText,
  },
  { title: 'BrokenEntitlement' },
);

const ReconciliationAnswer = Type.Object(
  {
    event_id: Type.String(),
    version: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'Of the announcement that is posted; null when none is',
    }),
    status: Type.Enum(['NOT_POSTED', 'RECONCILED', 'BREAK']),
    accounts: Type.Integer(),
    eligible: DecimalText,
    lines: Type.Array(Line),
    broken_entitlements: Type.Integer({ description: 'Accounts that have not what the terms say' }),
    broken: Type.Array(Broken, { description: 'The first 100 of them' }),
    custodian: Type.Union([
      Type.Object({ name: Type.String(), lines: Type.Array(Line) }, { title: 'CustodianLines' }),
      Type.Null(),
    ]),
  },
  { title: 'Reconciliation' },
);
type ReconciliationAnswer = Static<typeof ReconciliationAnswer>;

export interface ReconciliationParts {
  readonly ledger: Pick<Ledger, 'corporateActions' | 'market'>;
  readonly views: ViewDatabase;
  readonly reach: ReachPosition;
}

/** Whether what was posted is what the terms say, and what the custodian says. */
export function reconciliationRoute(api: FastifyInstance, parts: ReconciliationParts): void {
  const { ledger, views, reach } = parts;
  const schema = querySchema({
    tag: eventTag,
    id: 'reconcileEvent',
    access: { resource: 'reconciliation', permission: 'READ' },
    summary: 'Hold what was posted of a corporate action against its terms and the custodian',
    params: eventParams,
    query: { minPosition: MinPosition },
    answers: { 200: ReconciliationAnswer },
    errors: ['ACTION_UNKNOWN'],
  });
  api.get<{
    Params: { readonly event_id: ActionId };
    Querystring: { readonly minPosition?: number };
  }>(
    '/events/:event_id/reconciliation',
    { schema },
    async ({ params: { event_id: id }, query }, reply): Promise<ReconciliationAnswer> => {
      const { action } = await ledger.corporateActions.now(id);
      if (action === undefined) throw new Refusal('ACTION_UNKNOWN', `There is no event ${id}.`);
      const { posted, custodian } = action;
      const currency = ledger.market.instrument(action.head.symbol)?.currency;
      if (posted === undefined || currency === undefined) return notPosted(id);
      await reach(reply, query.minPosition);
      const found = await reconcile(views, id, posted, currency, custodian);
      const { status, accounts, eligible, lines, brokenEntitlements, broken } = found;
      return {
        event_id: id,
        version: posted.version,
        status,
        accounts,
        eligible: Quantity.format(eligible),
        lines: [...lines],
        broken_entitlements: brokenEntitlements,
        broken: [...broken],
        custodian:
          found.custodian === undefined
            ? null
            : { name: found.custodian.name, lines: [...found.custodian.lines] },
      };
    },
  );
}

function notPosted(id: ActionId): ReconciliationAnswer {
  return {
    event_id: id,
    version: null,
    status: 'NOT_POSTED',
    accounts: 0,
    eligible: '0',
    lines: [],
    broken_entitlements: 0,
    broken: [],
    custodian: null,
  };
}
