import type { DatabaseSync } from 'node:sqlite';
import type { NewWrappingKey } from '../key-store.ts';
import { unpackedKeys, type PackedKeys } from './packed-keys.ts';

/** One change to the store of keys: a transaction of its own. */
export type KeyWrite =
  | {
      readonly kind: 'add-wrapping-key';
      readonly key: NewWrappingKey;
      readonly replacing: string | undefined;
    }
  | { readonly kind: 'remove-wrapping-key'; readonly id: string }
  | { readonly kind: 'add'; readonly keys: PackedKeys; readonly under: string }
  | { readonly kind: 'reserve'; readonly subject: string; readonly uses: number }
  | { readonly kind: 'erase'; readonly subject: string; readonly at: number }
  | { readonly kind: 'rewrap'; readonly keys: PackedKeys; readonly under: string }
  | {
      readonly kind: 'claim-rotation';
      readonly holder: string;
      readonly now: number;
      readonly until: number;
    }
  | { readonly kind: 'release-rotation'; readonly holder: string };

/**
 * Answers whether a wrapping key was added, keys were rewrapped, or a rotation was claimed, the places of the keys that were not added because their subjects are
 * known (undefined when none could be), or how many uses are noted.
 */
export function createKeyWriter(database: DatabaseSync): (write: KeyWrite) => unknown {
  const currentKey = database.prepare('SELECT id FROM wrapping_keys WHERE retired = 0');
  const retire = database.prepare('UPDATE wrapping_keys SET retired = 1 WHERE retired = 0');
  const addWrappingKey = database.prepare('INSERT INTO wrapping_keys VALUES (?, ?, ?, 0)');
  const removeWrappingKey = database.prepare(
    'DELETE FROM wrapping_keys WHERE id = ? AND retired = 1',
  );
  const add = database.prepare(
    `INSERT INTO data_keys VALUES (?, ?, ?, ?, ${firstUses}, NULL) ON CONFLICT DO NOTHING`,
  );
  const reserve = database.prepare(
    `UPDATE data_keys SET uses = uses + ? WHERE subject = ? AND erased_at IS NULL
     RETURNING uses`,
  );
  const erase = database.prepare(
    `INSERT INTO data_keys VALUES (?, NULL, NULL, NULL, 0, ?)
     ON CONFLICT (subject) DO UPDATE SET
       key_id = NULL, wrapped = NULL, wrapped_under = NULL, uses = 0, erased_at = excluded.erased_at
     WHERE erased_at IS NULL`,
  );
  const rewrap = database.prepare(
    `UPDATE data_keys SET wrapped = ?, wrapped_under = ? WHERE subject = ? AND key_id = ?`,
  );
  const claimRotation = database.prepare(
    `INSERT INTO rotation_claim VALUES (1, ?, ?)
     ON CONFLICT DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at
     WHERE holder = excluded.holder OR until_at <= ?`,
  );
  const releaseRotation = database.prepare('DELETE FROM rotation_claim WHERE holder = ?');
  const current = (): string | undefined => (currentKey.get() as { id: string } | undefined)?.id;

  const apply = (write: KeyWrite): unknown => {
    switch (write.kind) {
      case 'add-wrapping-key': {
        const { id, createdAt, kept } = write.key;
        if (current() !== write.replacing) return false;
        retire.run();
        addWrappingKey.run(id, createdAt, kept);
        return true;
      }
      case 'remove-wrapping-key':
        removeWrappingKey.run(write.id);
        return undefined;
      case 'add':
        if (current() !== write.under) return undefined;
        return unpackedKeys(write.keys).flatMap(({ subject, keyId, wrapped }, place) =>
          add.run(subject, keyId, wrapped, write.under).changes === 0 ? place : [],
        );
      case 'reserve':
        return (reserve.get(write.uses, write.subject) as { uses: number } | undefined)?.uses ?? 0;
      case 'erase':
        erase.run(write.subject, write.at);
        return undefined;
      case 'rewrap':
        if (current() !== write.under) return false;
        for (const { subject, keyId, wrapped } of unpackedKeys(write.keys)) {
          rewrap.run(wrapped, write.under, subject, keyId);
        }
        return true;
      case 'claim-rotation':
        return claimRotation.run(write.holder, write.until, write.now).changes > 0;
      case 'release-rotation':
        releaseRotation.run(write.holder);
        return undefined;
    }
  };

  return (write) => {
    database.exec('BEGIN IMMEDIATE');
    let result: unknown;
    try {
      result = apply(write);
      database.exec('COMMIT');
    } catch (cause) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw cause;
    }
    // What was overwritten in the tables must not live on in the write-ahead log.
    if (leavesTraces.has(write.kind)) database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return result;
  };
}

/** A new key may seal so often before that is noted again: see `reserve`. */
const firstUses = 65_536;

const leavesTraces: ReadonlySet<KeyWrite['kind']> = new Set([
  'erase',
  'rewrap',
  'remove-wrapping-key',
]);
