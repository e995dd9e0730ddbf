import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  CloseAccountRequest,
  OpenAccountRequest,
  ReasonRequest,
} from '../../domain/accounts/contract.ts';
import { confirmationOf } from '../confirmation.ts';
import { commandSchema } from '../operation.ts';
import { accountCommand, type CommandParts } from './command-route.ts';
import { closeAccountFrom, newAccountId, openAccountFrom } from './instructions.ts';

/** Opening, suspending, reinstating, closing. */
export function accountLifeRoutes(api: FastifyInstance, parts: CommandParts): void {
  openAccountRoute(api, parts);
  accountCommand<ReasonRequest>(api, parts, {
    method: 'POST',
    path: '/suspend',
    id: 'suspendAccount',
    access: { resource: 'accounts', permission: 'UPDATE' },
    tag: 'Accounts',
    summary: 'Suspend an account: it trades and pays out no more',
    body: ReasonRequest,
    status: 200,
    errors: ['ACCOUNT_CLOSED'],
    instruct: ({ reason }) => ({ instruction: { type: 'SuspendAccount', reason } }),
  });
  accountCommand<ReasonRequest>(api, parts, {
    method: 'POST',
    path: '/reinstate',
    id: 'reinstateAccount',
    access: { resource: 'accounts', permission: 'UPDATE' },
    tag: 'Accounts',
    summary: 'Reinstate a suspended account',
    body: ReasonRequest,
    status: 200,
    errors: ['ACCOUNT_CLOSED'],
    instruct: ({ reason }) => ({ instruction: { type: 'ReinstateAccount', reason } }),
  });
  accountCommand<CloseAccountRequest>(api, parts, {
    method: 'POST',
    path: '/close',
    id: 'closeAccount',
    access: { resource: 'accounts', permission: 'CANCEL' },
    tag: 'Accounts',
    summary: 'Close an account that holds nothing, for ever',
    body: CloseAccountRequest,
    status: 200,
    errors: ['ACCOUNT_NOT_EMPTY', 'EFFECTIVE_DATE_IN_FUTURE', 'EFFECTIVE_BEFORE_ACCOUNT_OPENED'],
    instruct: (body, today) => ({ instruction: closeAccountFrom(body, today) }),
  });
}

function openAccountRoute(api: FastifyInstance, { ledger, run }: CommandParts): void {
  const schema = commandSchema({
    tag: 'Accounts',
    id: 'openAccount',
    access: { resource: 'accounts', permission: 'CREATE' },
    summary: 'Open an account',
    body: OpenAccountRequest,
    answers: { 201: confirmationOf('AccountConfirmation', { accountId: Type.String() }) },
    errors: [
      'ACCOUNT_ALREADY_OPEN',
      'CURRENCY_UNKNOWN',
      'INITIAL_BALANCE_NEGATIVE',
      'AMOUNT_TOO_LARGE',
      'AMOUNT_TOO_PRECISE',
      'EFFECTIVE_DATE_IN_FUTURE',
      'KEYS_UNAVAILABLE',
    ],
  });
  api.post<{ Body: OpenAccountRequest }>('/accounts', { schema }, (request, reply) => {
    const accountId = request.body.accountId ?? newAccountId();
    const instruction = openAccountFrom(request.body, accountId, ledger.market.today());
    return run(request, reply, {
      subject: accountId,
      success: { status: 201, location: `/api/v1/accounts/${accountId}`, names: { accountId } },
      isPersonal: true,
      handle: (options) => ledger.account(accountId, instruction, options),
    });
  });
}
