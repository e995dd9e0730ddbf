import { fold, parseInstant, type Instant } from '@counterfoil/event-store';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reportsStream, userOfStream, type ReportEvent, type ReportId } from './events.ts';
import { reportsAggregate, type ReportCommand, type RequestReport } from './reports.ts';

const noon = parseInstant('2026-11-20T12:00:00Z') as Instant;

/** So many seconds after noon. */
function at(seconds: number): Instant {
  return (noon + BigInt(seconds) * 1_000_000_000n) as Instant;
}

const id = (number: number): ReportId => `RPT-${String(number).padStart(18, '0')}` as ReportId;

function request(
  number: number,
  seconds: number,
  terms: Partial<RequestReport> = {},
): RequestReport {
  return {
    type: 'RequestReport',
    reportId: id(number),
    report: 'trade-blotter',
    parameters: [{ name: 'from', value: '2026-01-01' }],
    format: 'csv',
    packaged: false,
    delivery: 'JOB',
    at: at(seconds),
    perHour: 10,
    ...terms,
  };
}

function given(...commands: readonly ReportCommand[]): readonly ReportEvent[] {
  const events: ReportEvent[] = [];
  for (const command of commands) events.push(...when(events, command).events);
  return events;
}

function when(events: readonly ReportEvent[], command: ReportCommand) {
  return reportsAggregate.decide(command, fold(reportsAggregate, events));
}

const many = (count: number, firstSeconds: number, apart: number): readonly RequestReport[] =>
  Array.from({ length: count }, (_, number) => request(number, firstSeconds + number * apart));

const begin: ReportCommand = { type: 'BeginReport', reportId: id(1), attemptsMax: 3 };
const complete: ReportCommand = {
  type: 'CompleteReport',
  reportId: id(1),
  rows: 3,
  bytes: 120,
  sha256: 'ab'.repeat(32),
  position: 17,
  completedAt: at(60),
};
const fail: ReportCommand = {
  type: 'FailReport',
  reportId: id(1),
  code: 'RECORD_ALTERED',
  reason: 'Entry 7 of the log is not what was sealed.',
};
const cancel: ReportCommand = { type: 'CancelReport', reportId: id(1) };

describe('RC-07 ten reports an hour for each user', () => {
  it.each<[string, readonly ReportCommand[], RequestReport, number | undefined]>([
    ['the first is let through', [], request(99, 0), undefined],
    ['so is the tenth', many(9, 0, 1), request(99, 10), undefined],
    [
      'the eleventh is not, until the first is an hour old',
      many(10, 0, 60),
      request(99, 700),
      3_600,
    ],
    ['a second before that it is still refused', many(10, 0, 60), request(99, 3_599), 3_600],
    ['then it is let through', many(10, 0, 60), request(99, 3_600), undefined],
    [
      'and the next waits for the second',
      [...many(10, 0, 60), request(98, 3_600)],
      request(99, 3_601),
      3_660,
    ],
    [
      'a lower limit counts what was asked for before it',
      many(10, 0, 60),
      request(99, 700, { perHour: 2 }),
      8 * 60 + 3_600,
    ],
    [
      'a higher one lets more through',
      many(10, 0, 60),
      request(99, 700, { perHour: 11 }),
      undefined,
    ],
    [
      'what was cancelled, failed or answered at once counts too',
      [request(1, 0), cancel, request(2, 0, { delivery: 'ANSWER' }), request(3, 0)],
      request(99, 1, { perHour: 3 }),
      3_600,
    ],
  ])('%s', (_, before, asked, nextSeconds) => {
    const { events, rejection } = when(given(...before), asked);

    expect(rejection).toEqual(
      nextSeconds === undefined
        ? undefined
        : {
            code: 'REPORT_LIMIT',
            perHour: asked.perHour,
            at: asked.at,
            nextAt: at(nextSeconds),
          },
    );
    // What is refused leaves nothing behind, so it does not count.
    expect(events.map(({ type }) => type)).toEqual(
      nextSeconds === undefined ? ['ReportRequested'] : [],
    );
  });

  it('never lets more than the limit through in any hour, and never fewer than could be', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(900), { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        (gaps, perHour) => {
          const events: ReportEvent[] = [];
          const through: number[] = [];
          let now = 0;
          for (const [number, gap] of gaps.entries()) {
            now += gap;
            const decided = when(events, request(number, now, { perHour }));
            const lastHour = through.filter((seconds) => seconds > now - 3_600).length;
            expect(decided.rejection === undefined).toBe(lastHour < perHour);
            if (decided.rejection === undefined) through.push(now);
            events.push(...decided.events);
          }
        },
      ),
    );
  });
});

