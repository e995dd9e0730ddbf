import type { CalendarDate } from '@counterfoil/event-store';
import { isPayable } from './announcement.ts';
import { versionToReverse, type CorporateAction } from './corporate-action.ts';
import { dueOn } from './dates.ts';
import type { ActionTerms, Announcement } from './events.ts';

// An amendment may move an action away from today: to a later date, or back to what is not known for sure. What
// was posted of it then is wrong from that moment on, and not only when the new version falls due.

/** Whether a version is to be posted by a day. */
export function isDue(head: Announcement, today: CalendarDate): boolean {
  return isPayable(head) && dueOn(head) <= today;
}

/** Whether accounts may hold postings of an earlier version, and the head has none to put in their place. */
export function isPutOff(action: CorporateAction, today: CalendarDate): boolean {
  const { status, version, head, posted, underWay } = action;
  const last = underWay ?? posted;
  const isSuperseded = last !== undefined && last.version !== version;
  return status !== 'CANCELLED' && isSuperseded && !isDue(head, today);
}

/** A version as accounts are posted to by it. */
export interface ActingVersion {
  readonly version: number;
  readonly announcement: Announcement;
  readonly terms: ActionTerms;
}

/** The version that an account is to hold postings of today; undefined where it is to hold none, or none yet. */
export function actingVersion(
  action: CorporateAction,
  today: CalendarDate,
): ActingVersion | undefined {
  if (action.status === 'CANCELLED' || isPutOff(action, today)) return undefined;
  return action.underWay ?? action.posted;
}

/** Why postings are taken back, for whoever looks at an account. */
export function reasonToReverse(action: CorporateAction): string {
  const { version, head, cancellation } = action;
  if (cancellation !== undefined) return cancellation.reason;
  if (head.completeness === 'PRELIMINARY') return `version ${version} is preliminary`;
  if (head.confirmation === 'UNCONFIRMED') return `version ${version} is not confirmed`;
  return `version ${version} moves it to ${dueOn(head)}`;
}

/** The version that is worked on. */
export function versionAtWork(action: CorporateAction, work: 'post' | 'take back'): number {
  return work === 'post' ? action.version : (versionToReverse(action) ?? action.version);
}
