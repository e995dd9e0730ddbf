import type { EventStorage, Expectation, StreamId } from '@counterfoil/event-store';
import { isOpen, isSealed, sealData } from '@counterfoil/event-store/envelope';
import { ErasedSubject } from '../failures.ts';
import type { OpenedKey } from '../subject-keys.ts';
import {
  createPayloadOpener,
  erased,
  keyOf,
  schemaTypes,
  type PayloadParts,
} from './payload-opener.ts';
import { openPayload, sealPayload, type PayloadPlace } from './payload-seal.ts';

export interface PayloadStorageParts extends PayloadParts {
  /** Whether the payloads of a stream are sealed from now on; what is sealed already is opened in any case. */
  readonly seals: (stream: StreamId) => boolean;
}

type Batch = Parameters<EventStorage['append']>[0];
type Commit = Batch[number];
type Verdicts = Awaited<ReturnType<EventStorage['append']>>;
type Snapshot = Parameters<EventStorage['saveSnapshot']>[1];

/**
 * A storage whose events of some streams are sealed as a whole on their way in, and opened on their way out,
 * under the data key of their stream. What stays readable is the envelope: who caused it, and by what.
 *
 * A commit whose key can't be had fails by itself, with a KeysUnavailable or, once the stream is erased, as
 * SUBJECT_ERASED; so does the reading of a stream, and of a page of the log that holds such events. In a page
 * of the log, events of erased streams stay sealed.
 */
export function sealPayloads(parts: PayloadStorageParts): EventStorage {
  const { storage, seals } = parts;
  const opener = createPayloadOpener(parts);
  const prepare = createSealing(parts);
  /** Settles once all that came before was handed on. */
  let before: Promise<void> = Promise.resolve();
  let waiting = 0;

  return {
    ...storage,
    append: async (batch, at) => {
      const plain = !batch.some(({ appends }) => appends.some(({ stream }) => seals(stream)));
      if (plain && waiting === 0) return storage.append(batch, at);
      waiting += 1;
      // Keys take a moment, and batches are written in the order in which they came.
      const ready = Promise.all([plain ? asItIs(batch) : prepare(batch), before]);
      before = ready.then(() => undefined);
      const [prepared] = await ready;
      waiting -= 1;
      return prepared.verdicts(await storage.append(prepared.batch, at));
    },
    readStream: async (stream, from, limit) => {
      const records = await opener.open(await storage.readStream(stream, from, limit));
      if (records.some(({ body }) => isSealed(body))) throw erased(stream);
      return records;
    },
    readAll: async (query) => {
      const page = await storage.readAll(query);
      const records = await opener.open(page.records);
      return records === page.records ? page : { ...page, records };
    },
    ...sealedSnapshots(parts),
    close: async () => {
      await before;
      await storage.close();
    },
  };
}

interface Prepared {
  /** Without the commits that failed. */
  readonly batch: Batch;
  /** With the failures in their places. */
  verdicts(of: Verdicts): Verdicts;
}

function asItIs(batch: Batch): Prepared {
  return { batch, verdicts: (of) => of };
}

interface Failed {
  readonly kind: 'failed';
  readonly reason: unknown;
}

/** Never rejects: each commit that can't be sealed has its own failure, and whatever stands on it the same. */
function createSealing(parts: PayloadStorageParts): (batch: Batch) => Promise<Prepared> {
  const { storage, keys, seals, randomBytes } = parts;
  const typesOf = schemaTypes(storage);

  const sealed = async (commit: Commit): Promise<Commit> => {
    const appends = await Promise.all(
      commit.appends.map(async (append) => {
        const { stream, expected, records } = append;
        if (!seals(stream) || !records.some(({ body }) => isOpen(body))) return append;
        const first = firstVersion(stream, expected);
        const types = await typesOf(records.map(({ schema }) => schema));
        const key = await keys.make(stream);
        return {
          ...append,
          records: records.map(({ schema, body }, place) => {
            // What was sealed before is copied as it is.
            if (!isOpen(body)) return { schema, body };
            const at = { stream, version: first + place, type: types(schema) };
            return { schema, body: sealData(body, sealing(key, { kind: 'payload', ...at })) };
          }),
        };
      }),
    );
    return { ...commit, appends };
  };

  const sealing = (key: OpenedKey, place: PayloadPlace) => (data: Uint8Array) => {
    key.use();
    return sealPayload(key, place, data, randomBytes);
  };

  return async (batch) => {
    const outcomes = await Promise.all(
      batch.map((commit) => sealed(commit).catch((reason: unknown) => failed(commit, reason))),
    );
    return withoutFailed(outcomes);
  };
}

/** What a sealed event is bound to must be known before it is written. */
function firstVersion(stream: StreamId, expected: Expectation): number {
  if (expected !== 'any') return (expected === 'none' ? 0 : expected) + 1;
  throw new TypeError(`the payloads of ${stream} are sealed: append to it at an exact version`);
}

function failed({ appends }: Commit, reason: unknown): Failed {
  const [first] = appends;
  return {
    kind: 'failed',
    reason: reason instanceof ErasedSubject && first ? erased(first.stream) : reason,
  };
}

function withoutFailed(outcomes: readonly (Commit | Failed)[]): Prepared {
  const batch: Commit[] = [];
  /** Of each commit: its place among those that go, or why it doesn't. */
  const places: (number | Failed)[] = [];
  for (const outcome of outcomes) {
    if ('kind' in outcome) {
      places.push(outcome);
      continue;
    }
    const { standsOn } = outcome;
    const under = standsOn === undefined ? undefined : places[standsOn];
    if (typeof under === 'object') places.push(under);
    // A place that is none stays one, for the storage to refuse.
    else places.push(batch.push({ ...outcome, standsOn: under ?? standsOn }) - 1);
  }
  return {
    batch,
    // Group commit takes the failure of one commit as what it is; the port has no word for it, because no
    // storage fails so: by one commit of a batch.
    verdicts: (of) =>
      places.map((place) => (typeof place === 'number' ? of[place] : place)) as unknown as Verdicts,
  };
}

/** Snapshots hold what was folded from sealed events. A format of their own keeps them from being taken for others. */
function sealedSnapshots(
  parts: PayloadStorageParts,
): Pick<EventStorage, 'loadSnapshot' | 'saveSnapshot'> {
  const { storage, keys, seals, randomBytes } = parts;
  return {
    loadSnapshot: async (stream, format) => {
      if (!seals(stream)) return storage.loadSnapshot(stream, format);
      const kept = await storage.loadSnapshot(stream, sealedFormat(format));
      if (kept === undefined) return undefined;
      const key = keyOf(stream, (await keys.find([stream])).get(stream));
      if (key === undefined) return undefined;
      const snapshot = { ...kept, format };
      return { ...snapshot, bytes: openPayload(key, placeOf(stream, snapshot), kept.bytes) };
    },
    saveSnapshot: async (stream, snapshot) => {
      if (!seals(stream)) return storage.saveSnapshot(stream, snapshot);
      const key = await keys.make(stream);
      key.use();
      const bytes = sealPayload(key, placeOf(stream, snapshot), snapshot.bytes, randomBytes);
      await storage.saveSnapshot(stream, {
        version: snapshot.version,
        format: sealedFormat(snapshot.format),
        bytes,
      });
    },
  };
}

function placeOf(stream: StreamId, { version, format }: Snapshot): PayloadPlace {
  return { kind: 'snapshot', stream, version, type: format };
}

function sealedFormat(format: string): string {
  return `${format}, sealed`;
}
