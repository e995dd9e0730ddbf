import { fromBase64 } from './base64.ts';
import { Problem } from './problem.ts';
import { hashBytes } from './sha256.ts';

/** A hash that stands as text in base64. Throws a Problem when it is none. */
export function hashIn(text: string): Uint8Array {
  const bytes = fromBase64(text);
  if (bytes?.length === hashBytes) return bytes;
  throw new Problem('MALFORMED', `"${text}" is no hash in base64`);
}
