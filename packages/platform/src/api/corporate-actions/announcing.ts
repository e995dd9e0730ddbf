import type { Clock, CommandResult, HandleOptions } from '@counterfoil/event-store';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import {
  AmendRequest,
  announcementChangesOf,
  announcementDraftOf,
  AnnounceRequest,
  CancelEventRequest,
  custodianTotalOf,
  CustodianTotalRequest,
} from '../../domain/corporate-actions/contract.ts';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import { newActionId } from '../../ledger/corporate-actions.ts';
import { confirmationOf } from '../confirmation.ts';
import type { ErrorCode, Rejection } from '../errors.ts';
import { commandSchema } from '../operation.ts';
import { Refusal } from '../problem.ts';
import { claimOnKey, eventUrl, firstEventOf, keyTaken, takenKey } from './announcement-key.ts';
import { WarningAnswer } from './answers.ts';
import { requireChangesFit, validateAnnouncement } from './by-type.ts';
import { eventCommand, eventTag, newsOf, type EventCommandParts } from './command-route.ts';
import { tellOf } from './news.ts';

export interface AnnouncingParts extends EventCommandParts {
  readonly clock: Clock;
}

export const announcementErrors: readonly ErrorCode[] = [
  'INSTRUMENT_UNKNOWN',
  'TERM_NOT_FOR_TYPE',
  'TERM_MISSING',
  'RATIO_NOT_POSITIVE',
  'AMOUNT_NOT_POSITIVE',
  'PRICE_NOT_POSITIVE',
  'QUANTITY_NOT_POSITIVE',
  'PERCENT_OUT_OF_RANGE',
  'SYMBOL_NOT_ANOTHER',
  'CURRENCY_UNKNOWN',
  'CURRENCY_NOT_THE_INSTRUMENTS',
  'EXCHANGE_RATE_NOT_NEEDED',
  'EX_DATE_NOT_BUSINESS_DAY',
  'PAYMENT_DATE_MISSING',
  'RECORD_BEFORE_EX',
  'PAYMENT_BEFORE_RECORD',
  'PAYMENT_BEFORE_EX',
  'EFFECTIVE_NOT_PAYMENT_DATE',
  'EFFECTIVE_BEFORE_EX',
  'ELECTION_DEADLINE_MISSING',
  'ELECTION_DEADLINE_NOT_BEFORE_EFFECTIVE',
  'NO_ELECTION',
  'DEFAULT_OPTION_NOT_FOR_TYPE',
];

/** What sources say of corporate actions: announce, amend, cancel, and what custodians say of the outcome. */
export function announcingRoutes(api: FastifyInstance, parts: AnnouncingParts): void {
  announceRoute(api, parts);
  amendRoute(api, parts);
  eventCommand<CancelEventRequest>(api, parts, {
    method: 'POST',
    path: '/cancel',
    id: 'cancelEvent',
    access: { resource: 'corporate-actions', permission: 'CANCEL' },
    summary: 'Cancel a corporate action, for ever',
    description:
      'Nothing is deleted. What was posted to accounts is taken back, posting by posting.',
    body: CancelEventRequest,
    errors: [],
    news: 'CANCELLED',
    instruct: ({ kind = 'CANCELLED', reason }) => ({ type: 'CancelAction', kind, reason }),
  });
  eventCommand<CustodianTotalRequest>(api, parts, {
    method: 'POST',
    path: '/custodian-total',
    id: 'stateCustodianTotal',
    access: { resource: 'reconciliation', permission: 'UPDATE' },
    summary: 'Record what a custodian says of a corporate action, to be held against the postings',
    body: CustodianTotalRequest,
    errors: [],
    instruct: (body) => ({ type: 'StateCustodianTotal', ...custodianTotalOf(body) }),
  });
}

