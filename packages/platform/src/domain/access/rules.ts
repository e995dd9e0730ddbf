import type { Permission, Role } from './events.ts';

/** Whom a permission is given to. A pair of resource and permission that is not here is nobody's. */
type Granted = Readonly<Partial<Record<Permission, readonly Role[]>>>;

/** Those of the house: they see all accounts. */
const house = ['ADMIN', 'ANALYST', 'AUDITOR', 'READ_ONLY', 'SERVICE'] as const;

/** An investor too. Of what belongs to accounts he has his own and no other: see `ofAccounts`. */
const everybody = [...house, 'INVESTOR'] as const;

/** Those who do the daily work. */
const workers = ['ADMIN', 'ANALYST', 'SERVICE'] as const;

/** Those whose decisions people answer for, and no program. */
const deciders = ['ADMIN', 'ANALYST'] as const;

/** Those who examine the record. */
const examiners = ['ADMIN', 'AUDITOR'] as const;

const admin = ['ADMIN'] as const;

/** Who may do what: the whole of it. docs/reference/access.md is made from it. */
export const rules = {
  accounts: {
    CREATE: workers,
    READ: everybody,
    UPDATE: deciders,
    CANCEL: deciders,
    AUDIT: [...deciders, 'AUDITOR'],
  },
  cash: { CREATE: workers },
  limits: { READ: house, UPDATE: deciders },
  trades: { CREATE: workers, READ: everybody, UPDATE: workers, CANCEL: workers },
  positions: { READ: everybody },
  instruments: { CREATE: workers, READ: everybody, UPDATE: workers, CANCEL: deciders },
  prices: { CREATE: workers, READ: everybody },
  'corporate-actions': { CREATE: workers, READ: everybody, UPDATE: deciders, CANCEL: deciders },
  entitlements: { READ: everybody },
  elections: { CREATE: [...workers, 'INVESTOR'], READ: everybody },
  reconciliation: { READ: house, UPDATE: workers },
  requests: { READ: house },
  'dead-letters': { READ: [...deciders, 'AUDITOR'], UPDATE: deciders },
  operations: { READ: house },
  commands: { CREATE: workers },
  audit: { READ: examiners, UPDATE: admin, AUDIT: examiners },
  reports: { CREATE: examiners, READ: examiners, CANCEL: examiners, AUDIT: examiners },
  users: { CREATE: admin, READ: examiners, UPDATE: admin, CANCEL: admin },
  'api-keys': { CREATE: admin, READ: examiners, UPDATE: admin, CANCEL: admin },
  keys: { READ: examiners, UPDATE: admin },
  retention: { CREATE: admin, READ: examiners, UPDATE: admin, CANCEL: admin },
  session: { READ: everybody, UPDATE: everybody, CANCEL: everybody },
} as const satisfies Readonly<Record<string, Granted>>;

export type Resource = keyof typeof rules;

/** What belongs to accounts: an investor has that of his own, and other people's is unknown to him. */
export const ofAccounts: ReadonlySet<Resource> = new Set([
  'accounts',
  'cash',
  'limits',
  'trades',
  'positions',
  'corporate-actions',
  'entitlements',
  'elections',
]);

/** The roles that have a permission on a resource. */
export function rolesFor(resource: Resource, permission: Permission): readonly Role[] {
  const granted: Granted = rules[resource];
  return granted[permission] ?? [];
}
