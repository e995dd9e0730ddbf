import { Zip, ZipPassThrough } from 'fflate';

/** A zip file (PKWARE's APPNOTE) that is read while it is written: nothing but the piece at hand is held. */
export interface ZipStream {
  add(name: string): ZipMember;
  /** The directory of members, and the end. */
  end(): Iterable<Uint8Array>;
}

export interface ZipMember {
  push(piece: Uint8Array): Iterable<Uint8Array>;
  end(): Iterable<Uint8Array>;
}

/** Sizes and offsets have 32 bits. */
const bytesMax = 0xffff_ffff;

/** What was to be packed is larger than a zip file of this kind can be. */
export class ZipTooLarge extends Error {
  override readonly name = 'ZipTooLarge';
}

/** Every member bears the time given. Throws a ZipTooLarge where the file would be over 4 GiB. */
export function createZip(time: Date): ZipStream {
  let made: Uint8Array[] = [];
  let failure: Error | null = null;
  let packed = 0;
  let plain = 0;
  const zip = new Zip((error, chunk) => {
    failure ??= error;
    packed += chunk.length;
    made.push(chunk);
  });

  const take = (): readonly Uint8Array[] => {
    if (failure !== null) throw failure;
    if (packed > bytesMax || plain > bytesMax) {
      throw new ZipTooLarge('a package holds 4 GiB at most');
    }
    const taken = made;
    made = [];
    return taken;
  };

  return {
    add: (name) => {
      // Stored as they are: among deflated bytes are some that may change without what they unpack to.
      const file = new ZipPassThrough(name);
      file.mtime = time;
      zip.add(file);
      return {
        push: (piece) => {
          plain += piece.length;
          file.push(piece);
          return take();
        },
        end: () => {
          file.push(new Uint8Array(), true);
          return take();
        },
      };
    },
    end: () => {
      zip.end();
      return take();
    },
  };
}
