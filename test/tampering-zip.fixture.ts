import { crc32, deflateRawSync } from 'node:zlib';

/** Members by their names, in the order in which they are packed. */
export type Contents = Readonly<Record<string, Uint8Array>>;

const [stored, deflated] = [0, 8];
const version = 20;
/** 1 January 2026, as MS-DOS has it. */
const day = ((2026 - 1980) << 9) | (1 << 5) | 1;

/** Packs members as a package has to be packed: nothing between them, and nothing that means nothing. */
export function zipOf(contents: Contents, packing: 'stored' | 'deflated'): Uint8Array<ArrayBuffer> {
  const written: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(contents)) {
    const packed = packing === 'stored' ? Buffer.from(content) : deflateRawSync(content);
    const method = packing === 'stored' ? stored : deflated;
    const both = Buffer.concat([
      shorts(version, 0, method, 0, day),
      longs(crc32(content), packed.length, content.length),
      shorts(Buffer.byteLength(name), 0),
    ]);
    const header = Buffer.concat([longs(0x0403_4b50), both, Buffer.from(name)]);
    directory.push(
      Buffer.concat([
        longs(0x0201_4b50),
        shorts(version),
        both,
        shorts(0, 0, 0, 0, 0),
        longs(offset),
        Buffer.from(name),
      ]),
    );
    written.push(header, packed);
    offset += header.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const count = directory.length;
  const end = [
    longs(0x0605_4b50),
    shorts(0, 0, count, count),
    longs(listed.length, offset),
    shorts(0),
  ];
  return Uint8Array.from(Buffer.concat([...written, listed, ...end]));
}

function shorts(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt16LE(value, 2 * index);
  return bytes;
}

function longs(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}
