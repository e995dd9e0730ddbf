import { addDays, type CalendarDate } from '@counterfoil/event-store';
import {
  isBusinessDay,
  previousBusinessDay,
  type BusinessCalendar,
} from '../domain/calendar/business-calendar.ts';
import type { RecordId } from '../domain/trade-records/events.ts';
import type { Ledger } from '../ledger/ledger.ts';

export interface ExpiryParts {
  readonly ledger: Pick<Ledger, 'expire' | 'market'>;
  /**
   * Captured trades that matured on a date or before and are not marked, the earliest maturity first,
   * at most `limit`.
   */
  readonly matured: (until: CalendarDate, limit: number) => Promise<readonly RecordId[]>;
  /** Resolves once `matured` reflects the log up to a position, or after a while. */
  readonly reach: (position: number) => Promise<unknown>;
  readonly onFailure: (failure: unknown) => void;
  /** How often it is looked for trades; every second when not given. */
  readonly everyMs?: number | undefined;
}

export interface Expiry {
  /** Finishes what is under way. */
  stop(): Promise<void>;
}

const atOnce = 500;

/**
 * Marks trades whose maturity has passed as expired, from the first business day after it. What fell due
 * while the program stood still is marked when it runs again. Several processes may do it at once.
 */
export function startExpiry({
  ledger,
  matured,
  reach,
  onFailure,
  everyMs = 1_000,
}: ExpiryParts): Expiry {
  let stopping = false;

  const sweep = async (): Promise<void> => {
    while (!stopping) {
      const { market } = ledger;
      const ids = await matured(lastMatured(market.today(), market.calendar), atOnce);
      if (ids.length === 0) return;
      const results = await Promise.all(ids.map((id) => ledger.expire(id, { cause })));
      const positions = results.flatMap((result) =>
        result.kind === 'accepted' ? (result.position ?? []) : [],
      );
      // Nobody had to be marked: what is shown is behind the log, and will be looked at again.
      if (positions.length === 0) return;
      await reach(Math.max(...positions));
    }
  };

  let running = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = sweep()
      .catch(onFailure)
      .finally(() => {
        busy = false;
      });
  }, everyMs);

  return {
    stop: async () => {
      stopping = true;
      clearInterval(timer);
      await running;
    },
  };
}

const cause = { userId: 'counterfoil', correlationId: 'expiry' };

/** The last date on which a trade can have matured that is expired today. */
function lastMatured(today: CalendarDate, calendar: BusinessCalendar): CalendarDate {
  const open = isBusinessDay(calendar, today) ? today : previousBusinessDay(calendar, today);
  return addDays(open, -1);
}
