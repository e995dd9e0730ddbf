import { isDeepStrictEqual } from 'node:util';
import { isSensitive, Sealed, type Place } from '@counterfoil/event-store';

/**
 * Whether two values are the same but for the classes that a decoder makes its objects of, and for whether what
 * is sensitive was sealed already.
 */
export function same(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(
    structuredClone(withoutSensitive(left)),
    structuredClone(withoutSensitive(right)),
  );
}

const nowhere = {} as Place;

/** In the simulation the sealed bytes are the text, wherever they stand. */
function withoutSensitive(value: unknown): unknown {
  if (isSensitive(value)) {
    const bytes = value instanceof Sealed ? value.bytes : value.sealedFor(nowhere);
    return Buffer.from(bytes).toString();
  }
  if (Array.isArray(value)) return value.map(withoutSensitive);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map || value instanceof Set || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withoutSensitive(member)]),
  );
}
