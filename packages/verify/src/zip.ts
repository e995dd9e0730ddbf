import { sameBytes, textOf } from './bytes.ts';
import { chunksOf } from './chunks.ts';
import { Problem } from './problem.ts';

/** A file in an archive. */
export interface ZipMember {
  readonly name: string;
  /** Once inflated. */
  readonly size: number;
  /** What is in it, in pieces. Throws a Problem when it can't be inflated, or to another size. */
  content(): AsyncGenerator<Uint8Array, void, void>;
}

// PKWARE's APPNOTE 6.3.10, sections 4.3.7, 4.3.9, 4.3.12 and 4.3.16. All numbers are little-endian.
const localHeader = { signature: 0x0403_4b50, bytes: 30 };
const directoryHeader = { signature: 0x0201_4b50, bytes: 46 };
const endRecord = { signature: 0x0605_4b50, bytes: 22 };
const descriptor = { signature: 0x0807_4b50, bytes: 16 };
const descriptorFlag = 8;
const [stored, deflated] = [0, 8];
const directoryBytesMax = 16 * 1_024 * 1_024;

export async function isZip(file: Blob): Promise<boolean> {
  const [start, end] = await Promise.all([
    viewOf(file, 0, 4),
    viewOf(file, file.size - endRecord.bytes, endRecord.bytes),
  ]).catch(() => []);
  if (start === undefined || end === undefined) return false;
  const begins = start.getUint32(0, true) === localHeader.signature;
  return begins || end.getUint32(0, true) === endRecord.signature;
}

/**
 * The members of an archive that is written without slack: one behind another in the order of its
 * directory, no comments, extra fields or attributes, and what is said of a member twice is the same both
 * times. So there is no byte that means nothing. Throws a Problem where that is not so.
 */
export async function readZip(file: Blob): Promise<readonly ZipMember[]> {
  const endAt = file.size - endRecord.bytes;
  const end = await viewOf(file, endAt, endRecord.bytes);
  const count = end.getUint16(10, true);
  const directoryBytes = end.getUint32(12, true);
  const directoryAt = end.getUint32(16, true);
  const isEnd =
    end.getUint32(0, true) === endRecord.signature &&
    end.getUint32(4, true) === 0 &&
    end.getUint16(8, true) === count &&
    end.getUint16(20, true) === 0 &&
    directoryAt + directoryBytes === endAt;
  if (!isEnd || directoryBytes > directoryBytesMax)
    throw malformed('its end is not as it has to be');

  const directory = await viewOf(file, directoryAt, directoryBytes);
  const members: ZipMember[] = [];
  let expectedAt = 0;
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const listed = readDirectoryHeader(directory, at);
    if (listed.offset !== expectedAt) throw malformed(`"${listed.name}" is not where it belongs`);
    if (members.some(({ name }) => name === listed.name)) throw malformed('a name is there twice');
    const place = await locate(file, listed);
    members.push(memberOf(file, listed, place.contentAt));
    expectedAt = place.end;
    at += directoryHeader.bytes + listed.nameBytes.length;
  }
  if (at !== directoryBytes || expectedAt !== directoryAt) throw malformed('it has gaps');
  return members;
}

interface Listed {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  /** Version, flags, method, time and date, as both headers have them. */
  readonly common: Uint8Array;
  /** Checksum and both sizes. */
  readonly sizes: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly packedSize: number;
  readonly size: number;
  readonly offset: number;
}

function readDirectoryHeader(view: DataView, at: number): Listed {
  if (at + directoryHeader.bytes > view.byteLength) throw malformed('its directory is cut off');
  const nameBytes = bytesOf(view, at + directoryHeader.bytes, view.getUint16(at + 28, true));
  const name = textOf(nameBytes);
  const version = view.getUint16(at + 6, true);
  const isPlain =
    view.getUint32(at, true) === directoryHeader.signature &&
    // Made by what it needs to be read; no extra field, comment, other disk or attribute.
    view.getUint16(at + 4, true) === version &&
    bytesOf(view, at + 30, 12).every((byte) => byte === 0);
  if (name === undefined || !isPlain) throw malformed('its directory is not as it has to be');
  return {
    name,
    nameBytes,
    common: bytesOf(view, at + 6, 10),
    sizes: bytesOf(view, at + 16, 12),
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    packedSize: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
  };
}

/** Holds the member's own header against the directory; answers where its bytes are and where it ends. */
async function locate(file: Blob, listed: Listed) {
  const { offset, common, sizes, nameBytes, packedSize, flags, name } = listed;
  const header = await viewOf(file, offset, localHeader.bytes + nameBytes.length);
  const hasDescriptor = (flags & descriptorFlag) !== 0;
  const contentAt = offset + header.byteLength;
  const described = hasDescriptor ? new Uint8Array(12) : sizes;
  const agrees =
    header.getUint32(0, true) === localHeader.signature &&
    sameBytes(bytesOf(header, 4, 10), common) &&
    sameBytes(bytesOf(header, 14, 12), described) &&
    header.getUint16(26, true) === nameBytes.length &&
    header.getUint16(28, true) === 0 &&
    sameBytes(bytesOf(header, localHeader.bytes, nameBytes.length), nameBytes);
  if (!agrees) throw malformed(`the header of "${name}" is not what the directory says`);
  if (!hasDescriptor) return { contentAt, end: contentAt + packedSize };
  const behind = await viewOf(file, contentAt + packedSize, descriptor.bytes);
  const repeats =
    behind.getUint32(0, true) === descriptor.signature && sameBytes(bytesOf(behind, 4, 12), sizes);
  if (!repeats) throw malformed(`what stands behind "${name}" is not what the directory says`);
  return { contentAt, end: contentAt + packedSize + descriptor.bytes };
}

function memberOf(file: Blob, listed: Listed, contentAt: number): ZipMember {
  const { name, method, packedSize, size } = listed;
  const isStored = method === stored && packedSize === size;
  if (!isStored && method !== deflated) throw malformed(`"${name}" is packed in an unknown way`);
  return {
    name,
    size,
    content: async function* content() {
      const packed = file.slice(contentAt, contentAt + packedSize);
      let seen = 0;
      for await (const chunk of isStored ? chunksOf(packed.stream()) : inflated(packed, name)) {
        seen += chunk.length;
        if (seen > size) break;
        yield chunk;
      }
      if (seen !== size) {
        throw new Problem('FILE_ALTERED', `"${name}" has not the ${size} bytes that it should`);
      }
    },
  };
}

async function* inflated(packed: Blob, name: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* chunksOf(packed.stream().pipeThrough(new DecompressionStream('deflate-raw')));
  } catch {
    throw new Problem('FILE_ALTERED', `"${name}" can't be inflated: its bytes were changed`);
  }
}

function bytesOf(view: DataView, at: number, length: number): Uint8Array {
  if (at + length > view.byteLength) throw malformed('it is cut off');
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}

async function viewOf(file: Blob, at: number, length: number): Promise<DataView> {
  if (at < 0 || at + length > file.size) throw malformed('it is cut off');
  return new DataView(await file.slice(at, at + length).arrayBuffer());
}

function malformed(why: string): Problem {
  return new Problem('MALFORMED', `the archive is not as a package has to be: ${why}`);
}
