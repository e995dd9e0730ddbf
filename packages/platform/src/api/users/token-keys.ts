import type { FastifyInstance } from 'fastify';
import { WithdrawTokenKeysRequest } from '../../domain/users/contract.ts';
import { Confirmation } from '../confirmation.ts';
import { commandSchema } from '../operation.ts';
import { userTag, type UserRouteParts } from './users.ts';

/** What an administrator does when somebody may have got hold of a key that signs access tokens. */
export function tokenKeyRoute(
  api: FastifyInstance,
  { identity: { tokenKeys }, run }: Pick<UserRouteParts, 'identity' | 'run'>,
): void {
  const schema = commandSchema({
    tag: userTag,
    id: 'withdrawTokenKeys',
    access: { resource: 'keys', permission: 'UPDATE' },
    summary: 'Trust no access token that was signed so far',
    description:
      'All keys that sign access tokens, of every server, are withdrawn for ever, and new ones made: the token of ' +
      'this request is refused from the next one on. Sessions and API keys go on, and give new tokens.',
    body: WithdrawTokenKeysRequest,
    answers: { 200: Confirmation },
    errors: [],
  });
  api.post<{ Body: WithdrawTokenKeysRequest }>(
    '/token-keys/withdraw',
    { schema },
    (request, reply) =>
      run(request, reply, {
        subject: 'token-keys',
        success: { status: 200, names: {} },
        handle: (options) => tokenKeys.withdraw(request.body.reason, options),
      }),
  );
}
