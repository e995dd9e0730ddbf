import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { streamId, type StreamId } from '../../kernel/identifiers.ts';
import { microsecondsOf } from '../../kernel/instant.ts';
import type { Claim, Commit, EventStorage, Expectation, LogQuery, Verdict } from '../storage.ts';
import { LogModel } from './log-model.ts';
import { at, definition, pagesOf, versions } from './samples.ts';
import type { Opened } from './storage-under-test.ts';

/** What the port promises of any sequence of batches: the same as a model that does one thing at a time. */
export function propertiesContract(opened: Opened): void {
  describe('LG-01, LG-06 any sequence of batches', () => {
    test('is judged and kept as a model of the log says', async () => {
      const { storage, schema } = await opened();
      const [rare = 0] = await storage.registerSchemas([definition('Rare')]);
      let runs = 0;

      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 10 }),
          fc.array(query, { maxLength: 4 }),
          async (steps, queries) => {
            // One log serves all runs, each on streams and keys of its own.
            const run = await begin(storage, [schema, rare], (runs += 1));
            for (const one of steps) await appendAsModelled(run, one);
            await expectSameStreams(run);
            await expectSameLog(run, queries);
            await expectSameClaims(run);
          },
        ),
        { numRuns: 60 },
      );
      expect((await storage.head()).position).toBeGreaterThan(runs);
    }, 120_000);
  });
}

interface Run {
  readonly storage: EventStorage;
  readonly schemas: readonly [number, number];
  readonly model: LogModel;
  /** Where the log stood before, in positions and in microseconds. */
  readonly base: number;
  readonly baseTime: number;
  time: number;
  readonly streams: readonly StreamId[];
  readonly keys: readonly string[];
}

const streamCount = 3;
const keyCount = 3;

const step = fc.record({
  passes: fc.integer({ min: -3, max: 10 }),
  commits: fc.array(
    fc.record({
      standsBack: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      appends: fc.uniqueArray(
        fc.record({
          stream: fc.nat(streamCount - 1),
          expects: fc.constantFrom('any', 'none', 'right', 'right', 'right', 'wrong'),
          records: fc.array(
            fc.record({ rare: fc.boolean(), body: fc.uint8Array({ maxLength: 5 }) }),
            { maxLength: 3 },
          ),
        }),
        { selector: ({ stream }) => stream, maxLength: streamCount },
      ),
      claims: fc.uniqueArray(
        fc.record({
          key: fc.nat(keyCount - 1),
          note: fc.uint8Array({ maxLength: 3 }),
          expiresIn: fc.option(fc.integer({ min: -1, max: 15 }), { nil: undefined }),
        }),
        { selector: ({ key }) => key, maxLength: 2 },
      ),
    }),
    { maxLength: 6 },
  ),
});

const query = fc.record({
  after: fc.nat(20),
  limit: fc.integer({ min: 1, max: 6 }),
  schemas: fc.option(fc.subarray([0, 1] as const), { nil: undefined }),
  since: fc.option(fc.integer({ min: -1, max: 40 }), { nil: undefined }),
  until: fc.option(fc.integer({ min: -1, max: 40 }), { nil: undefined }),
});

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type Query = typeof query extends fc.Arbitrary<infer Value> ? Value : never;

