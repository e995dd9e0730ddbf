import { formatInstant, type Instant } from '@counterfoil/event-store';

/** An instant as read models keep it: RFC 3339 in UTC, always with six digits of a second. */
export function instantCell(instant: Instant): string {
  const text = formatInstant(instant);
  // formatInstant gives three, six or nine digits between the 20th character and the final Z.
  return `${text.slice(0, -1).padEnd(26, '0').slice(0, 26)}Z`;
}
