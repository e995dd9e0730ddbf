/** A promise of the write path was broken. */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant';
}

/** Throws a BrokenInvariant, saying what is so and should not be, unless the promise holds. */
export function must(holds: boolean, complaint: () => string): asserts holds {
  if (!holds) throw new BrokenInvariant(complaint());
}
