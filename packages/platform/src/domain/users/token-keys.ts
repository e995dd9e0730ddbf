import { accept, type Aggregate, type Decision, type Instant } from '@counterfoil/event-store';
import type { TokenKeyEvent } from './events.ts';

/** The keys of access tokens that were published and not withdrawn, by their ids: until when each signs. */
export type TokenKeysState = ReadonlyMap<string, Instant>;

export interface WithdrawTokenKeys {
  readonly type: 'WithdrawTokenKeys';
  /** Those whose tokens have all expired by then are left alone. */
  readonly trustedFrom: Instant;
  readonly reason: string;
}

type Decided = Decision<TokenKeyEvent, never>;

/** All keys at once, of every process: who has found one of them may have found the others. */
export const tokenKeysDecider: Aggregate<WithdrawTokenKeys, TokenKeysState, TokenKeyEvent, never> =
  {
    initial: new Map(),
    decide,
    evolve,
  };

function decide({ trustedFrom, reason }: WithdrawTokenKeys, keys: TokenKeysState): Decided {
  const trusted = [...keys].filter(([, signsUntil]) => trustedFrom < signsUntil);
  return accept(
    ...trusted.map(([keyId]) => ({ type: 'TokenKeyWithdrawn', data: { keyId, reason } }) as const),
  );
}

function evolve(keys: TokenKeysState, { type, data }: TokenKeyEvent): TokenKeysState {
  const after = new Map(keys);
  if (type === 'TokenKeyPublished') after.set(data.keyId, data.signsUntil);
  else after.delete(data.keyId);
  return after;
}
