import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventType, type DomainEvent } from '../kernel/event.ts';
import { list, nullable, record, sensitive, text } from '../kernel/fields.ts';
import { streamId } from '../kernel/identifiers.ts';
import { instantFromMilliseconds } from '../kernel/instant.ts';
import {
  isSensitive,
  parseSealed,
  plainSensitive,
  Sealed,
  sealedText,
  type Place,
  type Sensitive,
} from '../kernel/sensitive.ts';
import { openMemoryStorage } from '../storage/memory/memory-storage.ts';
import { avroCodec } from './avro-codec.ts';
import { createCommandHandler } from './command-handler.ts';
import { openEventStore } from './event-store.ts';
import { checkEventTypes } from './schema-registry.ts';

const name = sensitive();
const Joined = eventType('Joined', {
  name,
  mail: nullable(name),
  home: record('Home', { street: name, country: text() }),
});

const stream = streamId('member-1');
const cause = { userId: 'clerk' };

/** Seals as no vault does: the bytes say what was sealed, and for which place. */
function legible(value: string): Sensitive {
  return {
    sealedFor: ({ stream: into, version, type, path }: Place) =>
      Buffer.from(`${value}@${into}/${version}/${type}/${path}`),
  };
}

function joined(value: string): DomainEvent {
  const home = { street: legible(`${value} street`), country: 'CH' };
  return { type: 'Joined', data: { name: legible(value), mail: legible(`${value}@x`), home } };
}

async function opened() {
  const storage = openMemoryStorage();
  const store = await openEventStore({
    storage,
    eventTypes: [Joined],
    clock: () => instantFromMilliseconds(1),
    randomBytes: (count) => new Uint8Array(count),
  });
  return { storage, store };
}

function textOf(value: unknown): string {
  expect(value).toBeInstanceOf(Sealed);
  return Buffer.from((value as Sealed).bytes).toString();
}

describe('RC-04 a sensitive field', () => {
  test('is Avro bytes with a mark that others can read', () => {
    expect(sensitive().avro).toEqual({ type: 'bytes', sensitive: true });
  });

  test('is sealed for the stream, version, type and field where it will stand', async () => {
    const { store } = await opened();

    await store.append({
      appends: [{ stream, expected: 'none', events: [joined('Ada'), joined('Bob')] }],
      cause,
    });
    await store.append({ appends: [{ stream, expected: 2, events: [joined('Eve')] }], cause });

    const members = await store.readStream(stream);
    const data = members.map((event) => event.data as never as Record<string, unknown>);
    expect(data.map((one) => textOf(one['name']))).toEqual([
      'Ada@member-1/1/Joined/name',
      'Bob@member-1/2/Joined/name',
      'Eve@member-1/3/Joined/name',
    ]);
    expect(textOf(data[1]?.['mail'])).toBe('Bob@x@member-1/2/Joined/mail');
    const home = data[1]?.['home'] as { readonly street: Sealed; readonly country: string };
    expect(textOf(home.street)).toBe('Bob street@member-1/2/Joined/home.street');
    expect(home.country).toBe('CH');
    expect(home.street.place).toEqual({ stream, version: 2, type: 'Joined', path: 'home.street' });
  });

  test('comes back sealed from every way of reading', async () => {
    const { store, storage } = await opened();
    await store.append({ appends: [{ stream, expected: 0, events: [joined('Ada')] }], cause });

    const page = await store.readAll({ after: 0, limit: 10 });
    const [stored] = await storage.readStream(stream, 1, 1);
    const fact = stored && store.raw.fact(stored);

    const read = [page.events[0]?.data, fact?.data] as { readonly name: Sealed }[];
    expect(read.map((data) => textOf(data.name))).toEqual([
      'Ada@member-1/1/Joined/name',
      'Ada@member-1/1/Joined/name',
    ]);
  });

  test('may be absent where the schema says so', async () => {
    const { store } = await opened();
    const { data } = joined('Ada');
    const events = [{ type: 'Joined', data: { ...(data as object), mail: null } }];

    await store.append({ appends: [{ stream, expected: 'none', events }], cause });

    expect((await store.readStream(stream))[0]?.data).toMatchObject({ mail: null });
  });

  test('can not be appended at any version: nobody would know its place', async () => {
    const { store } = await opened();

    const appending = store.append({
      appends: [{ stream, expected: 'any', events: [joined('Ada')] }],
      cause,
    });

    await expect(appending).rejects.toThrow('append it at an exact version');
    expect((await store.head()).position).toBe(0);
  });

  test('refuses what is no sensitive value, and names the field', async () => {
    const { store } = await opened();
    const { data } = joined('Ada');
    const events = [{ type: 'Joined', data: { ...(data as object), name: 'Ada' } }];

    await expect(
      store.append({ appends: [{ stream, expected: 'none', events }], cause }),
    ).rejects.toThrow('wrong or missing name');
  });

  test('is sealed anew when a command is decided again, behind what others wrote', async () => {
    const { storage, store } = await opened();
    const decider = {
      initial: 0,
      decide: (value: string) => ({ events: [joined(value)], rejection: undefined }),
      evolve: (count: number) => count + 1,
    };
    const here = createCommandHandler(store, decider);
    const other = createCommandHandler(store, decider);
    await here.handle(stream, 'Ada', { cause });
    await other.handle(stream, 'Bob', { cause });

    await here.handle(stream, 'Eve', { cause });

    const last = (await store.readStream(stream)).at(-1)?.data as { readonly name: Sealed };
    expect(textOf(last.name)).toBe('Eve@member-1/3/Joined/name');
    expect((await storage.head()).position).toBe(3);
  });

  test('may not be a member of a list', () => {
    const schema = record('Family', { names: list(record('Child', { name })) }).avro;

    expect(() => avroCodec(schema)).toThrow("names.name: a list can't have sensitive members");
  });

  test('may come from an open text of an older version', () => {
    const Older = eventType('Joined', { name: text() });
    const Newer = Older.revise({ name }, (data) => ({ name: plainSensitive(data.name) }));

    expect(() => checkEventTypes([Newer])).not.toThrow();
    const broken = Older.revise({ name }, (data) => data as never);
    expect(() => checkEventTypes([broken])).toThrow('wrong or missing name');
  });
});

