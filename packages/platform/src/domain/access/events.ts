import { eventType, field, streamId, type EventOf, type StreamId } from '@counterfoil/event-store';

/** What a principal is let do: the rules are in `rules.ts`. */
export const roles = ['ADMIN', 'ANALYST', 'AUDITOR', 'READ_ONLY', 'INVESTOR', 'SERVICE'] as const;

export type Role = (typeof roles)[number];

export const permissions = ['CREATE', 'READ', 'UPDATE', 'CANCEL', 'AUDIT'] as const;

export type Permission = (typeof permissions)[number];

/** How somebody proved who he is: nobody, when he didn't. */
export const authentications = [
  'NONE',
  'PASSWORD',
  'OIDC',
  'CLIENT_CREDENTIALS',
  'API_KEY',
] as const;

export type Authentication = (typeof authentications)[number];

/** Whether somebody was let do something, and by which rule. */
const AccessDecided = eventType('AccessDecided', {
  /** The principal; empty for somebody unknown. */
  principal: field.text(),
  authentication: field.oneOf('Authentication', authentications),
  /** The operation's id, such as `openAccount`. */
  operation: field.text(),
  permission: field.nullable(field.oneOf('Permission', permissions)),
  /** What it was done to, such as `accounts/ACC-1`; without query, and without anything secret. */
  resource: field.text(),
  allowed: field.flag(),
  /** The rule that decided, or the reason why there was none. */
  rule: field.text(),
  /** Of the request. */
  correlationId: field.text(),
});

export const accessEventTypes = [AccessDecided];

export type AccessEvent = EventOf<typeof AccessDecided>;

/** The decisions of one day, by the day of UTC. */
export function accessStream(day: string): StreamId {
  return streamId(`access-${day}`);
}
