import { streamId } from '../kernel/identifiers.ts';
import { instantFromMicroseconds } from '../kernel/instant.ts';
import type { EventStorage } from '../storage/storage.ts';
import { noteSigner } from './note.ts';
import { resumeSealing, type Sealing, type SealingOptions } from './sealing.ts';
import type { TreeStore } from './tree-store.ts';

/** A log's name and key for tests. */
export const origin = 'counterfoil.test/1';
export const signer = noteSigner(origin, Buffer.alloc(32, 7));
export const publicKeys = [signer.verifierKey];

/** Appends so many events, over a few streams of two types, each with a body of its own. */
export async function appendEvents(storage: EventStorage, count: number): Promise<void> {
  const [noted = 0, struck = 0] = await storage.registerSchemas([
    { type: 'Noted', version: 1, avro: 'bytes' },
    { type: 'Struck', version: 3, avro: { type: 'fixed', name: 'Struck', size: 4 } },
  ]);
  const { position } = await storage.head();
  for (let begin = position; begin < position + count; begin += 100) {
    const numbers = Array.from(
      { length: Math.min(100, position + count - begin) },
      (_, index) => begin + index,
    );
    await storage.append(
      numbers.map((number) => ({
        appends: [
          {
            stream: streamId(`stream-${number % 7}`),
            expected: 'any',
            records: [{ schema: number % 5 === 0 ? struck : noted, body: bodyOf(number) }],
          },
        ],
      })),
      instantFromMicroseconds(1_700_000_000_000_000 + begin),
    );
  }
}

function bodyOf(number: number): Buffer {
  return Buffer.from(`the body of event ${number} ${'x'.repeat(number % 50)}`);
}

export function sealingOf(
  storage: EventStorage,
  tree: TreeStore,
  options: Partial<SealingOptions> = {},
): Promise<Sealing> {
  return resumeSealing({ storage, tree, origin, signer, publicKeys, ...options });
}

/** Seals all that is there. Answers the last checkpoint. */
export async function sealAll(
  storage: EventStorage,
  tree: TreeStore,
  options: Partial<SealingOptions> = {},
): Promise<string> {
  const sealing = await sealingOf(storage, tree, options);
  let note = (await tree.lastSeal())?.note ?? '';
  for (let seal = await sealing.next(); seal !== undefined; seal = await sealing.next()) {
    note = seal.note;
  }
  return note;
}
