/**
 * Arrays as PostgreSQL receives them in its binary format (`array_recv` in
 * src/backend/utils/adt/arrayfuncs.c): a header, then each element behind its length, all big-endian. pg
 * sends a Buffer as a binary parameter, but writes arrays as text, where bytes would travel as hexadecimal
 * digits and every number be parsed twice.
 */
export function integerArray(values: readonly number[]): Buffer {
  const array = header(int4, values.length, values.length * 8);
  let offset = headerBytes;
  for (const value of values) {
    offset = array.writeInt32BE(4, offset);
    offset = array.writeInt32BE(value, offset);
  }
  return array;
}

/** Whole numbers that a double holds exactly; undefined for NULL. */
export function bigintArray(values: readonly (number | undefined)[]): Buffer {
  const nulls = values.filter((value) => value === undefined).length;
  const array = header(int8, values.length, values.length * 12 - nulls * 8, nulls > 0);
  let offset = headerBytes;
  for (const value of values) {
    offset = array.writeInt32BE(value === undefined ? nullLength : 8, offset);
    if (value === undefined) continue;
    offset = array.writeInt32BE(Math.floor(value / 2 ** 32), offset);
    offset = array.writeUInt32BE(((value % 2 ** 32) + 2 ** 32) % 2 ** 32, offset);
  }
  return array;
}

export function textArray(values: readonly string[]): Buffer {
  const bytes = values.reduce((sum, value) => sum + 4 + Buffer.byteLength(value), 0);
  const array = header(textType, values.length, bytes);
  let offset = headerBytes;
  for (const value of values) {
    const length = array.write(value, offset + 4);
    array.writeInt32BE(length, offset);
    offset += 4 + length;
  }
  return array;
}

export function bytesArray(values: readonly Uint8Array[]): Buffer {
  const bytes = values.reduce((sum, { length }) => sum + 4 + length, 0);
  const array = header(bytea, values.length, bytes);
  let offset = headerBytes;
  for (const value of values) {
    offset = array.writeInt32BE(value.length, offset);
    array.set(value, offset);
    offset += value.length;
  }
  return array;
}

// PostgreSQL's numbers for the types of elements (pg_type.dat).
const bytea = 17;
const int8 = 20;
const int4 = 23;
const textType = 25;

const nullLength = -1;
const headerBytes = 20;

function header(elementType: number, count: number, bytes: number, hasNulls = false): Buffer {
  // Dimensions, whether there are NULLs, the type; then the length and the first index of each dimension.
  // An empty array has no dimension.
  const array = Buffer.allocUnsafe(count === 0 ? 12 : headerBytes + bytes);
  array.writeInt32BE(count === 0 ? 0 : 1, 0);
  array.writeInt32BE(hasNulls ? 1 : 0, 4);
  array.writeInt32BE(elementType, 8);
  if (count > 0) {
    array.writeInt32BE(count, 12);
    array.writeInt32BE(1, 16);
  }
  return array;
}
