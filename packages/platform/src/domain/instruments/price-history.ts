import type { CalendarDate, EventOf } from '@counterfoil/event-store';
import type { DailyBarRecorded } from './events.ts';

type DailyBar = EventOf<typeof DailyBarRecorded>['data'];

/**
 * The bars of a calendar year, ascending by date. History is kept by years so that a new bar copies the
 * few hundred of its year and not the thousands of all.
 */
export interface BarsOfYear {
  readonly year: string;
  readonly bars: readonly DailyBar[];
}

/** The history with the bar in it, in place of another one of the same date. */
export function withBar(years: readonly BarsOfYear[], bar: DailyBar): readonly BarsOfYear[] {
  const year = bar.date.slice(0, 4);
  const at = countUpTo(years, year, (entry) => entry.year);
  const last = years[at - 1];
  return last?.year === year
    ? years.with(at - 1, { year, bars: withBarInYear(last.bars, bar) })
    : years.toSpliced(at, 0, { year, bars: [bar] });
}

function withBarInYear(bars: readonly DailyBar[], bar: DailyBar): readonly DailyBar[] {
  const at = countUpTo(bars, bar.date, (entry) => entry.date);
  return bars[at - 1]?.date === bar.date ? bars.with(at - 1, bar) : bars.toSpliced(at, 0, bar);
}

export function barOn(years: readonly BarsOfYear[], date: CalendarDate): DailyBar | undefined {
  const bar = lastBarAtOrBefore(years, date);
  return bar?.date === date ? bar : undefined;
}

export function lastBarAtOrBefore(
  years: readonly BarsOfYear[],
  date: CalendarDate,
): DailyBar | undefined {
  const at = countUpTo(years, date.slice(0, 4), (entry) => entry.year);
  const bars = years[at - 1]?.bars ?? [];
  const before = countUpTo(bars, date, (entry) => entry.date);
  // The first days of January look back into the year before; a year without bars has no entry.
  return before > 0 ? bars[before - 1] : years[at - 2]?.bars.at(-1);
}

/** How many of the entries, ascending by key, have a key up to and including this one. */
function countUpTo<Entry>(
  entries: readonly Entry[],
  key: string,
  keyOf: (entry: Entry) => string,
): number {
  let from = 0;
  let to = entries.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (keyOf(entries[middle] as Entry) <= key) from = middle + 1;
    else to = middle;
  }
  return from;
}
