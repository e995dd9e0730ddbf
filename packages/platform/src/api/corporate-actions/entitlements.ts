import type { FastifyInstance } from 'fastify';
import {
  expectedEntitlement,
  expectedHead,
  isToBePosted,
  type ExpectationParts,
  type ExpectedAction,
} from '../../corporate-actions/expected-entitlements.ts';
import { pageOfHolders, type HolderPage } from '../../corporate-actions/holder-pages.ts';
import { AccountIdIn } from '../../domain/accounts/contract.ts';
import type { AccountId } from '../../domain/accounts/events.ts';
import type { CorporateAction } from '../../domain/corporate-actions/corporate-action.ts';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { PostedTerms } from '../../ledger/posted-terms.ts';
import {
  expectedTexts,
  postedTexts,
  type EntitlementTexts,
} from '../../queries/entitlement-facts.ts';
import { holdersOf, listEntitlements, type EntitlementFilter } from '../../queries/entitlements.ts';
import { entitlementsByAccount } from '../../queries/holder-entitlements.ts';
import type { EntitlementRow, ViewDatabase } from '../../queries/views.ts';
import { optional, querySchema } from '../operation.ts';
import { cursorOf, pageQuery, pageRequestOf, type PageQuery, type PageRequest } from '../pages.ts';
import { Refusal } from '../problem.ts';
import { MinPosition, type ReachPosition } from '../read-position.ts';
import { eventParams, eventTag } from './command-route.ts';
import { EntitlementPage, EntitlementStatusIn } from './entitlement-answers.ts';

export interface EntitlementReadParts {
  readonly ledger: Pick<Ledger, 'corporateActions' | 'entitlements'>;
  /** What is missing to the terms of actions that are not posted yet. */
  readonly corporateActions: Pick<ExpectationParts, 'terms'>;
  readonly postedTerms: PostedTerms;
  readonly views: ViewDatabase;
  readonly reach: ReachPosition;
}

interface Query extends PageQuery {
  readonly account?: AccountId;
  readonly status?: EntitlementTexts['status'];
  readonly minPosition?: number;
}

/** Only of these accounts; undefined for all. */
interface Own {
  readonly own: readonly AccountId[] | undefined;
}

/** What each account gets of a corporate action: what is posted, and what is to be expected before. */
export function entitlementRoute(api: FastifyInstance, parts: EntitlementReadParts): void {
  const { ledger, views, postedTerms, reach } = parts;
  const schema = querySchema({
    tag: eventTag,
    id: 'listEntitlements',
    access: { resource: 'entitlements', permission: 'READ', ownBy: 'ROUTE' },
    summary: 'List what accounts get of a corporate action, in order of their ids',
    description:
      'Each with its calculation, line by line. Until it is posted to an account, what it would get now is ' +
      'computed as the page is asked for, and recorded nowhere.',
    params: eventParams,
    query: {
      account: optional(AccountIdIn),
      status: optional(EntitlementStatusIn),
      minPosition: MinPosition,
      ...pageQuery,
    },
    answers: { 200: EntitlementPage },
    errors: ['ACTION_UNKNOWN'],
  });
  api.get<{ Params: { readonly event_id: ActionId }; Querystring: Query }>(
    '/events/:event_id/entitlements',
    { schema },
    async (request, reply) => {
      const { event_id: id } = request.params;
      const query = { ...request.query, own: request.ownAccounts };
      const page = pageRequestOf(query, ['account_id']);
      const { action } = await ledger.corporateActions.now(id);
      if (action === undefined) throw new Refusal('ACTION_UNKNOWN', `There is no event ${id}.`);
      await reach(reply, query.minPosition);
      const { status } = query;
      const toCome = isToBePosted(action) && (status === undefined || status === 'EXPECTED');
      const { action: expected, pending = null } = toCome
        ? await expectedHead(id, action, parts.corporateActions)
        : {};
      const textsOf = postedTextsOf(id, postedTerms);
      if (expected === undefined) {
        return status === 'EXPECTED'
          ? { items: [], nextCursor: null, pending }
          : { ...(await postedPage(views, id, { ...query, status }, page, textsOf)), pending };
      }
      const found = await holderPage(parts, { action, expected, query, page, textsOf });
      return { ...cursorPage(found), pending };
    },
  );
}

type PageBehind = PageRequest<readonly [string]>;
type TextsOf = (row: EntitlementRow) => Promise<EntitlementTexts>;

/** Rows with their calculation; the terms of each version are looked for once. */
function postedTextsOf(id: ActionId, postedTerms: PostedTerms): TextsOf {
  const versions = new Map<number, ReturnType<PostedTerms>>();
  return async (row) => {
    const { action_version: version } = row;
    const terms = versions.get(version) ?? postedTerms(id, version);
    versions.set(version, terms);
    return postedTexts(row, await terms);
  };
}

async function postedPage(
  views: ViewDatabase,
  id: ActionId,
  filter: EntitlementFilter,
  { after, limit }: PageBehind,
  textsOf: TextsOf,
) {
  const rows = await listEntitlements(views, id, filter, after, limit + 1);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: await Promise.all(shown.map(textsOf)),
    nextCursor: rows.length > limit && last !== undefined ? cursorOf([last.account_id]) : null,
  };
}

interface HolderPageRequest {
  readonly action: CorporateAction;
  readonly expected: ExpectedAction;
  readonly query: Query & Own;
  readonly page: PageBehind;
  readonly textsOf: TextsOf;
}

/** Of each holder what is posted, or what is to be expected. */
function holderPage(
  { ledger, views }: EntitlementReadParts,
  { action, expected, query: { account, own, status }, page, textsOf }: HolderPageRequest,
): Promise<HolderPage<EntitlementTexts>> {
  const { symbol } = action.head;
  const [after] = page.after ?? [];
  return pageOfHolders({
    after: after as AccountId | undefined,
    limit: page.limit,
    list: async (behind, limit) => {
      if (account === undefined) return holdersOf(views, symbol, behind, limit, { own });
      if (own?.includes(account) === false) return [];
      return behind === undefined || behind < account ? [account] : [];
    },
    look: async (accounts) => {
      const rows = await entitlementsByAccount(views, expected.id, accounts);
      return Promise.all(
        accounts.map(async (one) => {
          const row = rows.get(one);
          if (row !== undefined && row.status !== 'REVERSED') {
            return status === undefined ? textsOf(row) : undefined;
          }
          // What was taken back of an earlier version is followed by what is to come.
          const data = await expectedEntitlement(one, expected, ledger);
          if (data !== undefined) return expectedTexts(one, data);
          return row !== undefined && status === undefined ? textsOf(row) : undefined;
        }),
      );
    },
  });
}

export function cursorPage<Item>({ items, next }: HolderPage<Item>) {
  return { items, nextCursor: next === undefined ? null : cursorOf([next]) };
}
