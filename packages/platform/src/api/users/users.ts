import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  RegisterUserRequest,
  UserAnswer,
  UserIdIn,
  UserStatusIn,
} from '../../domain/users/contract.ts';
import type { Identity } from '../../identity/identity.ts';
import { newUserId } from '../../identity/random-ids.ts';
import { findUser, listUsers } from '../../queries/users.ts';
import type { UserRow, ViewDatabase } from '../../queries/views.ts';
import type { Vault } from '../../vault/vault.ts';
import type { RunCommand } from '../commands.ts';
import { confirmationOf } from '../confirmation.ts';
import { commandSchema, optional, querySchema } from '../operation.ts';
import { pageFrom, pageOf, pageQuery, pageRequestOf, type PageQuery } from '../pages.ts';
import { Refusal } from '../problem.ts';
import { MinPosition, type ReachPosition } from '../read-position.ts';
import { hidingPassword } from './hidden-password.ts';
import { userAnswers } from './user-answers.ts';

export interface UserRouteParts {
  readonly identity: Identity;
  readonly vault: Pick<Vault, 'openAll' | 'blindIndex'>;
  readonly views: ViewDatabase;
  readonly run: RunCommand;
  readonly reach: ReachPosition;
}

export const userTag = 'Users';
export const userParams = Type.Object({ userId: UserIdIn });

/** Users, as administrators register them and auditors look at them. */
export function userRoutes(api: FastifyInstance, parts: UserRouteParts): void {
  registerRoute(api, parts);
  listRoute(api, parts);
  oneRoute(api, parts);
}

function registerRoute(
  api: FastifyInstance,
  { identity: { users }, vault, run }: UserRouteParts,
): void {
  const schema = commandSchema({
    tag: userTag,
    id: 'registerUser',
    access: { resource: 'users', permission: 'CREATE' },
    summary: 'Register a user',
    body: RegisterUserRequest,
    answers: { 201: confirmationOf('UserConfirmation', { user_id: Type.String() }) },
    errors: ['PASSWORD_WEAK', 'USERNAME_TAKEN', 'ACCOUNTS_NOT_FOR_ROLE', 'KEYS_UNAVAILABLE'],
  });
  api.post<{ Body: RegisterUserRequest }>('/users', { schema }, async (request, reply) => {
    const { display_name: displayName, email, accounts = [], ...person } = request.body;
    request.body = await hidingPassword(vault, request.body, 'password');
    const id = newUserId();
    return run(request, reply, {
      subject: id,
      success: { status: 201, location: `/api/users/${id}`, names: { user_id: id } },
      handle: (options) => users.register(id, { ...person, displayName, email, accounts }, options),
    });
  });
}

interface ListQuery extends PageQuery {
  readonly status?: UserRow['status'];
  readonly minPosition?: number;
}

function listRoute(api: FastifyInstance, { views, vault, reach }: UserRouteParts): void {
  const schema = querySchema({
    tag: userTag,
    id: 'listUsers',
    access: { resource: 'users', permission: 'READ' },
    summary: 'List users in order of their ids',
    query: { status: optional(UserStatusIn), minPosition: MinPosition, ...pageQuery },
    answers: { 200: pageOf('UserPage', UserAnswer) },
    errors: ['KEYS_UNAVAILABLE'],
  });
  api.get<{ Querystring: ListQuery }>('/users', { schema }, async ({ query }, reply) => {
    const { after, limit } = pageRequestOf(query, ['USR-']);
    await reach(reply, query.minPosition);
    const rows = await listUsers(views, query, after, limit + 1);
    const page = pageFrom(
      rows,
      limit,
      (row) => row,
      ({ user_id }) => [user_id],
    );
    return { ...page, items: await userAnswers(vault, page.items) };
  });
}

function oneRoute(api: FastifyInstance, { views, vault, reach }: UserRouteParts): void {
  const schema = querySchema({
    tag: userTag,
    id: 'getUser',
    access: { resource: 'users', permission: 'READ' },
    summary: 'Show a user',
    params: userParams,
    query: { minPosition: MinPosition },
    answers: { 200: UserAnswer },
    errors: ['USER_UNKNOWN', 'KEYS_UNAVAILABLE'],
  });
  api.get<{
    Params: { readonly userId: string };
    Querystring: { readonly minPosition?: number };
  }>('/users/:userId', { schema }, async ({ params: { userId }, query }, reply) => {
    await reach(reply, query.minPosition);
    const row = await findUser(views, userId);
    const [answer] = row === undefined ? [] : await userAnswers(vault, [row]);
    if (answer !== undefined) return answer;
    throw new Refusal('USER_UNKNOWN', `There is no user ${userId}.`);
  });
}
