import { formatValue } from '../figures.ts';
import type { Bench, Figure } from '../scenario.ts';
import { figuresOf, type Reading, type RowOfFigures } from './readings.ts';

/** One of those that are compared. */
export interface Contender extends RowOfFigures {
  /** Runs for about so long. */
  measure(seconds: number): Promise<readonly Reading[]>;
}

export interface RoundOptions {
  /** Of one contender in one round. */
  readonly seconds: number;
  readonly rounds?: number | undefined;
}

const quickSeconds = 0.3;

/**
 * Measures all contenders in each round, so that what else the machine does strikes them alike, and begins
 * each round with another. The first round warms up and is not counted.
 */
export async function interleave(
  contenders: readonly Contender[],
  { seconds, rounds = 3 }: RoundOptions,
  { quick, say }: Bench,
): Promise<readonly Figure[]> {
  const entries = contenders.map((contender) => ({
    contender,
    read: [] as (readonly Reading[])[],
  }));
  for (let round = 0; round <= rounds; round += 1) {
    const first = round % entries.length;
    for (const { contender, read } of [...entries.slice(first), ...entries.slice(0, first)]) {
      const readings = await contender.measure(quick ? quickSeconds : seconds);
      if (round > 0) read.push(readings);
      const { table, row } = contender;
      const name = round === 0 ? 'warm-up' : `round ${round}`;
      say(`${name}: ${table}, ${row}: ${readings.map(describe).join(', ')}`);
    }
  }
  return entries.flatMap(({ contender, read }) => figuresOf(contender, read));
}

function describe({ column, value, unit }: Reading): string {
  return `${column} ${formatValue(value)} ${unit}`;
}
