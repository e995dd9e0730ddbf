import { randomBytes } from 'node:crypto';
import { streamId, type EventStorage, type Instant } from '@counterfoil/event-store';
import {
  noteSigner,
  openSealedLog,
  resumeSealing,
  type NoteSigner,
  type SealedLog,
} from '@counterfoil/event-store/log';
import { openMemoryTreeStore } from '@counterfoil/event-store/log/memory';
import { openMemoryStorage } from '@counterfoil/event-store/memory';
import * as fc from 'fast-check';
import { exportLog, type ExportRange } from '../packages/platform/src/record/export/export-log.ts';

// Logs to be tampered with: whatever events, in the real stores, sealed as the program seals them.

export const origin = 'counterfoil.test/1';

/** A log's key; another for each number. */
export function signerOf(number: number): NoteSigner {
  return noteSigner(origin, Buffer.alloc(32, number));
}

export interface SampleEvent {
  readonly stream: string;
  readonly type: keyof typeof schemas;
  readonly body: Uint8Array;
}

const schemas = {
  Noted: { type: 'Noted', version: 1, avro: 'bytes' },
  Renoted: { type: 'Noted', version: 2, avro: { type: 'array', items: 'string' } },
  Struck: { type: 'Struck-é', version: 1, avro: { type: 'fixed', name: 'Struck', size: 4 } },
} as const;

/** Names as they come, and some that JSON has to escape. */
const streams = fc.constantFrom('account-A1', 'user-\\u00e9', 'a"quoted\\one', 'trade-T/1');

/** A log's events. */
export const histories = fc.array(
  fc.record({
    stream: streams,
    type: fc.constantFrom('Noted', 'Renoted', 'Struck'),
    body: fc.uint8Array({ maxLength: 60 }),
  }),
  { minLength: 1, maxLength: 25 },
) satisfies fc.Arbitrary<SampleEvent[]>;

/** So many events that differ. */
export function someEvents(count: number): readonly SampleEvent[] {
  const types = Object.keys(schemas) as (keyof typeof schemas)[];
  return Array.from({ length: count }, (_, index) => ({
    stream: `stream-${index % 5}`,
    type: types[index % 3] ?? 'Noted',
    body: Buffer.concat([Buffer.from(`event ${index} `), randomBytes(index % 20)]),
  }));
}

export interface SampleLog {
  readonly sealed: SealedLog;
  readonly key: string;
  /** Appends and seals. */
  add(events: readonly SampleEvent[]): Promise<void>;
}

/** A log of these events, sealed by the signer. */
export async function sampleLog(
  events: readonly SampleEvent[],
  signer: NoteSigner = signerOf(1),
): Promise<SampleLog> {
  const storage = openMemoryStorage();
  const tree = openMemoryTreeStore();
  const publicKeys = [signer.verifierKey];
  const sealing = await resumeSealing({ storage, tree, origin, signer, publicKeys });
  const sealed = await openSealedLog({ storage, tree, origin, signer, publicKeys });
  const add: SampleLog['add'] = async (added) => {
    await append(storage, added);
    for (;;) {
      const seal = await sealing.next();
      if (seal === undefined) break;
      sealed.sealed(seal);
    }
  };
  await add(events);
  return { sealed, key: signer.verifierKey, add };
}

async function append(storage: EventStorage, events: readonly SampleEvent[]): Promise<void> {
  const definitions = Object.values(schemas);
  const ids = await storage.registerSchemas(definitions);
  const idOf = (type: SampleEvent['type']) => ids[definitions.indexOf(schemas[type])] ?? 0;
  for (const { stream, type, body } of events) {
    const records = [{ schema: idOf(type), body }];
    const appends = [{ stream: streamId(stream), expected: 'any', records } as const];
    const { recordedAt } = await storage.head();
    await storage.append([{ appends }], (recordedAt + 1_000_003n) as Instant);
  }
}

/** The whole text of an export. */
export async function exported(log: SampleLog, range: ExportRange = {}): Promise<string> {
  const { pieces } = await exportLog(log.sealed, range);
  let text = '';
  for await (const piece of pieces()) text += piece.text;
  return text;
}
