/** Whole numbers from 0 up to, without, the limit; a seed repeats them exactly. */
export type Random = (limit: number) => number;

/** A linear congruential generator (Numerical Recipes, section 7.1.1): repeatable, and random enough. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
