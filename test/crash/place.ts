import {
  type CommandResult,
  type DecidedOutcome,
  type OnceOptions,
} from '@counterfoil/event-store';
import type { Ledger } from '../../packages/platform/src/ledger/ledger.ts';
import type { Order } from './workload.ts';

/** What an order came to: kept under its key with its effect, and told to whoever placed it. */
export interface Outcome {
  readonly eventIds: readonly string[];
  readonly version: number;
  /** Of the last event; null where there is none, and where the order was handled before. */
  readonly position: number | null;
  /** Of the rejection, or null. */
  readonly code: string | null;
  /** Whether the effect was there already. */
  readonly repeated: boolean;
}

/** Places an order; however often, it takes effect once. Rejects when its fate is not known. */
export async function place(ledger: Ledger, order: Order): Promise<Outcome> {
  const cause = { userId: 'crash-test', correlationId: order.key };
  switch (order.kind) {
    case 'account':
      return outcomeOf(
        await ledger.account(order.id, order.instruction, { cause, once: [onceUnder(order.key)] }),
      );
    case 'prices':
      return outcomeOf(
        await ledger.prices(order.symbol, order.instruction, {
          cause,
          once: [onceUnder(order.key)],
        }),
      );
  }
}

export function keyOf({ key }: Order): string {
  return `order/${key}`;
}

export function noteOf(bytes: Uint8Array): Outcome {
  return JSON.parse(Buffer.from(bytes).toString()) as Outcome;
}

interface Coded {
  readonly code: string;
}

function onceUnder<Rejection extends Coded>(key: string): OnceOptions<Rejection> {
  return { key: `order/${key}`, expiresAt: undefined, note };
}

function note({ eventIds, version, rejection }: DecidedOutcome<Coded>): Uint8Array {
  const code = rejection?.code ?? null;
  const kept: Outcome = { eventIds, version, position: null, code, repeated: false };
  return Buffer.from(JSON.stringify(kept));
}

function outcomeOf(result: CommandResult<Coded>): Outcome {
  switch (result.kind) {
    case 'accepted':
    case 'rejected':
      return {
        eventIds: result.eventIds,
        version: result.version,
        position: result.position ?? null,
        code: result.kind === 'rejected' ? result.rejection.code : null,
        repeated: false,
      };
    case 'already-handled':
      return { ...noteOf(result.held.note), repeated: true };
    case 'version-mismatch':
      throw new Error('no order insists on a version');
  }
}
