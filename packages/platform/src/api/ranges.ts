import { Refusal } from './problem.ts';

interface Range {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Refuses a range of dates that ends before it begins. */
export function requireRange({ from, to }: Range): void {
  if (from !== undefined && to !== undefined && from > to) {
    throw new Refusal('RANGE_INVALID', `"from" is ${from} and "to" is ${to}.`);
  }
}
