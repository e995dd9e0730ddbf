import {
  formatInstant,
  type EventLog,
  type EventStore,
  type Instant,
  type RecordedEvent,
} from '@counterfoil/event-store';
import type { SealedEntry, SealedLog } from '@counterfoil/event-store/log';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { InstantIn, instantOf } from '../../domain/calendar/contract.ts';
import type { EventAnswer } from '../event-json.ts';
import { optional, requestSchema } from '../operation.ts';
import { cursorOf, pageOf, pageQuery, pageRequestOf, type Page, type PageQuery } from '../pages.ts';
import { Refusal } from '../problem.ts';
import { requireRange } from '../ranges.ts';
import { requireInLog } from '../read-position.ts';
import { auditAccess, auditTag, EntryAnswer, EntryProofAnswer, provably } from './answers.ts';

export interface EntryParts {
  readonly sealed: SealedLog;
  readonly log: Pick<EventLog, 'readAll' | 'head'>;
  readonly event: EventStore['raw']['event'];
  readonly present: (event: RecordedEvent) => EventAnswer;
}

interface EntryQuery extends PageQuery {
  readonly event_type?: string;
  readonly user?: string;
  readonly stream?: string;
  readonly from?: string;
  readonly to?: string;
}

const entryQuery = {
  event_type: optional(Type.String({ minLength: 1, maxLength: 200 }), 'Only of this type'),
  user: optional(Type.String({ minLength: 1, maxLength: 200 }), 'Only what this user caused'),
  stream: optional(Type.String({ minLength: 1, maxLength: 200 }), 'Only of this stream'),
  from: optional(InstantIn, 'Only what was recorded at this moment or later'),
  to: optional(InstantIn, 'Only what was recorded before this moment'),
  ...pageQuery,
};

/** So many entries are looked through for one page; the next page goes on from there. */
const lookedThroughMax = 5_000;
const atOnce = 500;

/** The record itself, each entry held against the seal before it is answered (RC-01). */
export function entryRoutes(api: FastifyInstance, parts: EntryParts): void {
  const listed = requestSchema({
    tag: auditTag,
    id: 'listEntries',
    access: auditAccess,
    summary: 'List entries of the record, in order, each held against the seal',
    description:
      'Entries that are not sealed yet are not shown; that takes a moment. A page that was filtered may ' +
      'hold fewer entries than the limit, or none, while there are more: nextCursor says so. When an entry, ' +
      'or what is kept of its seal, was changed, the answer is RECORD_ALTERED and names the position.',
    query: entryQuery,
    answers: { 200: pageOf('EntryPage', EntryAnswer) },
    errors: ['CURSOR_INVALID', 'RANGE_INVALID', 'RECORD_ALTERED', 'NOT_SEALED_YET'],
  });
  api.get<{ Querystring: EntryQuery }>('/audit/entries', { schema: listed }, async ({ query }) => {
    const { after: [cursor] = [undefined], limit } = pageRequestOf(query, [0]);
    const wanted = wantedBy(query);
    const after = cursor ?? (await beginningAt(parts.log, wanted.from));
    return provably(() => entryPage(parts, wanted, after, limit));
  });

  const proved = requestSchema({
    tag: auditTag,
    id: 'getEntryProof',
    access: auditAccess,
    summary: 'Prove that an entry is in the record',
    params: Type.Object({
      position: Type.String({
        pattern: '^[1-9]\\d{0,14}$',
        'x-expected': 'a position such as "17"',
      }),
    }),
    query: {
      size: optional(Type.Integer({ minimum: 1 }), 'Of the tree; that of the newest checkpoint'),
    },
    answers: { 200: EntryProofAnswer },
    errors: ['ENTRY_UNKNOWN', 'POSITION_BEYOND_LOG', 'RECORD_ALTERED', 'NOT_SEALED_YET'],
  });
  api.get<{ Params: { readonly position: string }; Querystring: { readonly size?: number } }>(
    '/audit/entries/:position/proof',
    { schema: proved },
    async ({ params, query: { size } }) => {
      const position = Number(params.position);
      const head = await parts.log.head();
      if (position > head.position || position > (size ?? position)) {
        const end = Math.min(head.position, size ?? head.position);
        throw new Refusal('ENTRY_UNKNOWN', `The record asked for ends at position ${end}.`);
      }
      await requireInLog(parts.log, size);
      const { leaf, text } = await provably(() => parts.sealed.proof(position, size));
      return { format: 'counterfoil-entry/1', leaf: base64(leaf), proof: text };
    },
  );
}

interface Wanted {
  readonly from: Instant | undefined;
  readonly to: Instant | undefined;
  matches(entry: SealedEntry, event: RecordedEvent): boolean;
}

function wantedBy({ event_type: type, user, stream, from, to }: EntryQuery): Wanted {
  const range = { from: from && instantOf(from), to: to && instantOf(to) };
  requireRange({
    from: range.from === undefined ? undefined : formatInstant(range.from as Instant),
    to: range.to === undefined ? undefined : formatInstant(range.to as Instant),
  });
  return {
    from: range.from as Instant | undefined,
    to: range.to as Instant | undefined,
    matches: (entry, event) =>
      (type === undefined || entry.type === type) &&
      (stream === undefined || entry.record.stream === stream) &&
      (user === undefined || event.metadata.userId === user),
  };
}

/** Behind which position the first entry of a moment stands. */
async function beginningAt(
  log: Pick<EventLog, 'readAll'>,
  since: Instant | undefined,
): Promise<number> {
  if (since === undefined) return 0;
  const { events, scannedTo } = await log.readAll({ after: 0, limit: 1, since });
  return (events[0]?.position ?? scannedTo + 1) - 1;
}

async function entryPage(
  { sealed, event, present }: EntryParts,
  { to, matches }: Wanted,
  after: number,
  limit: number,
): Promise<Page<EntryAnswer>> {
  const items: EntryAnswer[] = [];
  let at = after;
  while (at < after + lookedThroughMax) {
    const entries = await sealed.entries(at, Math.min(atOnce, Math.max(limit, 100)));
    for (const entry of entries) {
      if (to !== undefined && entry.record.recordedAt >= to) return { items, nextCursor: null };
      at = entry.record.position;
      const decoded = event(entry.record);
      if (!matches(entry, decoded)) continue;
      items.push({ ...present(decoded), leafHash: base64(entry.leafHash) });
      if (items.length === limit) return { items, nextCursor: nextAfter(sealed, at) };
    }
    if (entries.length === 0) return { items, nextCursor: null };
    // Others have a turn: a page may have to look through thousands.
    await new Promise(setImmediate);
  }
  return { items, nextCursor: nextAfter(sealed, at) };
}

function nextAfter(sealed: SealedLog, position: number): string | null {
  return position < sealed.sealedUpTo().size ? cursorOf([position]) : null;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
