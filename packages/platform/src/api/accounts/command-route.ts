import type { CalendarDate } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { Type, type TSchema } from 'typebox';
import { AccountIdIn, TradeIdIn } from '../../domain/accounts/contract.ts';
import type { AccountId, TradeId } from '../../domain/accounts/events.ts';
import type { AccountInstruction } from '../../ledger/instructions.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { RunCommand } from '../commands.ts';
import { Confirmation } from '../confirmation.ts';
import type { ErrorCode } from '../errors.ts';
import { commandSchema, type Guarded } from '../operation.ts';

export const accountParams = Type.Object({ accountId: AccountIdIn });
const tradeParams = Type.Object({ accountId: AccountIdIn, tradeId: TradeIdIn });

/** A route that gives an account a command; all of them differ in these things only. */
export interface AccountCommandRoute<Body> {
  readonly method: 'POST' | 'PUT';
  /** Behind `/accounts/:accountId`; may name `:tradeId`. */
  readonly path: string;
  readonly id: string;
  readonly access: Guarded;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly body: TSchema;
  /** When it changed something. */
  readonly status: 200 | 201;
  readonly confirmation?: TSchema;
  readonly errors: readonly ErrorCode[];
  instruct(body: Body, today: CalendarDate, tradeId: TradeId): Instructed;
}

export interface Instructed {
  readonly instruction: AccountInstruction;
  /** What the confirmation names first. */
  readonly names?: Readonly<Record<string, string>>;
}

export interface CommandParts {
  readonly ledger: Pick<Ledger, 'account' | 'market'>;
  readonly run: RunCommand;
}

export function accountCommand<Body>(
  api: FastifyInstance,
  { ledger, run }: CommandParts,
  route: AccountCommandRoute<Body>,
): void {
  const { method, path, status, confirmation = Confirmation, instruct, ...operation } = route;
  const schema = commandSchema({
    ...operation,
    params: path.includes(':tradeId') ? tradeParams : accountParams,
    errors: ['ACCOUNT_UNKNOWN', ...operation.errors],
    answers: { [status]: confirmation },
  });
  api.route<{ Body: Body; Params: { readonly accountId: AccountId; readonly tradeId: TradeId } }>({
    method,
    url: `/accounts/:accountId${path}`,
    schema,
    handler: (request, reply) => {
      const { accountId, tradeId } = request.params;
      const today = ledger.market.today();
      const { instruction, names = {} } = instruct(request.body as Body, today, tradeId);
      return run(request, reply, {
        subject: accountId,
        success: { status, names },
        handle: (options) => ledger.account(accountId, instruction, options),
      });
    },
  });
}