describe('RC-07 a report that is written as a job', () => {
  it.each<[string, readonly ReportCommand[], string]>([
    ['waits', [request(1, 0)], 'REQUESTED'],
    ['is at work', [request(1, 0), begin], 'RUNNING'],
    ['is done', [request(1, 0), begin, complete], 'COMPLETED'],
    ['can turn out to be impossible', [request(1, 0), begin, fail], 'FAILED'],
    ['can be called off before it is begun', [request(1, 0), cancel], 'CANCELLED'],
    ['and while it is at work', [request(1, 0), begin, cancel], 'CANCELLED'],
    ['is begun again after a restart', [request(1, 0), begin, begin], 'RUNNING'],
    ['but not for ever', [request(1, 0), begin, begin, begin, begin], 'FAILED'],
  ])('%s', (_, commands, status) => {
    const report = fold(reportsAggregate, given(...commands)).reports.get(id(1));

    expect(report?.status).toBe(status);
    expect(report?.completed?.rows).toBe(status === 'COMPLETED' ? 3 : undefined);
  });

  it.each<[string, readonly ReportCommand[], ReportCommand, object | undefined]>([
    ['nobody can call off what there is not', [], cancel, { code: 'REPORT_UNKNOWN' }],
    [
      'nor what was answered at once',
      [request(1, 0, { delivery: 'ANSWER' })],
      cancel,
      { code: 'REPORT_UNKNOWN' },
    ],
    [
      'nor what is done',
      [request(1, 0), begin, complete],
      cancel,
      { code: 'REPORT_NOT_RUNNING', status: 'COMPLETED' },
    ],
    ['twice is as good as once', [request(1, 0), cancel], cancel, undefined],
    [
      'what was called off is not begun',
      [request(1, 0), cancel],
      begin,
      { code: 'REPORT_NOT_RUNNING', status: 'CANCELLED' },
    ],
    [
      'and never comes to be done',
      [request(1, 0), begin, cancel],
      complete,
      { code: 'REPORT_NOT_RUNNING', status: 'CANCELLED' },
    ],
    [
      'nor is it done twice',
      [request(1, 0), begin, complete],
      complete,
      { code: 'REPORT_NOT_RUNNING', status: 'COMPLETED' },
    ],
  ])('%s', (_, before, command, rejection) => {
    expect(when(given(...before), command)).toEqual({ events: [], rejection });
  });

  it('says why it is begun no more', () => {
    const { events } = when(given(request(1, 0), begin, begin, begin), begin);

    expect(events).toEqual([
      {
        type: 'ReportFailed',
        data: {
          reportId: id(1),
          code: 'REPORT_GIVEN_UP',
          reason: 'It was begun 3 times and never came to its end.',
        },
      },
    ]);
  });

  it('is forgotten by the state once two thousand others followed, and kept by the log', () => {
    let state = reportsAggregate.initial;
    for (const asked of many(2_001, 0, 3_600)) {
      const { events } = reportsAggregate.decide(asked, state);
      for (const event of events) state = reportsAggregate.evolve(state, event);
    }
    const { reports, recent } = state;

    expect([reports.size, reports.has(id(0)), reports.has(id(1))]).toEqual([2_000, false, true]);
    expect(recent).toHaveLength(1);
  });
});

describe('RC-07 the stream of a user', () => {
  it.each(['USR-3F7KQ0V9X2M4T6B8ZD', 'local', '', 'https://issuer.example/a b|c', 'Zoë'])(
    'is named after "%s", whatever signs it has',
    (user) => {
      expect(userOfStream(reportsStream(user))).toBe(user);
    },
  );
});
