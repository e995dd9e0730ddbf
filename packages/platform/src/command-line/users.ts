import type { CommandResult } from '@counterfoil/event-store';
import { Compile } from 'typebox/compile';
import { catalogue } from '../api/errors.ts';
import { Refusal } from '../api/problem.ts';
import { RegisterUserRequest } from '../domain/users/contract.ts';
import { userStream, type UserId } from '../domain/users/events.ts';
import type { UserRejection } from '../domain/users/user.ts';
import type { Identity } from '../identity/identity.ts';
import { newUserId, randomPassword } from '../identity/random-ids.ts';
import { openKeys } from '../key-stores.ts';
import { describeRejection } from '../ledger/describe-rejection.ts';
import { openIdentityOf } from '../platform.ts';
import { createRetention } from '../retention/retention.ts';
import { openLog, systemClock } from '../stores.ts';
import type { Vault } from '../vault/vault.ts';
import { CommandFailure, opening } from './failure.ts';
import { onKeptStore, type StoreOptions } from './kept-store.ts';
import type { Terminal } from './terminal.ts';

export interface UserOptions extends StoreOptions {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly role?: readonly string[] | undefined;
  readonly account?: readonly string[] | undefined;
}

interface UserWork {
  readonly identity: Identity;
  readonly vault: Pick<Vault, 'openAll'>;
  /** Undefined where the action takes none. */
  readonly username: string;
  readonly options: UserOptions;
  readonly terminal: Terminal;
}

// Whoever can read the data directory is trusted with this: it works where nobody can log in any more.
const actions = new Map<string, (work: UserWork) => Promise<void>>([
  ['list', list],
  ['add', add],
  ['password', setPassword],
  ['deactivate', deactivate],
  ['withdraw-token-keys', withdrawTokenKeys],
]);

/** The others are about one user. */
const aboutAll: ReadonlySet<string> = new Set(['list', 'withdraw-token-keys']);

/**
 * Users without the server: lists them, adds one, gives one another password, deactivates one; and has nobody
 * trust the access tokens that they have.
 */
export async function users(
  action: string,
  username: string | undefined,
  options: UserOptions,
  terminal: Terminal,
): Promise<number> {
  const act = actions.get(action);
  if (act === undefined) {
    const known = [...actions.keys()].join(', ');
    throw new CommandFailure(`Users can't be made to "${action}": use ${known}`);
  }
  if (!aboutAll.has(action) && username === undefined) {
    throw new CommandFailure(`Say whom: counterfoil users ${action} <username>`);
  }
  return onKeptStore(options, async (config) => {
    const store = await opening(config, () => openLog(config));
    const keys = await openKeys(config);
    try {
      const { vault } = keys;
      const clock = systemClock;
      const retention = createRetention({
        log: store,
        vault,
        keys: keys.store,
        policy: config.retentionYears,
        clock,
      });
      const onFailure = (failure: unknown): void => terminal.tell(String(failure));
      const parts = { store, vault, retention, clock, onFailure };
      const identity = await openIdentityOf(config, parts);
      try {
        await act({ identity, vault, username: username ?? '', options, terminal });
      } finally {
        await identity.close();
      }
    } catch (failure) {
      throw failure instanceof Refusal ? sentence(failure) : failure;
    } finally {
      await keys.close();
      await store.close();
    }
    return 0;
  });
}

function sentence(refusal: Refusal): CommandFailure {
  const { message, code } = refusal;
  return new CommandFailure(`${message} ${catalogue[code].advice}`, { cause: refusal });
}

async function list({ identity: { users: all, book }, vault, terminal }: UserWork): Promise<void> {
  for (const [id, { status, roles }] of book.users()) {
    const user = await all.now(id);
    const value = user?.username;
    const [name = '(erased)'] =
      value === undefined ? [] : await vault.openAll([{ subject: userStream(id), value }]);
    terminal.say(`${id}  ${status.padEnd(11)}  ${roles.join(',').padEnd(20)}  ${name}`);
  }
}

const validator = Compile(RegisterUserRequest);

async function add({ identity, username, options, terminal }: UserWork): Promise<void> {
  const { name = username, email, role = ['READ_ONLY'], account = [] } = options;
  const password = randomPassword();
  const request: unknown = {
    username,
    display_name: name,
    ...(email === undefined ? {} : { email }),
    password,
    roles: role,
    accounts: account,
  };
  if (!validator.Check(request)) {
    const [fault] = validator.Errors(request);
    throw new CommandFailure(
      `That is no user: ${fault?.instancePath ?? ''} ${fault?.message ?? ''}`,
    );
  }
  const id = newUserId();
  const { roles, accounts = [] } = request;
  const user = { username, displayName: name, email, password, roles, accounts };
  requireDone(await identity.users.register(id, user, { cause }), id);
  terminal.say(`User ${username} is ${id}`);
  terminal.say(`Password: ${password}`);
}

async function setPassword({ identity, username, terminal }: UserWork): Promise<void> {
  const id = await idOf(identity, username);
  const password = randomPassword();
  requireDone(await identity.users.setPassword(id, password, 'BY_ADMIN', { cause }), id);
  terminal.say(`Password: ${password}`);
}

async function deactivate({ identity, username, terminal }: UserWork): Promise<void> {
  const id = await idOf(identity, username);
  const command = { type: 'DeactivateUser', reason: 'by the command line' } as const;
  requireDone(await identity.users.handle(id, command, { cause }), id);
  terminal.say(`User ${username} (${id}) is deactivated, and all sessions are over`);
}

async function withdrawTokenKeys({ identity, terminal }: UserWork): Promise<void> {
  const reason = 'by the command line';
  const result = await identity.tokenKeys.withdraw(reason, { cause });
  const count = result.kind === 'accepted' ? result.eventIds.length : 0;
  const keys = count === 1 ? 'key is' : 'keys are';
  terminal.say(`${count} ${keys} withdrawn: access tokens from before are refused`);
  terminal.say('Sessions and API keys go on, and give new ones');
}

const cause = { userId: 'command-line' };

async function idOf({ users: all, book }: Identity, username: string): Promise<UserId> {
  const id = book.userNamed(await all.indexOf(username));
  if (id === undefined) throw new CommandFailure(`There is no user "${username}"`);
  return id;
}

function requireDone(result: CommandResult<UserRejection>, id: UserId): void {
  if (result.kind !== 'rejected') return;
  const { rejection } = result;
  throw new CommandFailure(
    `${describeRejection(rejection, id)} ${catalogue[rejection.code].advice}`,
  );
}
