import { fold, plainSensitive, type Instant } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import type { Role } from '../access/events.ts';
import type { AccountId } from '../accounts/events.ts';
import type { BlindIndex, UserEvent } from './events.ts';
import { userDecider, type RegisterUser, type TryLogin, type UserCommand } from './user.ts';

const sealed = plainSensitive;
const acc1 = 'ACC-1' as AccountId;
const home = 'home' as BlindIndex;
const elsewhere = 'elsewhere' as BlindIndex;
const start = 1_790_000_000_000_000_000n;
const at = (seconds: number) => (start + BigInt(Math.round(seconds * 1e9))) as Instant;

const registered: RegisterUser = {
  type: 'RegisterUser',
  usernameIndex: 'index' as BlindIndex,
  username: sealed('ada'),
  displayName: sealed('Ada Lovelace'),
  email: null,
  passwordHash: sealed('$argon2id$1'),
  roles: ['ADMIN'],
  accounts: [],
  identity: null,
};
const investor: RegisterUser = { ...registered, roles: ['INVESTOR'], accounts: [acc1] };

const wrong = (seconds: number, addressIndex = elsewhere): TryLogin => ({
  type: 'TryLogin',
  how: 'PASSWORD',
  isRight: false,
  passwords: 1,
  addressIndex,
  at: at(seconds),
});
const right = (seconds: number, addressIndex = elsewhere): TryLogin => ({
  ...wrong(seconds, addressIndex),
  isRight: true,
});
const roles = (...to: readonly Role[]): UserCommand => ({
  type: 'ChangeRoles',
  roles: to,
  isOtherAdmin: false,
});
const newPassword: UserCommand = {
  type: 'ChangePassword',
  passwordHash: sealed('$argon2id$2'),
  reason: 'BY_USER',
  passwords: 1,
};
const identity = { issuer: 'https://id.example', subjectIndex: 'subject' as BlindIndex };
const link: UserCommand = { type: 'LinkIdentity', identity };
const unlink: UserCommand = { type: 'UnlinkIdentity', identity };
const deactivate = { type: 'DeactivateUser', reason: 'left', isOtherAdmin: true } as const;
const reactivate: UserCommand = { type: 'ReactivateUser', reason: 'is back' };
const erase = { type: 'EraseUser', reason: 'asked for it', isOtherAdmin: true } as const;

/** Every command's events, or the code that it was refused with. */
function outcomes(commands: readonly UserCommand[]): readonly string[] {
  const events: UserEvent[] = [];
  return commands.map((command) => {
    const decided = userDecider.decide(command, fold(userDecider, events));
    events.push(...decided.events);
    const happened = decided.events.map((event) =>
      event.type === 'LoginFailed' ? `LoginFailed ${event.data.reason}` : event.type,
    );
    return [...happened, ...(decided.rejection ? [decided.rejection.code] : [])].join(' ');
  });
}

const last = (commands: readonly UserCommand[]) => outcomes(commands).at(-1);

describe('MD-08 what is done about a user', () => {
  test.each<[string, readonly UserCommand[], string]>([
    ['is refused before he is registered', [reactivate], 'USER_UNKNOWN'],
    ['begins with registering', [registered], 'UserRegistered'],
    [
      'gives accounts to investors',
      [investor, { type: 'GrantAccounts', accounts: [acc1, 'ACC-2' as AccountId] }],
      'AccountsGranted',
    ],
    [
      'gives accounts to nobody else',
      [registered, { type: 'GrantAccounts', accounts: [acc1] }],
      'ACCOUNTS_NOT_FOR_ROLE',
    ],
    ['also not at registering', [{ ...registered, accounts: [acc1] }], 'ACCOUNTS_NOT_FOR_ROLE'],
    [
      'leaves no accounts without the role',
      [investor, roles('READ_ONLY')],
      'ACCOUNTS_NOT_FOR_ROLE',
    ],
    ['changes roles', [registered, roles('ADMIN', 'AUDITOR')], 'RolesChanged'],
    ['changes nothing to the same roles', [registered, roles('ADMIN')], ''],
    ['sets a password', [registered, newPassword], 'PasswordChanged'],
    [
      'sets none that was decided on before another',
      [registered, newPassword, newPassword],
      'PASSWORD_OUTDATED',
    ],
    ['links a provider once', [registered, link, link], ''],
    [
      'unlinks it, which ends the sessions that began by way of it',
      [registered, link, unlink],
      'IdentityUnlinked SessionsEnded',
    ],
    ['unlinks what is linked', [registered, unlink], ''],
    ['unlinks once', [registered, link, unlink, unlink], ''],
    ['links again what was unlinked', [registered, link, unlink, link], 'IdentityLinked'],
    ['deactivates', [registered, deactivate], 'UserDeactivated'],
    ['deactivates once', [registered, deactivate, deactivate], ''],
    ['reactivates', [registered, deactivate, reactivate], 'UserReactivated'],
    ['erases', [registered, deactivate, erase], 'UserErased'],
    ['erases once', [registered, erase, erase], ''],
    ['ends with erasing', [registered, erase, reactivate], 'USER_ERASED'],
  ])('%s', (_, commands, outcome) => {
    expect(last(commands)).toBe(outcome);
  });
});

