import { randomFrom, type Random } from '../random.fixture.ts';

/** A line of a file of trades: as a trade, unless it is none. */
export interface RandomLine {
  readonly text: string;
  readonly trade: readonly string[] | undefined;
}

export interface RandomLines {
  readonly lines: readonly RandomLine[];
  /** Of the same sequence. */
  readonly random: Random;
}

/**
 * Trades mostly in order of their dates, with late ones, sales of what is not held, trade ids that come
 * twice, and lines that are no trades.
 */
export function linesRandomly(
  seed: number,
  count: number,
  accountIds: readonly string[],
  symbols: readonly string[],
): RandomLines {
  const random = randomFrom(seed);
  const pick = (from: readonly string[]): string => from[random(from.length)] ?? '';
  const lines = Array.from({ length: count }, (_, at): RandomLine => {
    const day = Math.floor((at / count) * 1_000) - (random(20) === 0 ? random(40) : 0);
    const trade = [
      pick(accountIds),
      `T-${random(50) === 0 ? random(at + 1) : at}`,
      random(4) === 0 ? 'SELL' : 'BUY',
      pick(symbols),
      String(1 + random(20)),
      `${100 + random(20)}.${String(random(100)).padStart(2, '0')}`,
      '1.00',
      new Date(Date.UTC(2016, 0, 4 + Math.max(0, day))).toISOString().slice(0, 10),
    ];
    if (random(100) > 0) return { text: trade.join(','), trade };
    return { text: trade.with(4, 'many').join(','), trade: undefined };
  });
  return { lines, random };
}
