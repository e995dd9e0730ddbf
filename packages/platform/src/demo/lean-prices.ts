import { readFileSync } from 'node:fs';
import path from 'node:path';
import { calendarDate, type CalendarDate } from '@counterfoil/event-store';
import { strFromU8, unzipSync } from 'fflate';
import { Price, Quantity } from '../domain/money/money.ts';

/** The prices of one trading day, raw: as they were, not adjusted for what came later. */
export interface DayPrices {
  readonly date: CalendarDate;
  readonly open: Price;
  readonly high: Price;
  readonly low: Price;
  readonly close: Price;
  readonly volume: Quantity;
}

const directory = path.join(import.meta.dirname, '../../../../examples/data/daily');

/** The daily prices of a symbol, oldest first. Throws when the file is not there. */
export function leanPrices(symbol: string): readonly DayPrices[] {
  const [file] = Object.values(
    unzipSync(readFileSync(path.join(directory, `${symbol.toLowerCase()}.zip`))),
  );
  if (file === undefined) throw new Error(`the archive of ${symbol} is empty`);
  return strFromU8(file).trimEnd().split('\n').map(dayOf);
}

// `20200323 00:00,2280200,2284997,2122700,2245200,84188208`: prices are in ten-thousandths.
function dayOf(line: string): DayPrices {
  const [day = '', open = '', high = '', low = '', close = '', volume = ''] = line.split(',');
  return {
    date: calendarDate(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}`),
    open: priceOf(open),
    high: priceOf(high),
    low: priceOf(low),
    close: priceOf(close),
    volume: Quantity.of(volume.trim()),
  };
}

const unitsOfOneTenThousandth = Price.of('0.0001');

function priceOf(tenThousandths: string): Price {
  return Price.units(BigInt(tenThousandths) * unitsOfOneTenThousandth);
}
