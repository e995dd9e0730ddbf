import type { CalendarDate } from '@counterfoil/event-store';
import type { InstrumentSymbol } from '../instruments/events.ts';
import type { ActionInForce } from './price-effect.ts';

/** A symbol for as long as the instrument was traded under it. */
export interface SymbolSpan {
  readonly symbol: InstrumentSymbol;
  /** The first day; null for as long as there is anything. */
  readonly from: CalendarDate | null;
  /** The day on which another symbol took over, not included; null for the present one. */
  readonly until: CalendarDate | null;
}

/**
 * The symbols of an instrument, the present one first. `changesInto` gives the changes in force that ended in a
 * symbol. Of several the last one counts: what stood under the symbol before was another company.
 */
export function symbolHistory(
  symbol: InstrumentSymbol,
  changesInto: (symbol: InstrumentSymbol) => readonly ActionInForce[],
): readonly SymbolSpan[] {
  const spans: SymbolSpan[] = [];
  let current: InstrumentSymbol | undefined = symbol;
  let until: CalendarDate | null = null;
  while (current !== undefined) {
    const change = lastBefore(changesInto(current), until);
    const from: CalendarDate | null = change?.announcement.effectiveDate ?? null;
    spans.push({ symbol: current, from, until });
    current = change?.announcement.symbol;
    // Each span ends before the one behind it, so that symbols exchanged to and fro come to an end too.
    until = from;
  }
  return spans;
}

function lastBefore(
  changes: readonly ActionInForce[],
  until: CalendarDate | null,
): ActionInForce | undefined {
  let last: ActionInForce | undefined;
  for (const change of changes) {
    const { effectiveDate } = change.announcement;
    if (until !== null && effectiveDate >= until) continue;
    if (last === undefined || effectiveDate > last.announcement.effectiveDate) last = change;
  }
  return last;
}
