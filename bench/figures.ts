import type { Figure, Target } from './scenario.ts';

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export function spreadOf(rounds: readonly number[]): Spread {
  const sorted = rounds.toSorted((left, right) => left - right);
  const middle = (sorted.length - 1) / 2;
  const below = sorted[Math.floor(middle)];
  const above = sorted[Math.ceil(middle)];
  const [lowest] = sorted;
  const highest = sorted.at(-1);
  if (below === undefined || above === undefined || lowest === undefined || highest === undefined) {
    throw new RangeError('a figure without a round');
  }
  return { median: (below + above) / 2, lowest, highest };
}

/** Whether the median reaches the target. */
export function isReached(target: Target, rounds: readonly number[]): boolean {
  const { median } = spreadOf(rounds);
  return 'atLeast' in target ? median >= target.atLeast : median < target.below;
}

export function describeTarget(target: Target, unit: Figure['unit']): string {
  return 'atLeast' in target
    ? `at least ${formatValue(target.atLeast)} ${unit}`
    : `below ${formatValue(target.below)} ${unit}`;
}

/** With the three digits that such figures are good for. */
export function formatValue(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 6 });
}
