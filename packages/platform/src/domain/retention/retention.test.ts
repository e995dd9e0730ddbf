import { fold, parseInstant, streamId, type Instant } from '@counterfoil/event-store';
import { describe, expect, it } from 'vitest';
import type { HoldId, RetentionEvent } from './events.ts';
import { kindOf, keptUntil, retentionDefault } from './policy.ts';
import { retentionDecider, type EraseSubject, type RetentionCommand } from './retention.ts';

const ada = streamId('account-ADA');
const bob = streamId('account-BOB');
const first = 'HOLD-000000000000000001' as HoldId;
const second = 'HOLD-000000000000000002' as HoldId;

const instant = (text: string) => parseInstant(text) as Instant;

const place = (holdId: HoldId, subject = ada): RetentionCommand => {
  return { type: 'PlaceLegalHold', holdId, subject, reason: 'case 7' };
};
const release = (holdId: HoldId): RetentionCommand => {
  return { type: 'ReleaseLegalHold', holdId, reason: 'settled' };
};
const erase = (subject = ada, now = '2030-01-01T00:00:00Z'): EraseSubject => {
  const kept = instant('2030-01-01T00:00:00Z');
  return { type: 'EraseSubject', subject, reason: 'asked', keptUntil: kept, now: instant(now) };
};
const stranger: RetentionCommand = { ...erase(), keptUntil: undefined };

function after(commands: readonly RetentionCommand[]) {
  const events: RetentionEvent[] = [];
  let rejection: unknown;
  for (const command of commands) {
    const decided = retentionDecider.decide(command, fold(retentionDecider, events));
    events.push(...decided.events);
    rejection = decided.rejection;
  }
  return { types: events.map(({ type }) => type), rejection };
}

describe('RC-03 erasure, retention and legal holds', () => {
  it.each<[string, readonly RetentionCommand[], readonly string[], unknown]>([
    [
      'somebody is erased once his records need not be kept',
      [erase()],
      ['SubjectErased'],
      undefined,
    ],
    ['and only once', [erase(), erase()], ['SubjectErased'], undefined],
    [
      'not a moment before',
      [erase(ada, '2029-12-31T23:59:59.999999999Z')],
      [],
      { code: 'RETENTION_IN_FORCE', until: '2030-01-01T00:00:00.000Z' },
    ],
    [
      'not under a legal hold',
      [place(first), erase()],
      ['LegalHoldPlaced'],
      { code: 'LEGAL_HOLD', holdId: first },
    ],
    [
      'nor when one of two is released',
      [place(first), place(second), release(first), erase()],
      ['LegalHoldPlaced', 'LegalHoldPlaced', 'LegalHoldReleased'],
      { code: 'LEGAL_HOLD', holdId: second },
    ],
    [
      'but once all are',
      [place(first), release(first), erase()],
      ['LegalHoldPlaced', 'LegalHoldReleased', 'SubjectErased'],
      undefined,
    ],
    [
      'whatever is held of others',
      [place(first, bob), erase()],
      ['LegalHoldPlaced', 'SubjectErased'],
      undefined,
    ],
    [
      'nobody is erased of whom nothing is recorded',
      [stranger],
      [],
      { code: 'SUBJECT_UNKNOWN', subject: ada },
    ],
    [
      'nothing can be held of somebody who is erased',
      [erase(), place(first)],
      ['SubjectErased'],
      { code: 'SUBJECT_ERASED', subject: ada },
    ],
    ['a hold that never was can not be released', [release(first)], [], { code: 'HOLD_UNKNOWN' }],
    [
      'one that was released is released',
      [place(first), release(first), release(first)],
      ['LegalHoldPlaced', 'LegalHoldReleased'],
      undefined,
    ],
  ])('%s', (_, commands, types, rejection) => {
    expect(after(commands)).toEqual({ types, rejection });
  });

  it.each([
    ['account-A', 'accounts'],
    ['trade-record-1', 'trades'],
    ['prices-AAPL', 'instruments'],
    ['corporate-action-CA-1', 'corporateActions'],
    ['user-USR-1', 'users'],
    ['access-2026-11-20', 'access'],
    ['retention', 'others'],
  ])('what is recorded in %s is of the kind %s', (stream, kind) => {
    expect(kindOf(streamId(stream))).toBe(kind);
  });

  it.each([
    ['2026-11-20T12:00:00.123456789Z', '2033-11-20T12:00:00.123456789Z'],
    ['2028-02-29T00:00:00Z', '2035-03-01T00:00:00Z'],
  ])('what was recorded at %s is kept for seven years, until %s', (recorded, until) => {
    expect(keptUntil(ada, instant(recorded), retentionDefault)).toBe(instant(until));
  });

  it('each kind is kept for as long as is set', () => {
    const policy = { ...retentionDefault, accounts: 10 };
    expect(keptUntil(ada, instant('2026-01-01T00:00:00Z'), policy)).toBe(
      instant('2036-01-01T00:00:00Z'),
    );
  });
});