describe('RC-04 a sealed value', () => {
  const place = { stream, version: 3, type: 'Joined', path: 'home.street' };
  const sealed = new Sealed(place, Buffer.from('bytes'));

  test('may be written again where it stands, and nowhere else', () => {
    expect(sealed.sealedFor({ ...place })).toBe(sealed.bytes);
    for (const elsewhere of [
      { ...place, stream: streamId('member-2') },
      { ...place, version: 4 },
      { ...place, type: 'Left' },
      { ...place, path: 'name' },
    ]) {
      expect(() => sealed.sealedFor(elsewhere)).toThrow('open it and hold it anew');
    }
  });

  test('can be kept as text, with its place', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 2 ** 40 }), (bytes, version) => {
        const value = new Sealed({ ...place, version }, bytes);
        expect(parseSealed(sealedText(value))).toEqual(value);
      }),
    );
  });

  test.each([
    '',
    'sealed',
    'sealed !! s 1 T p',
    'sealed AA== s x T p',
    'Ada',
    'sealed AA== s 1 T p q',
  ])('is not read from "%s"', (wrong) => {
    expect(() => parseSealed(wrong)).toThrow(RangeError);
  });
});

describe('RC-04 a plain value', () => {
  test('stands in for a sealed one, and can not be written', () => {
    expect(isSensitive(plainSensitive('Ada'))).toBe(true);
    expect(() =>
      plainSensitive('Ada').sealedFor({ stream, version: 1, type: 'Joined', path: 'name' }),
    ).toThrow("a plain text can't be written at member-1 1 Joined name");
  });

  test('equals one of the same text only', () => {
    expect(plainSensitive('Ada')).toEqual(plainSensitive('Ada'));
    expect(plainSensitive('Ada')).not.toEqual(plainSensitive('Bob'));
  });

  test('keeps its text in a column', () => {
    expect(parseSealed(sealedText(plainSensitive('Ada L.')))).toEqual(plainSensitive('Ada L.'));
  });

  test('is shown by nothing that makes JSON of it, nor is a sealed one', () => {
    const sealed = new Sealed({ stream, version: 1, type: 'T', path: 'p' }, Buffer.from('Ada'));

    expect(JSON.stringify({ plain: plainSensitive('Ada'), sealed })).toBe(
      '{"plain":"[sealed]","sealed":"[sealed]"}',
    );
  });
});