describe('RC-06 the last active administrator', () => {
  const alone = false;
  test.each<[string, readonly UserCommand[], string]>([
    ['is not deactivated', [registered, { ...deactivate, isOtherAdmin: alone }], 'LAST_ADMIN'],
    ['is not erased', [registered, { ...erase, isOtherAdmin: alone }], 'LAST_ADMIN'],
    ['keeps the role', [registered, roles('ANALYST')], 'LAST_ADMIN'],
    ['may get other roles besides', [registered, roles('ADMIN', 'ANALYST')], 'RolesChanged'],
    [
      'is none who is deactivated already',
      [registered, deactivate, { ...erase, isOtherAdmin: alone }],
      'UserErased',
    ],
    [
      'is none who is no administrator',
      [investor, { ...deactivate, isOtherAdmin: alone }],
      'UserDeactivated',
    ],
  ])('%s', (_, commands, outcome) => {
    expect(last(commands)).toBe(outcome);
  });
});

const fiveWrong = [0, 1, 2, 3, 4].map((second) => wrong(second));

describe('RC-06 logging in', () => {
  test.each<[string, readonly UserCommand[], string]>([
    ['takes the right password', [registered, right(0)], 'LoginSucceeded'],
    ['refuses another', [registered, wrong(0)], 'LoginFailed WRONG_PASSWORD LOGIN_FAILED'],
    [
      'refuses the password before the last',
      [registered, newPassword, right(0)],
      'LoginFailed WRONG_PASSWORD LOGIN_FAILED',
    ],
    [
      'refuses who is deactivated',
      [registered, deactivate, right(0)],
      'LoginFailed NOT_ACTIVE LOGIN_FAILED',
    ],
    [
      'lets in again who is reactivated',
      [registered, deactivate, reactivate, right(0)],
      'LoginSucceeded',
    ],
    ['refuses who is erased', [registered, erase, right(0)], 'LoginFailed NOT_ACTIVE LOGIN_FAILED'],
    [
      'is free after four failures',
      [registered, ...fiveWrong.slice(1), right(4)],
      'LoginSucceeded',
    ],
    [
      'has to wait a second after five',
      [registered, ...fiveWrong, right(4.999)],
      'LoginFailed LOCKED LOGIN_FAILED',
    ],
    ['and no longer', [registered, ...fiveWrong, right(5)], 'LoginSucceeded'],
    [
      'has to wait two after six',
      [registered, ...fiveWrong, wrong(5), right(6.999)],
      'LoginFailed LOCKED LOGIN_FAILED',
    ],
    ['and no longer than two', [registered, ...fiveWrong, wrong(5), right(7)], 'LoginSucceeded'],
    [
      'does not wait longer for having knocked meanwhile',
      [registered, ...fiveWrong, wrong(4.5), wrong(4.9), right(5)],
      'LoginSucceeded',
    ],
    [
      'counts from one again once it succeeded',
      [registered, ...fiveWrong, right(5), wrong(6), right(6)],
      'LoginSucceeded',
    ],
    [
      'is free where the user was before, whatever strangers try',
      [registered, right(0, home), ...fiveWrong, right(4, home)],
      'LoginSucceeded',
    ],
    [
      'stays locked for strangers when the user comes in',
      [registered, right(0, home), ...fiveWrong, right(4, home), right(4.5)],
      'LoginFailed LOCKED LOGIN_FAILED',
    ],
    [
      'is locked at home too after failures there',
      [registered, right(0, home), ...[1, 2, 3, 4, 5].map((s) => wrong(s, home)), right(5.5, home)],
      'LoginFailed LOCKED LOGIN_FAILED',
    ],
    [
      'by way of a provider does not wait for passwords',
      [registered, ...fiveWrong, { ...right(4), how: 'OIDC', passwords: 0 }],
      'LoginSucceeded',
    ],
  ])('%s', (_, commands, outcome) => {
    expect(last(commands)).toBe(outcome);
  });

  test('waits a quarter of an hour at most, after however many failures', () => {
    const commands: UserCommand[] = [registered];
    for (let tries = 0; tries < 40; tries += 1) commands.push(wrong(tries * 900));
    expect(last([...commands, right(39 * 900 + 899)])).toContain('LOCKED');
    expect(last([...commands, right(39 * 900 + 900)])).toBe('LoginSucceeded');
  });

  test('remembers the last five addresses, and takes the others for strangers', () => {
    const six = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => right(0, name as BlindIndex));
    const known = (name: string) =>
      last([registered, ...six, ...fiveWrong, right(4, name as BlindIndex)]);
    expect(known('a')).toContain('LOCKED');
    expect(known('b')).toBe('LoginSucceeded');
    expect(known('f')).toBe('LoginSucceeded');
  });
});

test('RC-04 an erased user leaves nothing to be recognised by', () => {
  const commands: readonly UserCommand[] = [registered, link, right(0, home), erase];
  const events: UserEvent[] = [];
  for (const command of commands) {
    events.push(...userDecider.decide(command, fold(userDecider, events)).events);
  }
  expect(fold(userDecider, events)).toMatchObject({
    status: 'ERASED',
    identities: [],
    logins: { known: new Map() },
  });
});
