import type { CalendarDate, Cause, Clock } from '@counterfoil/event-store';
import { v7 } from 'uuid';
import type { TradeRecordRequest } from '../domain/trade-records/contract.ts';
import type { RecordRejection } from '../domain/trade-records/trade-record.ts';
import type { TradeCapture } from '../ledger/trade-capture.ts';
import type {
  Acceptance,
  NewRequest,
  OnceKey,
  RequestId,
  RequestStore,
} from '../requests/request-store.ts';
import { arrivalOf, completed, tradeMessage, tradesTopic } from './trade-message.ts';

/** Takes in records of trades: each becomes a request and a message, both durable or neither. */
export interface Intake {
  /** Why a valid record would be refused anyway, as far as is known here at once. */
  foresee(request: TradeRecordRequest): RecordRejection | undefined;
  /**
   * Resolves once the requests are durable. Rejects with an IntakeOverloaded before anything is taken, or
   * as the store of requests does.
   */
  accept(requests: readonly IntakeRequest[], cause: Cause): Promise<readonly Accepted[]>;
}

export interface IntakeRequest {
  /** Valid. */
  readonly trade: TradeRecordRequest;
  readonly once?: Omit<OnceKey, 'expiresAtMs'> | undefined;
}

export type Accepted =
  | { readonly kind: 'accepted'; readonly id: RequestId }
  | Extract<Acceptance, { readonly kind: 'repeated' }>;

/** Too much is on its way to the queue: what was to be added was not taken. */
export class IntakeOverloaded extends Error {
  override readonly name = 'IntakeOverloaded';
}

export interface IntakeParts {
  readonly requests: Pick<RequestStore, 'accept'>;
  readonly capture: Pick<TradeCapture, 'foresee'>;
  readonly today: () => CalendarDate;
  readonly clock: Clock;
  /** How long a settled request can be asked for. */
  readonly requestLifetimeMs: number;
  /** Most requests on their way to the store at once; 20,000 when not given. */
  readonly underWayMax?: number | undefined;
}

const keyLifetimeMs = 24 * 3_600_000;

export function createIntake({
  requests,
  capture,
  today,
  clock,
  requestLifetimeMs,
  underWayMax = 20_000,
}: IntakeParts): Intake {
  let underWay = 0;

  const requestOf = (
    { trade, once }: IntakeRequest,
    { userId, correlationId = '' }: Cause,
    nowMs: number,
  ): NewRequest => {
    const id = v7({ msecs: nowMs }) as RequestId;
    const message = tradeMessage({
      request_id: id,
      user_id: userId,
      correlation_id: correlationId,
      trade: completed(trade, today()),
    });
    return {
      id,
      acceptedAtMs: nowMs,
      expiresAtMs: nowMs + requestLifetimeMs,
      topic: tradesTopic,
      message,
      once: once && { ...once, expiresAtMs: nowMs + keyLifetimeMs },
    };
  };

  return {
    foresee: (request) => capture.foresee(arrivalOf(request, '', today())),
    accept: async (intakes, cause) => {
      if (underWay + intakes.length > underWayMax) {
        throw new IntakeOverloaded(`${underWay} requests are on their way to the queue`);
      }
      underWay += intakes.length;
      try {
        const nowMs = Number(clock() / 1_000_000n);
        const made = intakes.map((intake) => requestOf(intake, cause, nowMs));
        const acceptances = await requests.accept(made);
        return made.map(({ id }, place) => {
          const acceptance = acceptances[place];
          return acceptance?.kind === 'repeated' ? acceptance : { kind: 'accepted', id };
        });
      } finally {
        underWay -= intakes.length;
      }
    },
  };
}
