import type { Figure, Target, Unit } from '../scenario.ts';

/** What one round read of one row of a table. */
export interface Reading {
  readonly column: string;
  readonly unit: Unit;
  readonly value: number;
}

export interface RowOfFigures {
  readonly table: string;
  readonly row: string;
  /** By column. */
  readonly targets?: Readonly<Record<string, Target>> | undefined;
}

/** The figures of a row from the readings of its rounds, all of which have the same columns. */
export function figuresOf(
  { table, row, targets = {} }: RowOfFigures,
  rounds: readonly (readonly Reading[])[],
): readonly Figure[] {
  return (rounds[0] ?? []).map(({ column, unit }, index) => ({
    table,
    row,
    column,
    unit,
    rounds: rounds.map((readings) => readings[index]?.value ?? Number.NaN),
    target: targets[column],
  }));
}
