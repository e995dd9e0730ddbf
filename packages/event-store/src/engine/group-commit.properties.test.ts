import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StreamId } from '../kernel/identifiers.ts';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { StorageFailure, type Commit, type Verdict } from '../storage/storage.ts';
import { a, adds, b, epoch, openGroup, type GroupFixture } from './group-commit.fixture.ts';
import type { Pending } from './group-commit.ts';
import { turn, type HeldBatch, type HoldingStorage } from './held-batches.fixture.ts';

const outage = new StorageFailure('the line broke', { final: false });

describe('LG-01, OP-11 whatever the storage does to batches, in whatever order', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), ...onStream() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('answer' as const),
        batch: fc.nat(2),
        how: fc.constantFrom('write', 'write', 'write', 'fail', 'loseAnswer'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('others' as const), ...onStream() }) },
  );

  test('each commit is sent once at most, and written only on what it stands on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, batchSizeMax, batchesInFlightMax) => {
          const run = await openGroup(openMemoryStorage(), {
            batchSizeMax,
            batchesInFlightMax,
          });
          const { storage, others, schema } = run;
          const taken: Taken[] = [];
          const lastOf = new Map<StreamId, Taken>();
          for (const one of steps) {
            switch (one.do) {
              case 'append':
                take(run, one, taken, lastOf);
                break;
              case 'turn':
                await turn();
                break;
              case 'answer':
                await answer(storage.held[one.batch % (storage.held.length || 1)], one.how);
                break;
              case 'others':
                await others.append([adds(schema, one.stream, 'any')], epoch);
                break;
            }
            expect(storage.held.length).toBeLessThanOrEqual(batchesInFlightMax);
          }
          await storage.writeAll();
          await run.group.drain();

          for (const { length } of storage.sent) expect(length).toBeLessThanOrEqual(batchSizeMax);
          await expectFounded(storage, taken);
        },
      ),
      { numRuns: 400 },
    );
  });
});

interface Taken {
  /** The body of its only record, which nobody else has. */
  readonly mark: string;
  readonly stream: StreamId;
  readonly standsOn: Taken | undefined;
  readonly pending: Pending;
  readonly outcome: Promise<Verdict | Error>;
}

function onStream() {
  return { stream: fc.constantFrom(a, b), stands: fc.boolean(), version: fc.nat(3) };
}

/** As a command handler does: one on the other, at versions that may turn out to be right or wrong. */
function take(
  { group, schema }: GroupFixture,
  one: { readonly stream: StreamId; readonly stands: boolean; readonly version: number },
  taken: Taken[],
  lastOf: Map<StreamId, Taken>,
): void {
  const { stream } = one;
  const standsOn = one.stands ? lastOf.get(stream) : undefined;
  const mark = `${taken.length}`;
  const expected = one.version === 3 ? 'any' : one.version;
  const commit = adds(schema, stream, expected, Buffer.from(mark));
  const pending = group.append(commit, standsOn?.pending);
  const outcome = pending.verdict.catch((reason: unknown) => reason as Error);
  const it = { mark, stream, standsOn, pending, outcome };
  taken.push(it);
  lastOf.set(stream, it);
}

async function answer(batch: HeldBatch | undefined, how: string): Promise<void> {
  if (how === 'write') await batch?.write();
  else if (how === 'fail') await batch?.fail(outage);
  else await batch?.loseAnswer(outage);
}

async function expectFounded(storage: HoldingStorage, taken: readonly Taken[]): Promise<void> {
  const sent = storage.sent.flat().flatMap(markOf);
  expect(new Set(sent).size).toBe(sent.length);
  const sentOnNothing = taken.filter(({ standsOn }) => standsOn === undefined);
  const marks = new Set(sentOnNothing.map(({ mark }) => mark));
  expect(sent.filter((mark) => marks.has(mark))).toEqual(sentOnNothing.map(({ mark }) => mark));

  const { records } = await storage.readAll({ after: 0, limit: 1_000 });
  const positions = new Map(records.map(({ body: bytes, position }) => [textOf(bytes), position]));
  for (const { mark, outcome, standsOn } of taken) {
    const verdict = await outcome;
    const position = positions.get(mark);
    if ('kind' in verdict && verdict.kind === 'appended') {
      expect(position).toBe(verdict.firstPosition);
    } else if ('kind' in verdict) {
      expect(position).toBeUndefined();
    } else {
      expect(verdict).toBe(outage);
    }
    const foundation = standsOn && positions.get(standsOn.mark);
    if (position !== undefined && standsOn !== undefined) expect(foundation).toBeLessThan(position);
  }
}

function markOf({ appends }: Commit): string[] {
  return appends.flatMap(({ records }) => records.map((record) => textOf(record.body)));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
