import { randomBytes } from 'node:crypto';
import type { ReportId } from '../domain/reports/events.ts';

// Crockford's base 32, which leaves out what is taken for another sign when it is read aloud or copied.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const signs = 18;

/** An id that no other report has: 90 random bits. */
export function newReportId(): ReportId {
  const random = randomBytes(signs);
  return `RPT-${Array.from(random, (byte) => alphabet.charAt(byte & 31)).join('')}` as ReportId;
}
