import { describe, expect, test } from 'vitest';
import { SchemaConflict } from '../storage.ts';
import { a, at, b, claim, commit, definition, text } from './samples.ts';
import type { Opened } from './storage-under-test.ts';

/** What the port promises of what it keeps beside the log, and of opening it again. */
export function keepingContract(opened: Opened): void {
  describe('LG-03, LG-05 keeping what is beside the log', () => {
    schemas(opened);
    snapshots(opened);
    durability(opened);
  });
}

function schemas(opened: Opened): void {
  test('a schema keeps its id, and a changed one under an old version is refused', async () => {
    const { storage, schema } = await opened();
    const [again, next] = await storage.registerSchemas([
      definition('Noted'),
      definition('Noted', 2),
    ]);

    expect(again).toBe(schema);
    expect(next).not.toBe(schema);
    await expect(
      storage.registerSchemas([definition('Other'), { ...definition('Noted'), avro: 'int' }]),
    ).rejects.toThrow(SchemaConflict);
    expect(await storage.schemas()).toEqual([
      { ...definition('Noted'), id: schema },
      { ...definition('Noted', 2), id: next },
    ]);
  });

  test('a schema comes back as it was given, and none is needed', async () => {
    const { storage } = await opened();
    const avro = {
      type: 'record',
      name: 'Deep',
      fields: [{ name: 'é "quoted"', type: ['null', { type: 'array', items: 'long' }] }],
    } as const;

    const [id] = await storage.registerSchemas([{ type: 'Deep', version: 1, avro }]);

    expect((await storage.schemas()).find(({ type }) => type === 'Deep')).toEqual({
      id,
      type: 'Deep',
      version: 1,
      avro,
    });
    expect(await storage.registerSchemas([])).toEqual([]);
  });
}

function snapshots(opened: Opened): void {
  test('a snapshot is found in its format, the newest in place of the older', async () => {
    const { storage } = await opened();
    const bytes = Buffer.from('nine');
    await storage.saveSnapshot(a, { version: 5, format: 'f1', bytes: Buffer.from('five') });
    await storage.saveSnapshot(a, { version: 9, format: 'f1', bytes });
    bytes.fill('x');

    const found = await storage.loadSnapshot(a, 'f1');

    expect([found?.version, found?.format, text(found?.bytes)]).toEqual([9, 'f1', 'nine']);
    expect(await storage.loadSnapshot(a, 'f2')).toBeUndefined();
    expect(await storage.loadSnapshot(b, 'f1')).toBeUndefined();
  });

  test('a snapshot in a new format takes the place of the old one', async () => {
    const { storage } = await opened();
    await storage.saveSnapshot(a, { version: 9, format: 'f1', bytes: Buffer.from('old') });
    await storage.saveSnapshot(a, { version: 9, format: 'f2', bytes: Buffer.alloc(0) });

    expect((await storage.loadSnapshot(a, 'f2'))?.bytes).toHaveLength(0);
    expect(await storage.loadSnapshot(a, 'f1')).toBeUndefined();
  });
}

function durability(opened: Opened): void {
  test('OP-11 all of it is there when the log is opened again', async ({ skip }) => {
    const { storage, reopen, schema } = await opened();
    if (reopen === undefined) return skip('nothing outlives this storage');
    await storage.append(
      [{ ...commit(schema, [a, 'none', 3]), claims: [claim('k', 'kept')] }],
      at(7),
    );
    const before = await storage.readAll({ after: 0, limit: 10 });

    const again = await reopen();

    expect(await again.readAll({ after: 0, limit: 10 })).toEqual(before);
    expect(before.records).toHaveLength(3);
    expect(await again.head()).toEqual({ position: 3, recordedAt: at(7) });
    expect(text((await again.findClaim('k', at(8)))?.note)).toBe('kept');
    expect(await again.registerSchemas([definition('Noted')])).toEqual([schema]);
    const [conflict, next] = await again.append(
      [commit(schema, [a, 'none', 1]), commit(schema, [a, 3, 1])],
      at(1),
    );
    expect(conflict?.kind).toBe('conflict');
    expect(next).toMatchObject({ firstPosition: 4, versions: [4], recordedAt: at(7) });
  });

  test('OP-11 closing twice is closing once', async () => {
    const { storage } = await opened();

    await storage.close();

    await expect(storage.close()).resolves.toBeUndefined();
  });
}
