import type { EventLog, Instant, RecordedEvent } from '@counterfoil/event-store';
import { userOfStream, type ReportEvent, type ReportId } from '../domain/reports/events.ts';

/** A job that was asked for and has not come to an end. */
export interface UnfinishedReport {
  readonly id: ReportId;
  readonly userId: string;
}

const types = ['ReportRequested', 'ReportCompleted', 'ReportFailed', 'ReportCancelled'];
const eventsAtOnce = 1_000;

/** The jobs asked for since a moment that the log knows no end of, the earliest first. */
export async function unfinishedReports(
  log: Pick<EventLog, 'readAll'>,
  since: Instant,
): Promise<readonly UnfinishedReport[]> {
  const open = new Map<ReportId, UnfinishedReport>();
  let after = 0;
  for (let more = true; more;) {
    const page = await log.readAll({ after, limit: eventsAtOnce, types, since });
    for (const recorded of page.events) {
      const event = recorded as RecordedEvent & ReportEvent;
      const { reportId: id } = event.data;
      if (event.type !== 'ReportRequested') open.delete(id);
      else if (event.data.delivery === 'JOB') {
        open.set(id, { id, userId: userOfStream(event.stream) });
      }
    }
    ({ more, scannedTo: after } = page);
  }
  return [...open.values()];
}
