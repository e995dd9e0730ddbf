import type { Cause } from '@counterfoil/event-store';
import type { EntitlementLedger } from '../ledger/entitlements.ts';
import type { VoidElection } from '../queries/entitlements.ts';
import { repeatedly } from './repeatedly.ts';

export interface VoidElectionsParts {
  /** Choices of cancelled actions that nobody has released yet. */
  readonly list: (limit: number) => Promise<readonly VoidElection[]>;
  readonly entitlements: Pick<EntitlementLedger, 'reverse'>;
  readonly onFailure: (failure: unknown) => void;
  /** How often it is looked; every second when not given. */
  readonly everyMs?: number | undefined;
}

export interface VoidElections {
  /** Finishes what is under way. */
  stop(): Promise<void>;
}

const cause: Cause = { userId: 'counterfoil', correlationId: 'void-elections' };
const atOnce = 500;

/**
 * Sets free what holders have tendered to an offer that was cancelled, also by a choice that came at the same
 * moment. What is released twice changes nothing the second time.
 */
export function startVoidElections(parts: VoidElectionsParts): VoidElections {
  const { list, entitlements, onFailure, everyMs = 1_000 } = parts;

  const release = async (): Promise<void> => {
    const elections = await list(atOnce);
    await Promise.all(
      elections.map(({ account, ...election }) => entitlements.reverse(account, election, cause)),
    );
  };

  const { stop } = repeatedly(everyMs, release, onFailure);
  return { stop };
}
