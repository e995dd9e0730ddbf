import { formatValue } from '../figures.ts';
import type { Bench, Figure, Target, Unit } from '../scenario.ts';

/** One of those that are compared. */
export interface Contender {
  readonly table: string;
  readonly row: string;
  /** Runs for about so long; answers what it read. */
  measure(seconds: number): Promise<readonly Reading[]>;
}

export interface Reading {
  readonly column: string;
  readonly unit: Unit;
  readonly value: number;
  readonly target?: Target | undefined;
}

export interface RoundOptions {
  /** Of one contender in one round. */
  readonly seconds: number;
  readonly rounds?: number | undefined;
}

const quickSeconds = 0.3;

/**
 * Measures all contenders in each round, so that what else the machine does strikes them alike, and in
 * another order each time. The first round warms up and is not counted.
 */
export async function interleave(
  contenders: readonly Contender[],
  { seconds, rounds = 3 }: RoundOptions,
  { quick, say }: Bench,
): Promise<readonly Figure[]> {
  // By contender, in the order given: the order of running changes.
  const figures = contenders.map(() => new Map<string, Figure & { readonly rounds: number[] }>());
  for (let round = 0; round <= rounds; round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const index = (turn + round) % contenders.length;
      const [contender, own] = [contenders[index], figures[index]];
      if (contender === undefined || own === undefined) continue;
      const { table, row, measure } = contender;
      const readings = await measure(quick ? quickSeconds : seconds);
      if (round === 0) continue;
      say(`round ${round}: ${table}, ${row}: ${readings.map(describe).join(', ')}`);
      for (const { column, unit, value, target } of readings) {
        const known = own.get(column);
        if (known !== undefined) known.rounds.push(value);
        else own.set(column, { table, row, column, unit, rounds: [value], target });
      }
    }
  }
  return figures.flatMap((own) => [...own.values()]);
}

function describe({ column, value, unit }: Reading): string {
  return `${column} ${formatValue(value)} ${unit}`;
}
