import { randomBytes } from 'node:crypto';
import {
  createCommandHandler,
  openEventStore,
  parseInstant,
  type Instant,
} from '@counterfoil/event-store';
import { RecordAltered } from '@counterfoil/event-store/log';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { reportsStream, reportEventTypes, type ReportId } from '../domain/reports/events.ts';
import { reportsAggregate } from '../domain/reports/reports.ts';
import type { Press } from './press.ts';
import type { ReportFiles } from './report-files.ts';
import { newReportId } from './report-ids.ts';
import { createReportJobs } from './report-jobs.ts';
import { ZipTooLarge } from './zip-stream.ts';

const user = 'USR-1';
const now = parseInstant('2026-11-20T15:00:00Z') as Instant;
const clock = () => now;

/** Jobs on a log in memory, whose bytes are what the test says. */
async function openJobs(
  bytes: (attempt: number, signal: AbortSignal) => AsyncIterable<Uint8Array>,
) {
  const storage = openMemoryStorage();
  const store = await openEventStore({ storage, eventTypes: reportEventTypes, clock, randomBytes });
  const reports = createCommandHandler(store, reportsAggregate);
  const kept = new Map<ReportId, string>();
  let attempts = 0;
  const press: Press = {
    size: async () => 7,
    open: async (_, { signal, looked } = {}) => {
      attempts += 1;
      looked?.(3);
      const stream = bytes(attempts, signal ?? new AbortController().signal);
      return { position: 1, rows: () => 5, bytes: stream };
    },
  };
  const files: ReportFiles = {
    write: async (id, chunks) => {
      let text = '';
      for await (const chunk of chunks) text += Buffer.from(chunk).toString();
      kept.set(id, text);
      return { bytes: text.length, sha256: 'ab' };
    },
    read: async () => undefined,
    remove: async (id) => void kept.delete(id),
    removeBefore: async () => {},
  };
  const failures: unknown[] = [];
  const onFailure = (failure: unknown): void => void failures.push(failure);
  const jobs = createReportJobs({ reports, press, files, clock, onFailure, pauseMs: 1 });
  onTestFinished(async () => {
    await jobs.close();
    await store.close();
  });
  const stream = reportsStream(user);
  const asked = async (): Promise<ReportId> => {
    const reportId = newReportId();
    const ask = { report: 'positions', parameters: [], format: 'csv', packaged: false } as const;
    await reports.handle(
      stream,
      { type: 'RequestReport', reportId, ...ask, delivery: 'JOB', at: now, perHour: 100 },
      { cause: { userId: user } },
    );
    jobs.add({ id: reportId, userId: user });
    return reportId;
  };
  const report = async (id: ReportId) => (await reports.load(stream)).state.reports.get(id);
  const ended = async (id: ReportId) => {
    await expect
      .poll(async () => (await report(id))?.status, { timeout: 20_000 })
      .toMatch(/COMPLETED|FAILED|CANCELLED/);
    return report(id);
  };
  return { jobs, reports, stream, asked, report, ended, kept, failures };
}

async function* written(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

// oxlint-disable-next-line require-yield -- it fails before there is anything to give
async function* failing(failure: Error): AsyncIterable<Uint8Array> {
  throw failure;
}

describe('RC-07 work on reports', () => {
  test('is done job after job, in the order in which they were asked for', async () => {
    const { asked, ended, kept } = await openJobs((attempt) => written(`report ${attempt}`));
    const ids = [await asked(), await asked(), await asked()];
    for (const id of ids) await ended(id);

    expect(ids.map((id) => kept.get(id))).toEqual(['report 1', 'report 2', 'report 3']);
  });

  test('is tried again after an outage', async () => {
    const { asked, ended, failures } = await openJobs((attempt) =>
      attempt < 3 ? failing(new Error('the disk is full')) : written('done'),
    );
    const report = await ended(await asked());

    expect(report).toMatchObject({ status: 'COMPLETED', attempts: 3 });
    expect(failures).toHaveLength(2);
  });

  test('and given up after three', async () => {
    const { asked, ended } = await openJobs(() => failing(new Error('the disk is full')));

    expect(await ended(await asked())).toMatchObject({
      status: 'FAILED',
      attempts: 3,
      failed: { code: 'REPORT_GIVEN_UP' },
    });
  });

  test.each([
    [
      new RecordAltered(7, 'secret'),
      'RECORD_ALTERED',
      /^Entry 7 of the log is not what was sealed/,
    ],
    [new ZipTooLarge('secret'), 'REPORT_TOO_LARGE', /4 GiB/],
  ])('at once where another try would not help: %s', async (failure, code, reason) => {
    const { asked, ended } = await openJobs(() => failing(failure));
    const report = await ended(await asked());

    expect(report).toMatchObject({ status: 'FAILED', attempts: 1, failed: { code } });
    expect(report?.failed?.reason).toMatch(reason);
    expect(report?.failed?.reason).not.toContain('secret');
  });

  test('is shown while it goes on, and stops when it is called off', async () => {
    const begun = Promise.withResolvers<void>();
    const { jobs, reports, stream, asked, ended, kept, failures } = await openJobs(
      async function* endless(_, signal) {
        begun.resolve();
        for (;;) {
          signal.throwIfAborted();
          yield Buffer.from('more and more');
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      },
    );
    const id = await asked();
    await begun.promise;

    expect(jobs.progress(id)).toEqual({ looked: 3, toLookAt: 7 });
    await reports.handle(
      stream,
      { type: 'CancelReport', reportId: id },
      { cause: { userId: user } },
    );
    jobs.drop(id);
    expect(await ended(id)).toMatchObject({ status: 'CANCELLED' });
    await expect.poll(() => jobs.progress(id)).toBeUndefined();
    expect([...kept.keys()]).toEqual([]);
    expect(failures).toEqual([]);
  });

  test('leaves no file of what was called off as it was finished', async () => {
    const { reports, stream, asked, report, kept, jobs } = await openJobs(async function* late() {
      yield Buffer.from('all of it');
      const [id] = (await reports.load(stream)).state.reports.keys();
      await reports.handle(
        stream,
        { type: 'CancelReport', reportId: id as ReportId },
        { cause: { userId: user } },
      );
    });
    const id = await asked();
    await expect.poll(async () => (await report(id))?.status).toBe('CANCELLED');
    await jobs.close();

    expect([...kept.keys()]).toEqual([]);
  });

  test('that a stop breaks off is left for the next start', async () => {
    const begun = Promise.withResolvers<void>();
    const { jobs, asked, report, failures } = await openJobs(async function* endless(_, signal) {
      begun.resolve();
      for (;;) {
        signal.throwIfAborted();
        yield Buffer.from('more and more');
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    const id = await asked();
    await begun.promise;
    await jobs.close();

    expect(await report(id)).toMatchObject({ status: 'RUNNING', failed: undefined });
    expect(failures).toEqual([]);
  });
});