function announceRoute(api: FastifyInstance, parts: AnnouncingParts): void {
  const { ledger, run, tellNews, clock } = parts;
  const schema = commandSchema({
    tag: eventTag,
    id: 'announceEvent',
    access: { resource: 'corporate-actions', permission: 'CREATE' },
    summary: 'Announce a corporate action',
    description:
      'It is posted to the accounts that are entitled on its due date, once it is complete and confirmed. ' +
      'What is unusual about it comes back as warnings, and stops nothing.',
    body: AnnounceRequest,
    answers: {
      201: confirmationOf('EventConfirmation', {
        id: Type.String(),
        status: Type.Enum(['PENDING']),
        warnings: Type.Array(WarningAnswer),
      }),
    },
    errors: ['EVENT_TYPE_UNKNOWN', 'EVENT_KEY_USED', ...announcementErrors],
  });
  api.post<{ Body: AnnounceRequest }>(
    '/events',
    { schema, validatorCompiler: validateAnnouncement },
    (request, reply) => {
      const { body, principal } = request;
      requireOneAmount(body);
      const id = newActionId();
      const draft = announcementDraftOf(body);
      const key = body.idempotency_key ?? null;
      const warnings = ledger.corporateActions.warnings(draft);
      return run(request, reply, {
        subject: id,
        success: {
          status: 201,
          location: eventUrl(id),
          names: { id, status: 'PENDING', warnings },
        },
        handle: async (options) => {
          const result = await ledger.corporateActions.handle(
            id,
            { type: 'AnnounceAction', draft, idempotencyKey: key },
            key === null ? options : claiming(options, key, principal.id, id, clock),
          );
          if (result.kind === 'accepted') {
            await tellOf(ledger, tellNews, newsOf(request, id, 'ANNOUNCED'));
          }
          requireFreeKey(result, reply);
          return result;
        },
      });
    },
  );
}

export function requireOneAmount({ amount, terms }: AnnounceRequest | AmendRequest): void {
  if (amount === undefined || terms === undefined || !('amount' in terms)) return;
  throw new Refusal('REQUEST_INVALID', 'The body does not fit.', [
    {
      in: 'body',
      pointer: '/terms/amount',
      code: 'INVALID_VALUE',
      detail: 'is said by /amount already',
    },
  ]);
}

function claiming<R extends Rejection>(
  options: HandleOptions<R>,
  key: string,
  principal: string,
  id: ActionId,
  clock: Clock,
): HandleOptions<R> {
  const { once = [] } = options;
  // Behind the key of the header: who repeats the whole request gets the first answer.
  return { ...options, once: [...once, claimOnKey<R>(key, principal, id, clock)] };
}

function requireFreeKey(result: CommandResult<unknown>, reply: FastifyReply): void {
  const taken = takenKey(result);
  if (taken === undefined) return;
  const first = firstEventOf(taken);
  void reply.header('location', eventUrl(first));
  throw keyTaken(first);
}

function amendRoute(api: FastifyInstance, parts: AnnouncingParts): void {
  const { ledger } = parts;
  eventCommand<AmendRequest>(api, parts, {
    method: 'PATCH',
    path: '',
    id: 'amendEvent',
    access: { resource: 'corporate-actions', permission: 'UPDATE' },
    summary: 'Amend a corporate action: a new version supersedes the one before',
    description:
      'What was posted of an earlier version is corrected by the difference. expected_version is that of ' +
      'the announcement, not of the ETag.',
    body: AmendRequest,
    errors: [
      'ACTION_CANCELLED',
      'ACTION_VERSION_STALE',
      'ACTION_IDENTITY_FIXED',
      ...announcementErrors,
    ],
    news: 'AMENDED',
    instruct: async (body, id) => {
      requireOneAmount(body);
      const { action } = await ledger.corporateActions.now(id);
      if (action === undefined) throw new Refusal('ACTION_UNKNOWN', `There is no event ${id}.`);
      const { actionType } = action.head;
      requireChangesFit(actionType, body);
      return {
        type: 'AmendAction',
        expectedVersion: body.expected_version,
        changes: announcementChangesOf(body, actionType),
        reason: body.reason,
      };
    },
  });
}
