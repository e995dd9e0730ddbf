import { isDeepStrictEqual } from 'node:util';

/** Whether two values are the same but for the classes that a decoder makes its objects of. */
export function same(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(structuredClone(left), structuredClone(right));
}
