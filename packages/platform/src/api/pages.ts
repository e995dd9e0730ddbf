import { Type, type TSchema } from 'typebox';
import { Refusal } from './problem.ts';

// Lists come in pages by key, never by offset: a page stays right while rows come and go before it.

const limitMax = 1_000;
const limitDefault = 100;

export const pageQuery = {
  cursor: Type.Optional(
    Type.String({ maxLength: 500, description: 'nextCursor of the page before' }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: limitMax,
      default: limitDefault,
      description: 'Page size',
    }),
  ),
};

export interface PageQuery {
  readonly cursor?: string;
  readonly limit?: number;
}

export function pageOf<Item extends TSchema>(title: string, item: Item) {
  return Type.Object(
    {
      items: Type.Array(item),
      nextCursor: Type.Unsafe<string | null>({
        type: ['string', 'null'],
        description: 'Null on the last page',
      }),
    },
    { title },
  );
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** The key of the last row seen, as an opaque text: its columns, in the order of the list. */
export type Key = readonly (string | number)[];

export interface PageRequest<K extends Key> {
  readonly after: K | undefined;
  readonly limit: number;
}

/** Reads cursor and limit. `shape` is an example of the key: a cursor of another shape is refused. */
export function pageRequestOf<const K extends Key>(
  query: PageQuery,
  shape: K,
): PageRequest<{ readonly [At in keyof K]: Widened<K[At]> }> {
  const { cursor, limit = limitDefault } = query;
  return { limit, after: cursor === undefined ? undefined : parseCursor(cursor, shape) };
}

type Widened<Value> = Value extends string ? string : number;

function parseCursor<K extends Key>(
  cursor: string,
  shape: K,
): { readonly [At in keyof K]: Widened<K[At]> } {
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    key = undefined;
  }
  const fits =
    Array.isArray(key) &&
    key.length === shape.length &&
    key.every((value, at) => typeof value === typeof shape[at] && /^[!-~]*$/.test(String(value)));
  if (!fits) throw new Refusal('CURSOR_INVALID', `"${cursor.slice(0, 60)}" was not made here.`);
  return key as { readonly [At in keyof K]: Widened<K[At]> };
}

/**
 * A page of rows that were asked for with one more than the limit: that one only shows that there is a
 * next page.
 */
export function pageFrom<Row, Item>(
  rows: readonly Row[],
  limit: number,
  itemOf: (row: Row) => Item,
  keyOf: (row: Row) => Key,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map((row) => itemOf(row)),
    nextCursor: rows.length > limit && last !== undefined ? cursorOf(keyOf(last)) : null,
  };
}

export function cursorOf(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}
