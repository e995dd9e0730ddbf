import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import type { Decisions } from '../../access/decisions.ts';
import { electionOf } from '../../corporate-actions/election-of.ts';
import { AccountIdIn } from '../../domain/accounts/contract.ts';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import { QuantityIn, quantityOf } from '../../domain/money/contract.ts';
import { describeRejection } from '../../ledger/describe-rejection.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { listElections } from '../../queries/entitlements.ts';
import type { ElectionRow, ViewDatabase } from '../../queries/views.ts';
import type { RunCommand } from '../commands.ts';
import { confirmationOf } from '../confirmation.ts';
import { requireOwn } from '../guard.ts';
import { commandSchema, querySchema } from '../operation.ts';
import { pageFrom, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { Refusal } from '../problem.ts';
import { MinPosition, type ReachPosition } from '../read-position.ts';
import { eventUrl } from './announcement-key.ts';
import { eventParams, eventTag } from './command-route.ts';
import { ElectionPage } from './entitlement-answers.ts';

const OptionIn = Type.Enum(['EXERCISE', 'TENDER', 'NO_ACTION'], {
  description: 'EXERCISE or NO_ACTION in a rights issue, TENDER or NO_ACTION in a tender offer',
});

const ElectionRequest = Type.Object(
  {
    account: AccountIdIn,
    option: OptionIn,
    quantity: Type.Optional(QuantityIn),
  },
  {
    additionalProperties: false,
    title: 'ElectionRequest',
    description:
      'What a holder chooses, in place of what it chose before: so many shares to subscribe to, or to tender. ' +
      'quantity is left out, or 0, with NO_ACTION.',
    examples: [{ account: 'ALICE-1', option: 'TENDER', quantity: '50' }],
  },
);
type ElectionRequest = Static<typeof ElectionRequest>;

export interface ElectionParts {
  readonly ledger: Pick<Ledger, 'account' | 'corporateActions'>;
  readonly run: RunCommand;
  readonly views: ViewDatabase;
  readonly reach: ReachPosition;
  readonly decisions?: Decisions | undefined;
}

type Params = { readonly event_id: ActionId };

/** What holders choose of actions that leave them a choice (CA-08). */
export function electionRoutes(api: FastifyInstance, parts: ElectionParts): void {
  electRoute(api, parts);
  listRoute(api, parts);
}

function electRoute(api: FastifyInstance, { ledger, run, decisions }: ElectionParts): void {
  const schema = commandSchema({
    tag: eventTag,
    id: 'makeElection',
    access: { resource: 'elections', permission: 'CREATE', ownBy: 'ROUTE' },
    summary: 'Choose for an account, until the election deadline',
    description:
      'What is tendered can not be sold until the offer is over. After the deadline the default of the event ' +
      'counts for whoever has not chosen. ETag and If-Match are those of the account.',
    params: eventParams,
    body: ElectionRequest,
    answers: {
      201: confirmationOf('ElectionConfirmation', {
        id: Type.String({ description: 'Of the event' }),
        account: Type.String(),
        option: OptionIn,
      }),
    },
    errors: [
      'ACTION_UNKNOWN',
      'ACTION_CANCELLED',
      'NO_ELECTION',
      'DEFAULT_OPTION_NOT_FOR_TYPE',
      'ELECTION_CLOSED',
      'ACCOUNT_UNKNOWN',
      'ACCOUNT_CLOSED',
      'ACCOUNT_SUSPENDED',
      'QUANTITY_NOT_POSITIVE',
      'ELECTION_EXCEEDS_HOLDING',
      'INSUFFICIENT_BUYING_POWER',
    ],
  });
  api.post<{ Params: Params; Body: ElectionRequest }>(
    '/events/:event_id/elections',
    { schema },
    async (request, reply) => {
      const { event_id: id } = request.params;
      const { account, option, quantity = '0' } = request.body;
      requireOwn(request, account, decisions);
      return run(request, reply, {
        subject: account,
        success: {
          status: 201,
          location: `${eventUrl(id)}/elections`,
          names: { id, account, option },
        },
        handle: async (options) => {
          const { action } = await ledger.corporateActions.now(id);
          const chosen = { option, quantity: quantityOf(quantity) };
          const election = electionOf(id, action, chosen);
          if ('fault' in election) {
            throw new Refusal(election.fault.code, describeRejection(election.fault, id));
          }
          return ledger.account(account, election.instruction, options);
        },
      });
    },
  );
}

interface Query extends PageQuery {
  readonly minPosition?: number;
}

function listRoute(api: FastifyInstance, { ledger, views, reach }: ElectionParts): void {
  const schema = querySchema({
    tag: eventTag,
    id: 'listElections',
    access: { resource: 'elections', permission: 'READ', ownBy: 'ROUTE' },
    summary: 'List what holders chose of a corporate action, in order of their accounts',
    params: eventParams,
    query: { minPosition: MinPosition, ...pageQuery },
    answers: { 200: ElectionPage },
    errors: ['ACTION_UNKNOWN'],
  });
  api.get<{ Params: Params; Querystring: Query }>(
    '/events/:event_id/elections',
    { schema },
    async ({ params: { event_id: id }, query, ownAccounts: own }, reply) => {
      const { after, limit } = pageRequestOf(query, ['account_id']);
      const { action } = await ledger.corporateActions.now(id);
      if (action === undefined) throw new Refusal('ACTION_UNKNOWN', `There is no event ${id}.`);
      await reach(reply, query.minPosition);
      const rows = await listElections(views, id, { own }, after, limit + 1);
      return pageFrom(rows, limit, electionAnswer, ({ account_id }) => [account_id]);
    },
  );
}

function electionAnswer(row: ElectionRow) {
  const { account_id: account, symbol, option, quantity, recorded_at, position } = row;
  return { account, symbol, option, quantity, recorded_at, position };
}
