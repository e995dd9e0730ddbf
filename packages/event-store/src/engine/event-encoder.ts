import type { DomainEvent } from '../kernel/event.ts';
import type { NewRecord } from '../storage/storage.ts';
import type { StreamPlace } from './avro-codec.ts';
import { envelopeBytesMax, writeEnvelope, type Cause, type EventIdWriter } from './envelope.ts';
import type { SchemaRegistry } from './schema-registry.ts';

/**
 * Gives an event its id and makes it ready to append: at that place, and at no other if it has sensitive
 * fields. Throws a TypeError when it has some and the place is not known.
 */
export type EventEncoder = (event: DomainEvent, cause: Cause, at?: StreamPlace) => NewRecord;

/**
 * Encodes events one behind the other into large buffers, of which each body is a view: one allocation
 * serves hundreds of events. A buffer lives as long as a body of it does, and is never written twice.
 */
export function eventEncoder(registry: SchemaRegistry, writeId: EventIdWriter): EventEncoder {
  let slab = Buffer.allocUnsafeSlow(slabBytes);
  let used = 0;
  return ({ type, data }, cause, at) => {
    const { schema, codec } = registry.writer(type);
    if (used + envelopeBytesMax > slab.length) {
      slab = Buffer.allocUnsafeSlow(slabBytes);
      used = 0;
    }
    const dataOffset = writeEnvelope(slab, used, writeId, cause);
    const end = codec.encodeInto(data, slab, dataOffset, at);
    // avsc answers a negative offset when the data did not fit into what was left.
    if (end >= 0) {
      const body = slab.subarray(used, end);
      used = end;
      return { schema, body };
    }
    const body = Buffer.concat([slab.subarray(used, dataOffset), codec.encode(data, at)]);
    // What has no room even for an event of common size is done with, or each from now on would come here.
    if (body.length <= slabBytes / 8) used = slab.length;
    return { schema, body };
  };
}

const slabBytes = 256 * 1024;
