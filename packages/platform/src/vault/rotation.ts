import {
  createCommandHandler,
  type Clock,
  type EventStore,
  type RandomBytes,
} from '@counterfoil/event-store';
import { keyStream } from '../domain/vault/events.ts';
import { keyRecord } from '../domain/vault/key-record.ts';
import { keysFrom, KeysUnavailable } from './failures.ts';
import type { KeyProvider } from './key-provider.ts';
import type { KeyRing } from './key-ring.ts';
import type { KeyStore, LiveSubject, WrappedKey, WrappingKey } from './key-store.ts';
import { unwrap, wrap, type KeyEncryptionKey } from './wrapping.ts';

/** Replaces the key-encryption key: all data keys are wrapped anew, and no event is touched. */
export interface KeyRotation {
  /**
   * Replaces it now, and finishes what an earlier run was broken off in. Rejects with a KeysUnavailable, also while
   * another process is at it; whatever was done by then stays, and the next run goes on behind it.
   */
  rotate(userId: string, onProgress?: (rewrapped: number) => void): Promise<Rotated>;
  /** As `rotate`, if the current key has had its time; undefined when nothing was to be done, or another is at it. */
  rotateWhenDue(): Promise<Rotated | undefined>;
}

export interface Rotated {
  /** Id of the key that is current now. */
  readonly current: string;
  /** How many data keys were wrapped anew. */
  readonly rewrapped: number;
}

export interface KeyRotationParts {
  readonly store: KeyStore;
  readonly ring: KeyRing;
  readonly provider: KeyProvider;
  readonly log: EventStore;
  readonly everyDays: number;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

const pageSize = 1_000;
const msOfDay = 86_400_000;
const program = 'counterfoil';

/** After which others may go on where a process stopped that had the rotation: a page takes far less. */
const claimMs = 300_000;

/** What a rotation does between pages: it says so again that it is at it, and how far it is. */
interface Underway {
  readonly userId: string;
  /** Rejects with a KeysUnavailable when another process has taken over. */
  stay(): Promise<void>;
  onProgress(rewrapped: number): void;
}

export function createKeyRotation(parts: KeyRotationParts): KeyRotation {
  const { store, ring, provider, log, everyDays, clock, randomBytes } = parts;
  const record = createCommandHandler(log, keyRecord);
  const nowMs = (): number => Number(clock() / 1_000_000n);

  const rewrapAll = async ({ id }: WrappingKey, { stay, onProgress }: Underway) => {
    const current = await ring.reopened();
    for (let done = 0; ;) {
      await stay();
      const keys = await store.listUnder(id, pageSize);
      if (keys.length === 0) return { current, done };
      const from = await ring.key(id);
      const anew = keys.map((key) => rewrapped(key, from, current, randomBytes));
      if (!(await store.rewrap(anew, current.id))) throw replacedMeanwhile();
      done += keys.length;
      onProgress(done);
    }
  };

  /** Whoever opens the current key from now on gets the one that data keys are under, and not only who made it. */
  const requireKept = async (current: KeyEncryptionKey): Promise<void> => {
    const kept = await ring.reopened();
    if (kept.id !== current.id) throw replacedMeanwhile();
    for (const { subject, keyId, wrapped } of await store.listUnder(kept.id, 1)) {
      unwrap({ subject, id: keyId }, wrapped, kept);
    }
  };

  /** Nothing new is wrapped under a retired key, so that it is empty at some time, and then not needed. */
  const finish = async (key: WrappingKey, underway: Underway): Promise<number> => {
    const { id } = key;
    const { current, done } = await rewrapAll(key, underway);
    const { live: subjects } = await store.count();
    const command = {
      type: 'RecordRotation',
      retired: id,
      current: current.id,
      subjects,
    } as const;
    await record.handle(keyStream, command, { cause: { userId: underway.userId } });
    await requireKept(current);
    await provider.destroy(id);
    await store.removeWrappingKey(id);
    return done;
  };

  const finishAll = async (underway: Underway): Promise<Rotated> => {
    let done = 0;
    ring.forget();
    for (const key of await store.wrappingKeys()) {
      if (!key.retired) continue;
      const before = done;
      const onProgress = (now: number): void => underway.onProgress(before + now);
      done += await finish(key, { ...underway, onProgress });
    }
    return { current: (await ring.current()).id, rewrapped: done };
  };

  /** Undefined, and nothing done, while another process is at it. */
  const alone = async <Result>(
    work: (stay: () => Promise<void>) => Promise<Result>,
  ): Promise<Result | undefined> => {
    const holder = Buffer.from(randomBytes(12)).toString('hex');
    const claim = () => store.claimRotation(holder, nowMs(), nowMs() + claimMs);
    if (!(await claim())) return undefined;
    try {
      return await work(async () => {
        if (!(await claim())) throw anotherIsAtIt();
      });
    } finally {
      await store.releaseRotation(holder);
    }
  };

  const replaceAndFinish = async (underway: Underway): Promise<Rotated> => {
    await finishAll({ ...underway, onProgress: () => {} });
    await ring.replace((await ring.reopened()).id);
    return finishAll(underway);
  };

  const whatIsDue = async (): Promise<'nothing' | 'replace' | 'finish'> => {
    const keys = await store.wrappingKeys();
    const current = keys.find(({ retired }) => !retired);
    if (current !== undefined && nowMs() - current.createdAt >= everyDays * msOfDay) {
      return 'replace';
    }
    return keys.some(({ retired }) => retired) ? 'finish' : 'nothing';
  };

  return {
    rotate: (userId, onProgress = () => {}) =>
      keysFrom('the keys', async () => {
        const rotated = await alone((stay) => replaceAndFinish({ userId, stay, onProgress }));
        if (rotated === undefined) throw anotherIsAtIt();
        return rotated;
      }),
    rotateWhenDue: () =>
      keysFrom('the keys', async () => {
        if ((await whatIsDue()) === 'nothing') return undefined;
        return alone(async (stay) => {
          const underway = { userId: program, stay, onProgress: () => {} };
          // Another process may have just done it.
          switch (await whatIsDue()) {
            case 'nothing':
              return undefined;
            case 'replace':
              return replaceAndFinish(underway);
            case 'finish':
              return finishAll(underway);
          }
        });
      }),
  };
}

function rewrapped(
  { subject, keyId, wrapped }: LiveSubject,
  from: KeyEncryptionKey,
  current: KeyEncryptionKey,
  randomBytes: RandomBytes,
): WrappedKey {
  const opened = unwrap({ subject, id: keyId }, wrapped, from);
  return { subject, keyId, wrapped: wrap(opened, current, randomBytes) };
}

function anotherIsAtIt(): KeysUnavailable {
  return new KeysUnavailable(
    'another process is replacing the key-encryption key: try again in some minutes',
  );
}

function replacedMeanwhile(): KeysUnavailable {
  return new KeysUnavailable('the key-encryption key was replaced meanwhile: try again');
}
