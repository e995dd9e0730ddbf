import { fold, type EventStorage, type Instant } from '@counterfoil/event-store';
import { decideOn } from '../../packages/platform/src/domain/accounts/account.fixture.ts';
import { accountDecider } from '../../packages/platform/src/domain/accounts/account.ts';
import type { AccountDecision } from '../../packages/platform/src/domain/accounts/trading.ts';
import { must } from './must.ts';
import { factsOf, type AccountRecord } from './records.ts';
import { keyOf, noteOf, type Answer, type Request } from './request.ts';
import { same } from './same.ts';

/** The events that a request made: at most one decision's, next to each other. */
export function effectOf(
  records: readonly AccountRecord[],
  { id }: Pick<Request, 'id'>,
): readonly AccountRecord[] {
  return records.filter(({ metadata }) => metadata.correlationId === id);
}

/** What the command comes to, on the account as it was at a version. */
function decisionAt(
  records: readonly AccountRecord[],
  { stream, command }: Request,
  version: number,
): AccountDecision {
  const facts = factsOf(records.filter((record) => record.stream === stream).slice(0, version));
  return decideOn(fold(accountDecider, facts), facts, command);
}

/**
 * Every request has taken effect once or not at all, on the state that the log has; one with a key as often
 * as its key says. Answers how many clients learned of an effect only by repeating the request.
 */
export async function checkEffects(
  log: EventStorage,
  records: readonly AccountRecord[],
  requests: readonly Request[],
  now: Instant,
): Promise<number> {
  let recovered = 0;
  for (const request of requests) {
    const effect = effectOf(records, request);
    const [first] = effect;
    if (first !== undefined) {
      const decided = decisionAt(records, request, first.version - 1);
      must(
        same(factsOf(effect), decided.events) &&
          effect.every(
            ({ stream, version, position }, index) =>
              stream === request.stream &&
              version === first.version + index &&
              position === first.position + index,
          ),
        () =>
          `${request.id} made events that are not those decided at version ${first.version - 1}`,
      );
    }
    if (!request.keyed) continue;
    const claim = await log.findClaim(keyOf(request), now);
    const noted = claim === undefined ? [] : noteOf(claim.note).eventIds;
    must(
      same(
        noted,
        effect.map(({ eventId }) => eventId),
      ),
      () => `${request.id} made ${effect.length} events, of which its key knows ${noted.length}`,
    );
    if (request.doubts > 0 && request.answers.some(isRepetition)) recovered += 1;
  }
  const known = new Set(requests.map(({ id }) => id));
  const unknown = records.find(({ metadata }) => !known.has(metadata.correlationId));
  must(unknown === undefined, () => `nobody asked for position ${unknown?.position}`);
  return recovered;
}

function isRepetition({ result }: Answer): boolean {
  return result.kind === 'already-handled' && result.held.key.startsWith('request/');
}

/** Each answer tells what is in the log, or what was so at some moment between question and answer. */
export function checkAnswers(
  records: readonly AccountRecord[],
  requests: readonly Request[],
): void {
  for (const request of requests) {
    must(
      request.answers.length > 0 || request.doubts > 0,
      () => `${request.id} was neither answered nor refused`,
    );
    for (const answer of request.answers) checkAnswer(records, request, answer);
  }
}

function checkAnswer(
  records: readonly AccountRecord[],
  request: Request,
  { result, versionBefore, versionAfter }: Answer,
): void {
  const effect = effectOf(records, request);
  const wasSo = (version: number): boolean => version >= versionBefore && version <= versionAfter;
  switch (result.kind) {
    case 'accepted':
    case 'rejected': {
      const last = effect.at(-1);
      must(
        same(
          result.eventIds,
          effect.map(({ eventId }) => eventId),
        ) && result.position === last?.position,
        () =>
          `${request.id} was confirmed events that are not in the log: ${result.eventIds.join(' ')}`,
      );
      if (last !== undefined) {
        must(result.version === last.version, () => `${request.id} was told a wrong version`);
        return;
      }
      const decided = decisionAt(records, request, result.version);
      must(
        wasSo(result.version) &&
          decided.events.length === 0 &&
          same(decided.rejection, result.kind === 'rejected' ? result.rejection : undefined),
        () =>
          `${request.id} was answered ${result.kind} as of version ${result.version}, which was not ` +
          `so between ${versionBefore} and ${versionAfter}`,
      );
      return;
    }
    case 'version-mismatch':
      must(
        wasSo(result.actual) && result.actual !== result.expected,
        () =>
          `${request.id} was told version ${result.actual}, never so between ${versionBefore} and ${versionAfter}`,
      );
      return;
    case 'already-handled': {
      const { key } = result.held;
      must(
        key === keyOf(request) || isTradeOfAnother(records, request, key),
        () => `${request.id} was told that ${key} was taken`,
      );
    }
  }
}

/** Whether the key is that of a trade which somebody else has booked. */
function isTradeOfAnother(
  records: readonly AccountRecord[],
  { id, accountId, stream }: Request,
  key: string,
): boolean {
  return records.some(
    (record) =>
      record.type === 'TradeBooked' &&
      record.stream === stream &&
      record.metadata.correlationId !== id &&
      key === `trade/${accountId}/${record.data.tradeId}`,
  );
}
