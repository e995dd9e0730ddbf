import type { FastifyInstance } from 'fastify';
import { CashMovementRequest } from '../../domain/accounts/contract.ts';
import type { ErrorCode } from '../errors.ts';
import { accountCommand, type CommandParts } from './command-route.ts';
import { cashMovementFrom } from './instructions.ts';

const cashErrors: readonly ErrorCode[] = [
  'AMOUNT_NOT_POSITIVE',
  'AMOUNT_TOO_LARGE',
  'AMOUNT_TOO_PRECISE',
  'EFFECTIVE_DATE_IN_FUTURE',
  'EFFECTIVE_BEFORE_ACCOUNT_OPENED',
  'ACCOUNT_CLOSED',
];

export function cashRoutes(api: FastifyInstance, parts: CommandParts): void {
  accountCommand<CashMovementRequest>(api, parts, {
    method: 'POST',
    path: '/deposits',
    id: 'deposit',
    access: { resource: 'cash', permission: 'CREATE' },
    tag: 'Cash',
    summary: 'Deposit cash',
    body: CashMovementRequest,
    status: 201,
    errors: cashErrors,
    instruct: (body, today) => ({ instruction: cashMovementFrom('Deposit', body, today) }),
  });
  accountCommand<CashMovementRequest>(api, parts, {
    method: 'POST',
    path: '/withdrawals',
    id: 'withdraw',
    access: { resource: 'cash', permission: 'CREATE' },
    tag: 'Cash',
    summary: 'Withdraw settled cash',
    body: CashMovementRequest,
    status: 201,
    errors: [...cashErrors, 'ACCOUNT_SUSPENDED', 'INSUFFICIENT_SETTLED_CASH'],
    instruct: (body, today) => ({ instruction: cashMovementFrom('Withdraw', body, today) }),
  });
}
