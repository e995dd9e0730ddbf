import { formatUnits } from '@counterfoil/event-store';
import type { ReportDefinition, ReportRow } from './report.ts';

/** Rows that agree in some columns, counted and summed up. */
export interface Total {
  /** The values by which it is told apart, in the order of `totalsBy`. */
  readonly of: Readonly<Record<string, string | null>>;
  readonly rows: number;
  /** Decimals, by column. Cells without a value count as nothing. */
  readonly sums: Readonly<Record<string, string>>;
}

export interface Totals {
  readonly rows: () => number;
  /** In the order of the values that tell them apart; the same whichever rows came first. */
  readonly lines: () => readonly Total[];
  add(row: ReportRow): void;
}

/** As many decimals as any sum can have: those of quantities and prices. */
const scale = 8;

interface Tally {
  readonly of: readonly (string | null)[];
  rows: number;
  readonly units: bigint[];
}

/** Sums up rows as they pass. There is a tally for each group, and nothing is kept of a row. */
export function createTotals({
  totalsBy,
  sums,
}: Pick<ReportDefinition, 'totalsBy' | 'sums'>): Totals {
  const tallies = new Map<string, Tally>();
  let rows = 0;
  return {
    rows: () => rows,
    add: (row) => {
      rows += 1;
      const of = totalsBy.map((name) => textOf(row[name]));
      const key = JSON.stringify(of);
      let tally = tallies.get(key);
      if (tally === undefined) {
        tally = { of, rows: 0, units: sums.map(() => 0n) };
        tallies.set(key, tally);
      }
      tally.rows += 1;
      for (const [place, name] of sums.entries()) {
        const cell = row[name];
        if (cell === null || cell === undefined) continue;
        tally.units[place] = (tally.units[place] ?? 0n) + unitsOf(String(cell));
      }
    },
    lines: () =>
      [...tallies]
        .toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
        .map(([, { of, rows: counted, units }]) => ({
          of: Object.fromEntries(totalsBy.map((name, place) => [name, of[place] ?? null])),
          rows: counted,
          sums: Object.fromEntries(
            sums.map((name, place) => [name, formatUnits(units[place] ?? 0n, scale)]),
          ),
        })),
  };
}

function textOf(cell: string | number | null | undefined): string | null {
  return cell === null || cell === undefined ? null : String(cell);
}

/** The units of 10^-8 that a canonical decimal counts. */
function unitsOf(text: string): bigint {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,8}))?$/.exec(text) ?? [];
  if (whole === '') throw new RangeError(`"${text}" is no decimal that can be summed up`);
  const units = BigInt(whole + fraction.padEnd(scale, '0'));
  return sign === '' ? units : -units;
}