async function begin(
  storage: EventStorage,
  schemas: readonly [number, number],
  number: number,
): Promise<Run> {
  const head = await storage.head();
  const baseTime = microsecondsOf(head.recordedAt);
  const named = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${number}-${index}`);
  return {
    storage,
    schemas,
    model: new LogModel(head),
    base: head.position,
    baseTime,
    time: baseTime,
    streams: named(streamCount).map(streamId),
    keys: named(keyCount),
  };
}

async function appendAsModelled(run: Run, { passes, commits }: Step): Promise<void> {
  run.time += passes;
  const batch: Commit[] = [];
  const expected: Verdict[] = [];
  for (const one of commits) {
    const commit = commitOf(run, one, batch.length);
    batch.push(commit);
    expected.push(run.model.append(commit, expected, at(run.time)));
  }

  expect(plain(await run.storage.append(batch, at(run.time)))).toEqual(plain(expected));
  expect(await run.storage.head()).toEqual(run.model.head);
}

/** A commit whose expectations are right or wrong just as the model stands when its turn comes. */
function commitOf(
  run: Run,
  { standsBack = 0, appends, claims }: Step['commits'][number],
  place: number,
): Commit {
  const stands = standsBack > 0 && standsBack <= place && appends.length > 0;
  return {
    standsOn: stands ? place - standsBack : undefined,
    appends: appends.map(({ stream: index, expects, records }) => {
      const stream = run.streams[index] ?? streamId('never');
      const version = run.model.versionOf(stream);
      const expected = {
        any: 'any' as const,
        none: 'none' as const,
        right: version,
        wrong: version === 0 ? 1 : version - 1,
      }[expects] satisfies Expectation;
      return {
        stream,
        expected,
        records: records.map(({ rare, body }) => ({ schema: run.schemas[rare ? 1 : 0], body })),
      };
    }),
    claims: claims.map(({ key, note, expiresIn }): Claim => ({
      key: run.keys[key] ?? 'never',
      note,
      expiresAt: expiresIn === undefined ? undefined : at(run.time + expiresIn),
    })),
  };
}

async function expectSameStreams({ storage, model, streams }: Run): Promise<void> {
  expect(await versions(storage, ...streams)).toEqual(streams.map((one) => model.versionOf(one)));
  for (const stream of streams) {
    expect(plain(await storage.readStream(stream, 2, 5))).toEqual(
      plain(
        model.records
          .filter((record) => record.stream === stream && record.version >= 2)
          .slice(0, 5),
      ),
    );
  }
}

async function expectSameLog(run: Run, queries: readonly Query[]): Promise<void> {
  const { storage, model, base, baseTime } = run;
  const whole: Query = {
    after: 0,
    limit: 7,
    schemas: undefined,
    since: undefined,
    until: undefined,
  };
  for (const { after, limit, schemas, since, until } of [whole, ...queries]) {
    const asked: LogQuery = {
      after: base + after,
      limit,
      schemas: schemas?.map((index) => run.schemas[index]),
      since: since === undefined ? undefined : at(baseTime + since),
      until: until === undefined ? undefined : at(baseTime + until),
    };
    const pages = await pagesOf(storage, asked);
    const expected = model.records.filter(
      ({ position, schema, recordedAt }) =>
        position > asked.after &&
        (asked.schemas?.includes(schema) ?? true) &&
        (asked.since === undefined || recordedAt >= asked.since) &&
        (asked.until === undefined || recordedAt < asked.until),
    );
    expect(plain(pages.flatMap(({ records }) => records))).toEqual(plain(expected));
    expect(pages.filter(({ records }) => records.length > limit)).toEqual([]);
  }
}

async function expectSameClaims({ storage, model, keys, base, time }: Run): Promise<void> {
  for (const key of keys) {
    for (const later of [0, 4, 20]) {
      const moment = at(time + later);
      expect(plain(await storage.findClaim(key, moment))).toEqual(plain(model.heldAt(key, moment)));
    }
  }
  const listed = await storage.listClaims(base - 1, model.head.position);
  const own = listed.filter(({ key }) => keys.includes(key));
  const byPosition = own.map(({ position }) => position);
  expect(byPosition).toEqual(byPosition.toSorted((left, right) => left - right));
  expect(plain(byKey(own))).toEqual(plain(byKey(model.claims.values())));
}

/** With its bytes as text: equal when they are equal, whatever their class, and readable in a report. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

function byKey<Keyed extends { readonly key: string }>(claims: Iterable<Keyed>): Keyed[] {
  return [...claims].toSorted((left, right) => (left.key < right.key ? -1 : 1));
}
