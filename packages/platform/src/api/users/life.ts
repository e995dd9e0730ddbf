import type { CommandResult, HandleOptions } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import type { Permission } from '../../domain/access/events.ts';
import {
  LinkRequest,
  ResetPasswordRequest,
  RolesRequest,
  UserAccountsRequest,
  UserReasonRequest,
} from '../../domain/users/contract.ts';
import type { UserId } from '../../domain/users/events.ts';
import type { UserRejection } from '../../domain/users/user.ts';
import { Confirmation } from '../confirmation.ts';
import type { ErrorCode } from '../errors.ts';
import { commandSchema } from '../operation.ts';
import { hidingPassword } from './hidden-password.ts';
import { tokenKeyRoute } from './token-keys.ts';
import { userParams, userTag, type UserRouteParts } from './users.ts';

/** What administrators do about users. */
export function userLifeRoutes(api: FastifyInstance, parts: UserRouteParts): void {
  const { users } = parts.identity;
  userCommand<RolesRequest>(api, parts, {
    method: 'PUT',
    path: 'roles',
    id: 'changeRoles',
    summary: 'Set the roles of a user: they hold from the next request on',
    body: RolesRequest,
    errors: ['LAST_ADMIN', 'ACCOUNTS_NOT_FOR_ROLE', 'USER_ERASED'],
    handle: (id, { roles }, options) => users.handle(id, { type: 'ChangeRoles', roles }, options),
  });
  userCommand<UserAccountsRequest>(api, parts, {
    method: 'PUT',
    path: 'accounts',
    id: 'grantAccounts',
    summary: "Set which accounts are an investor's own",
    body: UserAccountsRequest,
    errors: ['ACCOUNTS_NOT_FOR_ROLE', 'USER_ERASED'],
    handle: (id, { accounts }, options) =>
      users.handle(id, { type: 'GrantAccounts', accounts }, options),
  });
  userCommand<LinkRequest>(api, parts, {
    method: 'POST',
    path: 'identities',
    id: 'linkIdentity',
    summary: 'Let somebody whom an identity provider vouches for be this user',
    body: LinkRequest,
    errors: ['USER_ERASED'],
    handle: async (id, { issuer, subject }, options) =>
      users.handle(
        id,
        { type: 'LinkIdentity', identity: await users.identityOf(issuer, subject) },
        options,
      ),
  });
  userCommand<LinkRequest>(api, parts, {
    method: 'POST',
    path: 'identities/unlink',
    id: 'unlinkIdentity',
    summary: 'Let somebody whom an identity provider vouches for be this user no longer',
    description:
      'All sessions of the user end, and what the provider has issued for him opens nothing from the next request ' +
      'on. Nothing is recorded, and `eventIds` is empty, where that identity was not linked to the user.',
    body: LinkRequest,
    errors: ['USER_ERASED'],
    handle: async (id, { issuer, subject }, options) =>
      users.handle(
        id,
        { type: 'UnlinkIdentity', identity: await users.identityOf(issuer, subject) },
        options,
      ),
  });
  userCommand<UserReasonRequest>(api, parts, {
    method: 'POST',
    path: 'deactivate',
    id: 'deactivateUser',
    summary: 'Deactivate a user: all sessions end, and no other begins',
    body: UserReasonRequest,
    errors: ['LAST_ADMIN', 'USER_ERASED'],
    handle: (id, { reason }, options) =>
      users.handle(id, { type: 'DeactivateUser', reason }, options),
  });
  userCommand<UserReasonRequest>(api, parts, {
    method: 'POST',
    path: 'reactivate',
    id: 'reactivateUser',
    summary: 'Let a deactivated user log in again',
    body: UserReasonRequest,
    errors: ['USER_ERASED'],
    handle: (id, { reason }, options) =>
      users.handle(id, { type: 'ReactivateUser', reason }, options),
  });
  userCommand<UserReasonRequest>(api, parts, {
    method: 'POST',
    path: 'erase',
    id: 'eraseUser',
    summary: 'Erase what is personal of a user, for ever',
    description:
      'The key is destroyed under which it is kept: nobody can read it any more, in backups neither. The id ' +
      'stays in the record of what was done. Refused while the record has to be kept whole.',
    permission: 'CANCEL',
    body: UserReasonRequest,
    errors: ['LAST_ADMIN', 'RETENTION_IN_FORCE', 'LEGAL_HOLD'],
    handle: (id, { reason }, options) => users.erase(id, reason, options),
  });
  resetRoute(api, parts);
  tokenKeyRoute(api, parts);
}

interface UserCommandRoute<Body> {
  readonly method: 'POST' | 'PUT';
  /** Behind `/users/:userId/`. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** UPDATE when not given. */
  readonly permission?: Permission;
  readonly body: TSchema;
  readonly errors: readonly ErrorCode[];
  handle(
    id: UserId,
    body: Body,
    options: HandleOptions<UserRejection>,
  ): Promise<CommandResult<UserRejection>>;
}

function userCommand<Body>(
  api: FastifyInstance,
  { run }: UserRouteParts,
  { method, path, handle, errors, permission = 'UPDATE', ...operation }: UserCommandRoute<Body>,
): void {
  const schema = commandSchema({
    ...operation,
    tag: userTag,
    access: { resource: 'users', permission },
    params: userParams,
    answers: { 200: Confirmation },
    errors: ['USER_UNKNOWN', 'KEYS_UNAVAILABLE', ...errors],
  });
  api.route<{ Params: { readonly userId: UserId }; Body: Body }>({
    method,
    url: `/users/:userId/${path}`,
    schema,
    handler: (request, reply) => {
      const { userId } = request.params;
      const body = request.body as Body;
      return run(request, reply, {
        subject: userId,
        success: { status: 200, names: {} },
        isPersonal: true,
        handle: (options) => handle(userId, body, options),
      });
    },
  });
}

function resetRoute(api: FastifyInstance, { identity, vault, run }: UserRouteParts): void {
  const schema = commandSchema({
    tag: userTag,
    id: 'resetPassword',
    access: { resource: 'users', permission: 'UPDATE' },
    summary: 'Set the password of a user: all sessions end',
    params: userParams,
    body: ResetPasswordRequest,
    answers: { 200: Confirmation },
    errors: [
      'USER_UNKNOWN',
      'USER_ERASED',
      'PASSWORD_WEAK',
      'PASSWORD_OUTDATED',
      'KEYS_UNAVAILABLE',
    ],
  });
  api.post<{ Params: { readonly userId: UserId }; Body: ResetPasswordRequest }>(
    '/users/:userId/password',
    { schema },
    async (request, reply) => {
      const { params, body } = request;
      const { userId } = params;
      request.body = await hidingPassword(vault, body, 'new_password');
      return run(request, reply, {
        subject: userId,
        success: { status: 200, names: {} },
        handle: (options) =>
          identity.users.setPassword(userId, body.new_password, 'BY_ADMIN', options),
      });
    },
  );
}
