import { formatInstant, type EventLog, type RecordedEvent } from '@counterfoil/event-store';
import type { SealedEntry, SealedLog } from '@counterfoil/event-store/log';
import { firstPositionSince, recordedRange } from './recorded-range.ts';
import type { ReportDefinition, ReportParameters, ReportRow, ReportScope } from './report.ts';

export interface AuditTrailParts {
  readonly log: Pick<EventLog, 'readAll'>;
  readonly sealedLog: Pick<SealedLog, 'entries'>;
  /** The event that an entry holds. */
  readonly decode: (entry: SealedEntry) => RecordedEvent;
  /** Its data as JSON can carry it; what is encrypted stays so. */
  readonly present: (event: RecordedEvent) => object;
}

const entriesAtOnce = 500;

/**
 * What was recorded, entry by entry (RC-07). Each is held against the signed tree as it is read, those that
 * a filter leaves out too: so that none which belongs in the report can be missing.
 */
export function auditTrail(parts: AuditTrailParts): ReportDefinition {
  const positions = async ({ from, to }: ReportParameters, { position }: ReportScope) => {
    const { since, until } = recordedRange(from, to);
    const { log } = parts;
    return {
      first: since === undefined ? 1 : await firstPositionSince(log, since, position),
      last:
        until === undefined
          ? position
          : Math.min(position, (await firstPositionSince(log, until, position)) - 1),
    };
  };
  return {
    name: 'audit-trail',
    title: 'Audit trail',
    columns: [
      { name: 'position', kind: 'integer', width: 1.6 },
      { name: 'recorded_at', kind: 'instant', width: 3.4 },
      { name: 'event_type', kind: 'text', width: 3 },
      { name: 'stream', kind: 'text', width: 3.6 },
      { name: 'version', kind: 'integer', width: 1.2 },
      { name: 'user', kind: 'text', width: 2.8 },
      { name: 'correlation_id', kind: 'text', width: 0 },
      { name: 'causation_id', kind: 'text', width: 0 },
      { name: 'event_id', kind: 'text', width: 0 },
      { name: 'leaf_hash', kind: 'text', width: 0 },
      { name: 'data', kind: 'text', width: 9 },
    ],
    totalsBy: ['event_type'],
    sums: [],
    cites: 'position',
    size: async (parameters, scope, limit) => {
      const { first, last } = await positions(parameters, scope);
      return Math.min(limit, Math.max(0, last - first + 1));
    },
    pages: async function* (parameters, scope) {
      const { first, last } = await positions(parameters, scope);
      for (let after = first - 1; after < last;) {
        const entries = await parts.sealedLog.entries(after, Math.min(entriesAtOnce, last - after));
        const read = entries.at(-1);
        if (read === undefined) throw new Error(`the sealed log ends at ${after}, before ${last}`);
        scope.looked?.(entries.length);
        yield entries
          .map((entry) => rowOf(entry, parameters, parts))
          .filter((row) => row !== undefined);
        after = read.record.position;
      }
    },
  };
}

function rowOf(
  entry: SealedEntry,
  { event_type: type, user }: ReportParameters,
  { decode, present }: AuditTrailParts,
): ReportRow | undefined {
  if (type !== undefined && entry.type !== type) return undefined;
  const event = decode(entry);
  const { metadata } = event;
  if (user !== undefined && metadata.userId !== user) return undefined;
  return {
    position: event.position,
    recorded_at: formatInstant(event.recordedAt),
    event_type: event.type,
    stream: event.stream,
    version: event.version,
    user: metadata.userId,
    correlation_id: metadata.correlationId,
    causation_id: metadata.causationId,
    event_id: event.eventId,
    leaf_hash: Buffer.from(entry.leafHash).toString('base64'),
    data: JSON.stringify(present(event)),
  };
}
