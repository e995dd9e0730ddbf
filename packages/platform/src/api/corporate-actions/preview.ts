import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import {
  previewOf,
  type PlannedChange,
  type PreviewParts,
} from '../../corporate-actions/change-preview.ts';
import type { AccountId } from '../../domain/accounts/events.ts';
import { AmendRequest, announcementChangesOf } from '../../domain/corporate-actions/contract.ts';
import type { CorporateAction } from '../../domain/corporate-actions/corporate-action.ts';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import { describeRejection } from '../../ledger/describe-rejection.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { ViewDatabase } from '../../queries/views.ts';
import { querySchema } from '../operation.ts';
import { pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { Refusal } from '../problem.ts';
import { MinPosition, type ReachPosition } from '../read-position.ts';
import { announcementErrors, requireOneAmount } from './announcing.ts';
import { requireChangesFit } from './by-type.ts';
import { eventParams, eventTag } from './command-route.ts';
import { entitlementAmounts, Pending } from './entitlement-answers.ts';
import { cursorPage } from './entitlements.ts';

const { expected_version: expectedVersion, reason, ...changes } = AmendRequest.properties;

const PreviewRequest = Type.Object(
  {
    ...changes,
    expected_version: Type.Optional(expectedVersion),
    reason: Type.Optional(reason),
    cancel: Type.Optional(Type.Literal(true, { description: 'Alone: as if it were cancelled' })),
  },
  {
    additionalProperties: false,
    title: 'PreviewRequest',
    description: 'The body of an amendment, of which nothing is needed; or {"cancel": true}.',
    examples: [{ terms: { amount: '0.26', withholding_percent: '30' } }],
  },
);
type PreviewRequest = Static<typeof PreviewRequest>;

const Amounts = Type.Object(entitlementAmounts, { title: 'EntitlementAmounts' });
const AmountsOrNull = (description: string) => Type.Union([Amounts, Type.Null()], { description });

const { gross, tax, cash_in_lieu, fraction, amount, movements } = entitlementAmounts;
const difference = { gross, tax, cash_in_lieu, fraction, amount, movements };

const PreviewedAccount = Type.Object(
  {
    account: Type.String(),
    before: AmountsOrNull('What is posted now; null for nothing'),
    after: AmountsOrNull('What would be posted; null for nothing'),
    difference: Type.Object(difference, { title: 'EntitlementDifference' }),
    consequences: Type.Array(
      Type.Object({ event_id: Type.String(), ...difference }, { title: 'EntitlementConsequence' }),
      {
        description:
          'By how much the entitlements of other events would change, as more or less were held',
      },
    ),
  },
  { title: 'PreviewedAccount' },
);

const PreviewPage = Type.Object(
  { ...pageOf('PreviewPage', PreviewedAccount).properties, pending: Pending },
  { title: 'PreviewPage', description: 'A page may have fewer items than its limit' },
);

export interface PreviewRouteParts {
  readonly ledger: Pick<Ledger, 'corporateActions' | 'entitlements' | 'market'>;
  readonly corporateActions: Pick<PreviewParts, 'terms'>;
  readonly views: ViewDatabase;
  readonly reach: ReachPosition;
}

interface Query extends PageQuery {
  readonly minPosition?: number;
}

type Previewing = {
  Params: { readonly event_id: ActionId };
  Body: PreviewRequest;
  Querystring: Query;
};

/** What would move if an event were amended or cancelled (CA-07). */
export function previewRoute(api: FastifyInstance, parts: PreviewRouteParts): void {
  const { ledger, views, reach } = parts;
  const schema = querySchema({
    tag: eventTag,
    id: 'previewEvent',
    access: { resource: 'reconciliation', permission: 'READ' },
    summary: 'List the accounts and amounts that an amendment or a cancellation would move',
    description: 'Computed with the accounts as they are, and recorded nowhere.',
    params: eventParams,
    query: { minPosition: MinPosition, ...pageQuery },
    body: PreviewRequest,
    answers: { 200: PreviewPage },
    errors: [
      'ACTION_UNKNOWN',
      'ACTION_CANCELLED',
      'ACTION_VERSION_STALE',
      'ACTION_IDENTITY_FIXED',
      ...announcementErrors,
      'MALFORMED_JSON',
      'BODY_TOO_LARGE',
      'REQUEST_TIMEOUT',
      'MEDIA_TYPE_UNSUPPORTED',
    ],
  });
  api.post<Previewing>('/events/:event_id/preview', { schema }, async (request, reply) => {
    const { params, body, query } = request;
    const id = params.event_id;
    const { after, limit } = pageRequestOf(query, ['account_id']);
    const { action } = await ledger.corporateActions.now(id);
    if (action === undefined) throw new Refusal('ACTION_UNKNOWN', `There is no event ${id}.`);
    const change = changeOf(body, action);
    await reach(reply, query.minPosition);
    const [behind] = after ?? [];
    const preview = await previewOf(
      id,
      action,
      change,
      { after: behind as AccountId | undefined, limit },
      {
        entitlements: ledger.entitlements,
        market: ledger.market,
        terms: parts.corporateActions.terms,
        views,
      },
    );
    if ('rejection' in preview) {
      const { rejection } = preview;
      throw new Refusal(rejection.code, describeRejection(rejection, id));
    }
    return { ...cursorPage(preview), pending: preview.pending ?? null };
  });
}

function changeOf({ cancel, ...body }: PreviewRequest, action: CorporateAction): PlannedChange {
  if (cancel === true) {
    if (Object.keys(body).length === 0) return { kind: 'cancel' };
    const detail = 'stands alone: what is cancelled is not amended';
    throw new Refusal('REQUEST_INVALID', 'The body does not fit.', [
      { in: 'body', pointer: '/cancel', code: 'INVALID_VALUE', detail },
    ]);
  }
  const { actionType } = action.head;
  const amendment = { expected_version: action.version, reason: 'preview', ...body };
  requireOneAmount(amendment);
  requireChangesFit(actionType, amendment);
  return {
    kind: 'amend',
    changes: announcementChangesOf(amendment, actionType),
    expectedVersion: body.expected_version,
  };
}
