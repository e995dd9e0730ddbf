import type { Permission, Role } from './events.ts';
import { ofAccounts, rolesFor, type Resource } from './rules.ts';

export type { Resource } from './rules.ts';

/** What is known of somebody who wants to do something. */
interface Actor {
  readonly roles: readonly Role[];
  /** What a token or an API key leaves of what the roles give; undefined for all of it. */
  readonly permissions: readonly Permission[] | undefined;
}

/** Whether somebody may do something. `rule` says by what, for the record. */
export type Verdict =
  | {
      readonly allowed: true;
      /** Only with accounts of his own. */
      readonly ownOnly: boolean;
      readonly rule: string;
    }
  | { readonly allowed: false; readonly rule: string };

/** Holds what somebody wants to do against the rules. Denied is whatever no rule gives. */
export function decideAccess(
  { roles, permissions }: Actor,
  resource: Resource,
  permission: Permission,
): Verdict {
  if (permissions !== undefined && !permissions.includes(permission)) {
    return { allowed: false, rule: `a scope without ${permission}` };
  }
  const granted = rolesFor(resource, permission);
  // The house sees more than an investor does, so its roles are asked first.
  const role =
    roles.find((one) => one !== 'INVESTOR' && granted.includes(one)) ??
    roles.find((one) => granted.includes(one));
  if (role === undefined) {
    return { allowed: false, rule: `no role with ${permission} of ${resource}` };
  }
  const ownOnly = role === 'INVESTOR' && ofAccounts.has(resource);
  return { allowed: true, ownOnly, rule: `${role}: ${permission} of ${resource}` };
}
