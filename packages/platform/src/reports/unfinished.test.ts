import { randomBytes } from 'node:crypto';
import { openEventStore, parseInstant, type Instant } from '@counterfoil/event-store';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { describe, expect, test } from 'vitest';
import { reportEventTypes, reportsStream, type ReportEvent } from '../domain/reports/events.ts';
import { newReportId } from './report-ids.ts';
import { unfinishedReports } from './unfinished.ts';

const noon = parseInstant('2026-11-20T12:00:00Z') as Instant;
const later = (noon + 3_600_000_000_000n) as Instant;

function ended(reportId = newReportId()): ReportEvent {
  return { type: 'ReportFailed', data: { reportId, code: 'X', reason: 'x' } };
}

describe('RC-07 what an earlier run left unfinished', () => {
  test('is every job that was asked for and has no end, the earliest first', async () => {
    let now = noon;
    const store = await openEventStore({
      storage: openMemoryStorage(),
      eventTypes: reportEventTypes,
      clock: () => now,
      randomBytes,
    });
    const add = (user: string, ...events: readonly ReportEvent[]) =>
      store.append({
        appends: [{ stream: reportsStream(user), expected: 'any', events }],
        cause: { userId: user },
      });
    const [waiting, begun, done, failed, off, answered, old] = Array.from(
      { length: 7 },
      newReportId,
    );
    const asked = (reportId = newReportId(), delivery: 'JOB' | 'ANSWER' = 'JOB'): ReportEvent => {
      const ask = { report: 'positions', parameters: [], format: 'csv', packaged: false } as const;
      return { type: 'ReportRequested', data: { reportId, ...ask, delivery, requestedAt: now } };
    };
    const completed = { rows: 1, bytes: 1, sha256: 'ab', position: 1, completedAt: noon };
    await add('USR-1', asked(old));
    now = later;
    await add('USR-2', asked(waiting), asked(done), asked(answered, 'ANSWER'));
    await add('USR-1', asked(begun), asked(failed), asked(off));
    await add('USR-1', {
      type: 'ReportBegun',
      data: { reportId: begun ?? newReportId(), attempt: 1 },
    });
    await add('USR-1', ended(failed));
    await add('USR-1', { type: 'ReportCancelled', data: { reportId: off ?? newReportId() } });
    await add('USR-2', {
      type: 'ReportCompleted',
      data: { reportId: done ?? newReportId(), ...completed },
    });

    expect(await unfinishedReports(store, later)).toEqual([
      { id: waiting, userId: 'USR-2' },
      { id: begun, userId: 'USR-1' },
    ]);
    expect(await unfinishedReports(store, noon)).toHaveLength(3);
    await store.close();
  });
});
