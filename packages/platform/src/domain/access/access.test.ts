import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideAccess, type Resource } from './access.ts';
import { permissions, roles, type Permission, type Role } from './events.ts';
import { ofAccounts, rolesFor, rules } from './rules.ts';

const resources = Object.keys(rules) as Resource[];

/** `own` for what is allowed with one's own accounts only. */
function decided(role: Role, permission: Permission, resource: Resource): 'yes' | 'own' | 'no' {
  const verdict = decideAccess({ roles: [role], permissions: undefined }, resource, permission);
  if (!verdict.allowed) return 'no';
  return verdict.ownOnly ? 'own' : 'yes';
}

describe('RC-05 who may do what', () => {
  test.each<[Role, Permission, Resource, 'yes' | 'own' | 'no']>([
    ['ADMIN', 'CREATE', 'users', 'yes'],
    ['ANALYST', 'CREATE', 'trades', 'yes'],
    ['ANALYST', 'CREATE', 'users', 'no'],
    ['ANALYST', 'AUDIT', 'audit', 'no'],
    ['AUDITOR', 'AUDIT', 'audit', 'yes'],
    ['AUDITOR', 'READ', 'accounts', 'yes'],
    ['AUDITOR', 'CREATE', 'trades', 'no'],
    ['READ_ONLY', 'READ', 'positions', 'yes'],
    ['READ_ONLY', 'CREATE', 'cash', 'no'],
    ['READ_ONLY', 'AUDIT', 'accounts', 'no'],
    ['INVESTOR', 'READ', 'accounts', 'own'],
    ['INVESTOR', 'CREATE', 'elections', 'own'],
    ['INVESTOR', 'READ', 'prices', 'yes'],
    ['INVESTOR', 'CREATE', 'trades', 'no'],
    ['INVESTOR', 'READ', 'requests', 'no'],
    ['SERVICE', 'CREATE', 'prices', 'yes'],
    ['SERVICE', 'UPDATE', 'limits', 'no'],
  ])('a %s asks for %s of %s: %s', (role, permission, resource, answer) => {
    expect(decided(role, permission, resource)).toBe(answer);
  });

  test.each<[Role]>([['AUDITOR'], ['READ_ONLY']])('a %s changes nothing but reports', (role) => {
    const changing = permissions.filter((permission) => !['READ', 'AUDIT'].includes(permission));
    const given = resources.flatMap((resource) =>
      changing
        .filter((permission) => decided(role, permission, resource) !== 'no')
        .map(() => resource),
    );
    expect(new Set(given)).toEqual(
      new Set(role === 'AUDITOR' ? ['reports', 'session'] : ['session']),
    );
  });

  test('no user, key or setting of security is for anybody but administrators to change', () => {
    const guarded: Resource[] = ['users', 'api-keys', 'keys', 'retention'];
    const changers = guarded.flatMap((resource) =>
      permissions
        .filter((permission) => permission !== 'READ')
        .flatMap((permission) => rolesFor(resource, permission)),
    );
    expect(new Set(changers)).toEqual(new Set(['ADMIN']));
  });
});

const anyRoles = fc.shuffledSubarray([...roles]);
const anyResource = fc.constantFrom(...resources);
const anyPermission = fc.constantFrom(...permissions);
const anyScope = fc.option(fc.subarray([...permissions]), { nil: undefined });

describe('RC-05 whatever roles and scopes come together', () => {
  test('what no rule gives to any of the roles is denied', () => {
    const holds = fc.property(
      anyRoles,
      anyResource,
      anyPermission,
      (given, resource, permission) => {
        const { allowed } = decideAccess(
          { roles: given, permissions: undefined },
          resource,
          permission,
        );
        expect(allowed).toBe(given.some((role) => rolesFor(resource, permission).includes(role)));
      },
    );
    fc.assert(holds, { numRuns: 5_000 });
  });

  test('a scope takes away and never adds', () => {
    const holds = fc.property(
      anyRoles,
      anyScope,
      anyResource,
      anyPermission,
      (given, scope, resource, permission) => {
        const narrowed = decideAccess({ roles: given, permissions: scope }, resource, permission);
        const whole = decideAccess({ roles: given, permissions: undefined }, resource, permission);
        const inScope = scope === undefined || scope.includes(permission);
        expect(narrowed.allowed).toBe(whole.allowed && inScope);
      },
    );
    fc.assert(holds, { numRuns: 5_000 });
  });

  test('an investor is kept to his own accounts, unless another role of his sees all', () => {
    const holds = fc.property(
      anyRoles,
      anyResource,
      anyPermission,
      (given, resource, permission) => {
        const verdict = decideAccess(
          { roles: given, permissions: undefined },
          resource,
          permission,
        );
        if (!verdict.allowed) return;
        const others = given.filter((role) => role !== 'INVESTOR');
        const seesAll = others.some((role) => rolesFor(resource, permission).includes(role));
        expect(verdict.ownOnly).toBe(!seesAll && ofAccounts.has(resource));
      },
    );
    fc.assert(holds, { numRuns: 5_000 });
  });
});
