import { createCommandHandler, type Cause, type EventStore } from '@counterfoil/event-store';
import { deadLetterAlarmDecider } from '../domain/dead-letters/dead-letter-alarm.ts';
import { actionLettersAlarmStream, deadLettersMax } from '../domain/dead-letters/events.ts';
import { repeatedly } from './repeatedly.ts';

export interface DeadLetterWatchParts {
  readonly store: EventStore;
  /** How many corporate actions wait for a review. */
  readonly countOpen: () => Promise<number>;
  readonly onFailure: (failure: unknown) => void;
  /** How often it is looked; every second when not given. */
  readonly everyMs?: number | undefined;
}

export interface DeadLetterWatch {
  /** Looks now. */
  look(): Promise<void>;
  /** Finishes what is under way. */
  stop(): Promise<void>;
}

const cause: Cause = { userId: 'counterfoil', correlationId: 'dead-letter-watch' };

/**
 * Records when too many corporate actions have come to wait for a review (CA-04), and when they are few again.
 * Several processes may look: the log knows what was told.
 */
export function startDeadLetterWatch(parts: DeadLetterWatchParts): DeadLetterWatch {
  const { store, countOpen, onFailure, everyMs = 1_000 } = parts;
  const alarm = createCommandHandler(store, deadLetterAlarmDecider);
  // As this process saw it last: the log is asked when that has changed.
  let wasTooMany: boolean | undefined;

  const count = async (): Promise<void> => {
    const open = await countOpen();
    const isTooMany = open > deadLettersMax;
    if (isTooMany === wasTooMany) return;
    await alarm.handle(actionLettersAlarmStream, { type: 'CountDeadLetters', open }, { cause });
    wasTooMany = isTooMany;
  };

  const { now, stop } = repeatedly(everyMs, count, onFailure);
  return { look: now, stop };
}
