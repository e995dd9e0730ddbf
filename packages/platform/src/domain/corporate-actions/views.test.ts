import { fold, parseInstant, type RecordedEvent } from '@counterfoil/event-store';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { instantCell } from '../calendar/instant-cell.ts';
import { Price } from '../money/money.ts';
import type { CorporateActionCommand } from './commands.ts';
import {
  amend,
  announce,
  assign,
  cancel,
  complete,
  decide,
  fail,
  failToReverse,
  given,
  note,
  progress,
  resolve,
  retry,
  reverse,
  start,
} from './corporate-action.fixture.ts';
import { corporateActionDecider } from './corporate-action.ts';
import { corporateActionStream, type ActionId, type CorporateActionEvent } from './events.ts';
import { projectAction } from './views.ts';

const id = 'CA-000000000000000001' as ActionId;

function row(events: readonly CorporateActionEvent[]) {
  let after: ReturnType<Extract<ReturnType<typeof projectAction>, { update: unknown }>['update']>;
  for (const [at, event] of events.entries()) {
    const change = projectAction({
      ...event,
      stream: corporateActionStream(id),
      position: at + 1,
      recordedAt: parseInstant(`2026-11-20T15:00:00.${String(at).padStart(3, '0')}Z`),
    } as RecordedEvent<CorporateActionEvent>);
    expect(change.key).toEqual([id]);
    after = 'row' in change ? change.row : change.update(after);
  }
  return after;
}

const raised = amend({ amountPerShare: Price.of('0.30') });

type OfVersion = (version: number) => CorporateActionCommand;

const ofNone = fc
  .oneof(
    fc.constantFrom(cancel, assign, note, retry, resolve),
    fc
      .integer({ min: 20, max: 23 })
      .map((cents) => amend({ amountPerShare: Price.of(`0.${cents}`) })),
  )
  .map(
    (command): OfVersion =>
      () =>
        command,
  );
const ofOne = fc.constantFrom<OfVersion[]>(
  start,
  (version) => progress(version, 'A5'),
  complete,
  fail,
  (version) => fail(version, true),
  failToReverse,
  (version) => failToReverse(version, true),
  reverse,
);
/** Often what comes next, so that actions live to be posted and taken back. */
const courses = fc.constantFrom<OfVersion[][]>(
  [start, complete],
  [start, (version) => progress(version, 'A5')],
  [() => cancel, reverse],
  [() => cancel, (version) => failToReverse(version, true), () => retry],
  [start, complete, () => raised, reverse, (version) => start(version + 1)],
  [start, () => raised, (version) => failToReverse(version, true), () => retry, reverse],
  [start, (version) => fail(version, true), () => assign, () => retry],
);
/** Commands, and by how many versions whoever gives them is behind. */
const step = fc.tuple(
  fc.oneof(
    { weight: 2, arbitrary: courses },
    ofNone.map((command) => [command]),
    ofOne.map((command) => [command]),
  ),
  fc.constantFrom(0, 0, 0, 1),
);

test('CA-01 the row says what the decider knows, whatever is done', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
      const events: CorporateActionEvent[] = [...decide([], announce()).events];
      for (const [commands, behind] of steps) {
        const version = (fold(corporateActionDecider, events)?.version ?? 1) - behind;
        for (const command of commands) events.push(...decide(events, command(version)).events);
      }
      const action = fold(corporateActionDecider, events);
      expect(row(events)).toMatchObject({
        status: action?.status,
        version: action?.version,
        begun_version: action?.underWay?.version ?? null,
        through_account: action?.underWay?.progress?.throughAccount ?? null,
        posted_version: action?.posted?.version ?? null,
        reversed: action?.reversed === true ? 1 : 0,
        failed_attempt: action?.failure?.attempt ?? null,
        failed_last: action?.failure?.last === true ? 1 : 0,
        error_code: action?.failure?.code ?? null,
        assignee: action?.review.assignee ?? null,
        review_resolved: action?.review.resolved === true ? 1 : 0,
        cancellation_kind: action?.cancellation?.kind ?? null,
        position: events.length,
      });
      if (action?.underWay !== undefined) {
        expect(row(events)?.['attempts']).toBe(action.underWay.attempt);
      }
    }),
    { numRuns: 2_000 },
  );
});

const at = (text: string) => instantCell(parseInstant(text) as never);

test('CA-01 a row has the announcement, when it is due, and when things happened', () => {
  const events = given(announce(), start(1), complete(1));
  expect(row(events)).toMatchObject({
    event_type: 'DIVIDEND',
    symbol: 'AAPL',
    terms: '{"amount":"0.26","kind":"ORDINARY"}',
    ex_date: '2026-12-07',
    due_date: '2026-12-10',
    status: 'COMPLETED',
    totals: '{"accounts":2,"eligible":"200","gross":"52","tax":"0","cash":"52","shares":"0"}',
    announced_at: at('2026-11-20T15:00:00.000Z'),
    started_at: at('2026-11-20T15:00:00.001Z'),
    completed_at: at('2026-11-20T15:00:00.002Z'),
    updated_at: at('2026-11-20T15:00:00.002Z'),
  });
});
