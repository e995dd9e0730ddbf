/** Orders that a ledger prepared by `prepareLedger` takes, whatever the order in which they arrive. */
export interface Order {
  readonly account: string;
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly quantity: string;
  /** With two decimals, within five percent of 100. */
  readonly price: string;
}

export const symbols: readonly string[] = Array.from(
  { length: 100 },
  (_, index) => `S${String(index).padStart(3, '0')}`,
);

export const symbolsPerAccount = 4;

/** What an account holds of each of its symbols before the first order, so that sells never run short. */
export const heldBefore = '100';

export function accountName(index: number): string {
  return `A${String(index).padStart(6, '0')}`;
}

/** The symbols that an account trades in. */
export function symbolOf(account: number, index: number): string {
  return symbols[(account * 7 + index * 31) % symbols.length] as string;
}

/**
 * An endless source of orders over so many accounts, drawn at random: each account buys ten shares of one of
 * its symbols, sells ten, and goes on to the next symbol. A position so comes to rest at about ten lots.
 */
export function orderSource(accounts: number, seed = 1): () => Order {
  const counts = new Uint32Array(accounts);
  const random = randomSource(seed);
  return () => {
    const account = random() % accounts;
    const count = counts[account] ?? 0;
    counts[account] = count + 1;
    return {
      account: accountName(account),
      symbol: symbolOf(account, (count >>> 1) % symbolsPerAccount),
      side: count % 2 === 0 ? 'BUY' : 'SELL',
      quantity: '10',
      price: prices[random() % prices.length] as string,
    };
  };
}

const prices: readonly string[] = Array.from({ length: 1_001 }, (_, cents) =>
  (95 + cents / 100).toFixed(2),
);

/** Xorshift with 32 bits (Marsaglia 2003): the same for the same seed, and costs next to nothing. */
function randomSource(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
