import type { FastifyInstance } from 'fastify';
import {
  expectedEntitlement,
  expectedHead,
} from '../../corporate-actions/expected-entitlements.ts';
import type { AccountId } from '../../domain/accounts/events.ts';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import { accountExists } from '../../queries/accounts.ts';
import {
  expectedTexts,
  postedTexts,
  type EntitlementTexts,
} from '../../queries/entitlement-facts.ts';
import { accountEntitlements, actionsToCome } from '../../queries/holder-entitlements.ts';
import type { EntitlementRow } from '../../queries/views.ts';
import { accountParams } from '../accounts/command-route.ts';
import { unknownAccount } from '../accounts/unknown-account.ts';
import { optional, querySchema } from '../operation.ts';
import { cursorOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { MinPosition } from '../read-position.ts';
import { eventTag } from './command-route.ts';
import { AccountEntitlementPage, EntitlementStatusIn } from './entitlement-answers.ts';
import type { EntitlementReadParts } from './entitlements.ts';

interface Query extends PageQuery {
  readonly status?: EntitlementTexts['status'];
  readonly minPosition?: number;
}

/** An action that an account has a row of, or none yet. */
interface Found {
  readonly date: string;
  readonly id: string;
  readonly row?: EntitlementRow;
}

/** What an account gets of all corporate actions. */
export function accountEntitlementRoute(api: FastifyInstance, parts: EntitlementReadParts): void {
  const { views, reach } = parts;
  const schema = querySchema({
    tag: eventTag,
    id: 'listAccountEntitlements',
    access: { resource: 'entitlements', permission: 'READ', ownBy: 'PATH' },
    summary: 'List what an account gets of corporate actions, by their effective dates',
    description:
      'What is posted, and what is to be expected of actions that are not. A page may have fewer items than ' +
      'its limit: not every action on what was once held entitles to something.',
    params: accountParams,
    query: { status: optional(EntitlementStatusIn), minPosition: MinPosition, ...pageQuery },
    answers: { 200: AccountEntitlementPage },
    errors: ['ACCOUNT_UNKNOWN'],
  });
  api.get<{ Params: { readonly accountId: AccountId }; Querystring: Query }>(
    '/accounts/:accountId/entitlements',
    { schema },
    async ({ params: { accountId }, query }, reply) => {
      const { after, limit } = pageRequestOf(query, ['effective_date', 'action_id']);
      await reach(reply, query.minPosition);
      const { status } = query;
      const rows =
        status === 'EXPECTED'
          ? []
          : await accountEntitlements(views, accountId, status, after, limit + 1);
      const toCome =
        status === undefined || status === 'EXPECTED'
          ? await actionsToCome(views, accountId, after, limit + 1)
          : [];
      const all = inOrder(rows, toCome);
      if (all.length === 0 && !(await accountExists(views, accountId))) {
        throw unknownAccount(accountId);
      }
      const shown = all.slice(0, limit);
      const last = shown.at(-1);
      const items = await Promise.all(shown.map((found) => textsOf(accountId, found, parts)));
      return {
        items: items.filter((item) => item !== undefined),
        nextCursor:
          all.length > limit && last !== undefined ? cursorOf([last.date, last.id]) : null,
      };
    },
  );
}

function inOrder(
  rows: readonly EntitlementRow[],
  toCome: Awaited<ReturnType<typeof actionsToCome>>,
): readonly Found[] {
  const expected = toCome.map((row) => ({ date: row.effective_date, id: row.action_id }));
  // What was taken back, and is to come on the same day, stands at one place: as what is to come.
  const isToCome = ({ effective_date, action_id }: EntitlementRow): boolean =>
    expected.some(({ date, id }) => date === effective_date && id === action_id);
  const posted = rows
    .filter((row) => row.status !== 'REVERSED' || !isToCome(row))
    .map((row) => ({ date: row.effective_date, id: row.action_id, row }));
  return [...posted, ...expected].toSorted((left, right) => {
    const [one, other] = left.date === right.date ? [left.id, right.id] : [left.date, right.date];
    return one < other ? -1 : 1;
  });
}

async function textsOf(
  account: AccountId,
  { row, id }: Found,
  { ledger, corporateActions, postedTerms }: EntitlementReadParts,
): Promise<EntitlementTexts | undefined> {
  const actionId = id as ActionId;
  if (row !== undefined) {
    return postedTexts(row, await postedTerms(actionId, row.action_version));
  }
  const { action } = await ledger.corporateActions.now(actionId);
  if (action === undefined) return undefined;
  const { action: expected } = await expectedHead(actionId, action, corporateActions);
  if (expected === undefined) return undefined;
  const data = await expectedEntitlement(account, expected, ledger);
  return data && expectedTexts(account, data);
}
