import type { ActionAsk } from './action-message.ts';
import { repeatedly } from './repeatedly.ts';

export interface DueActionsParts {
  /** Actions that are to be looked at by now, the earliest due date first, at most so many. */
  readonly due: (
    limit: number,
  ) => Promise<readonly Pick<ActionAsk, 'actionId' | 'symbol' | 'version'>[]>;
  readonly ask: (asks: readonly ActionAsk[]) => Promise<void>;
  readonly nowMs: () => number;
  readonly onFailure: (failure: unknown) => void;
  /** How often it is looked; every second when not given. */
  readonly everyMs?: number | undefined;
  /** How long an action that was asked for is not asked for again; 15 seconds when not given. */
  readonly askAgainAfterMs?: number | undefined;
}

export interface DueActions {
  /** Notes that an action was asked for by somebody else. */
  asked(id: ActionAsk['actionId']): void;
  /** Finishes what is under way. */
  stop(): Promise<void>;
}

const atOnce = 500;

/**
 * Asks for the actions whose date has come, and for those that nobody has finished: whose workers have died,
 * or whose message never reached the queue. What fell due while the program stood still is asked for when it
 * runs again. Several processes may do it at once: to look at an action twice changes nothing.
 */
export function startDueActions(parts: DueActionsParts): DueActions {
  const { due, ask, nowMs, onFailure, everyMs = 1_000, askAgainAfterMs = 15_000 } = parts;
  const askedAt = new Map<ActionAsk['actionId'], number>();

  const sweep = async (): Promise<void> => {
    const now = nowMs();
    for (const [id, at] of askedAt) if (now - at >= askAgainAfterMs) askedAt.delete(id);
    // Those that were asked for come first, until they are done: as many others are wanted.
    const found = await due(askedAt.size + atOnce);
    const asks = found.filter(({ actionId }) => !askedAt.has(actionId)).slice(0, atOnce);
    if (asks.length === 0) return;
    await ask(asks.map((one) => ({ ...one, reason: 'DUE', correlationId: 'due-actions' })));
    for (const { actionId } of asks) askedAt.set(actionId, now);
  };

  const { stop } = repeatedly(everyMs, sweep, onFailure);
  return {
    asked: (id) => {
      askedAt.set(id, nowMs());
    },
    stop,
  };
}
