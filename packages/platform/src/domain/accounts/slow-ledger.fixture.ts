import type { CostMethod, Side } from './events.ts';

// An account's positions told in the slowest way: share by share, with costs as exact fractions and no
// notion of a lot, a posting or an order of arrival. What the account does has to agree with it.

/** A trade as it truly was, whatever was believed of it for a time. Whole shares; amounts in cents. */
export interface TrueTrade {
  readonly tradeId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly shares: number;
  /** What is paid or received in all, fees included; above zero. */
  readonly cents: bigint;
  readonly date: string;
}

export interface SlowPosition {
  /** Negative when short. */
  readonly shares: number;
  /** How many shares each opening trade still has, in order of opening. */
  readonly sharesByTrade: readonly (readonly [tradeId: string, shares: number])[];
  /** In cents; of a short position what it brought in, negated. */
  readonly cost: Fraction;
  readonly realized: Fraction;
  /** How often an amount had to be divided, each time with an error of at most half a cent. */
  readonly divisions: number;
}

interface Share {
  readonly tradeId: string;
  /** What was paid for it, or received when it was sold short. */
  cents: Fraction;
}

/** The position after the trades of one symbol in order. */
export function slowPosition(trades: readonly TrueTrade[], method: CostMethod): SlowPosition {
  let held: Share[] = [];
  let direction: Side = 'BUY';
  let realized = fraction(0n);
  let divisions = 0;
  for (const { tradeId, side, shares, cents } of trades) {
    const each = fraction(cents, BigInt(shares));
    divisions += 2;
    for (let n = 0; n < shares; n += 1) {
      if (held.length === 0) direction = side;
      if (side === direction) {
        held.push({ tradeId, cents: each });
        continue;
      }
      if (method === 'AVERAGE') held = averaged(held);
      const share = held.shift() as Share;
      const gain = side === 'SELL' ? subtract(each, share.cents) : subtract(share.cents, each);
      realized = add(realized, gain);
    }
  }
  const sign = direction === 'BUY' ? 1 : -1;
  return {
    shares: sign * held.length,
    sharesByTrade: countByTrade(held),
    cost: scale(sum(held.map((share) => share.cents)), sign),
    realized,
    divisions,
  };
}

function averaged(shares: readonly Share[]): Share[] {
  const total = sum(shares.map(({ cents }) => cents));
  const average = fraction(total.numerator, total.denominator * BigInt(shares.length));
  return shares.map(({ tradeId }) => ({ tradeId, cents: average }));
}

function countByTrade(shares: readonly Share[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { tradeId } of shares) counts.set(tradeId, (counts.get(tradeId) ?? 0) + 1);
  return [...counts];
}

export interface Fraction {
  readonly numerator: bigint;
  /** Above zero; without a common divisor with the numerator. */
  readonly denominator: bigint;
}

function fraction(numerator: bigint, denominator = 1n): Fraction {
  let [left, right] = [numerator < 0n ? -numerator : numerator, denominator];
  while (right !== 0n) [left, right] = [right, left % right];
  return { numerator: numerator / left, denominator: denominator / left };
}

function add(left: Fraction, right: Fraction): Fraction {
  return fraction(
    left.numerator * right.denominator + right.numerator * left.denominator,
    left.denominator * right.denominator,
  );
}

function scale({ numerator, denominator }: Fraction, factor: number): Fraction {
  return fraction(numerator * BigInt(factor), denominator);
}

function subtract(left: Fraction, right: Fraction): Fraction {
  return add(left, scale(right, -1));
}

function sum(fractions: readonly Fraction[]): Fraction {
  // Equal fractions are many: counting them first keeps the sums short.
  const counts = new Map<Fraction, number>();
  for (const each of fractions) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].reduce((total, [each, count]) => add(total, scale(each, count)), fraction(0n));
}

/** Whether a number of cents is within so many half cents of the fraction. */
export function isNear(cents: bigint, exact: Fraction, halfCents: number): boolean {
  const error = cents * exact.denominator - exact.numerator;
  return 2n * (error < 0n ? -error : error) <= BigInt(halfCents) * exact.denominator;
}
