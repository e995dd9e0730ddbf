import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Refusal } from '../problem.ts';

/** Far more than any client or proxy sends; of their bytes together Node takes 16 KiB. */
const headersMax = 100;

/** Refuses what is wrong with a request before its body is read: too many headers, or bytes in disguise. */
export function checkShape(server: FastifyInstance): void {
  server.addHook('onRequest', ({ raw, headers }, _, done) => {
    done(tooMany(raw.rawHeaders) ?? unreadable(headers));
  });
}

function tooMany({ length }: readonly string[]): Refusal | undefined {
  // Names and values alternate.
  if (length <= 2 * headersMax) return undefined;
  return new Refusal(
    'HEADERS_TOO_LARGE',
    `There are ${length / 2}; at most ${headersMax} are taken.`,
  );
}

/** A body has to be what it looks like: a small one that unfolds into a large one passes every limit. */
function unreadable(headers: IncomingHttpHeaders): Refusal | undefined {
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    return new Refusal('MEDIA_TYPE_UNSUPPORTED', 'The body is compressed: send it as it is.');
  }
  const [, charset] = charsetIn.exec(headers['content-type'] ?? '') ?? [];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return undefined;
  return new Refusal('MEDIA_TYPE_UNSUPPORTED', 'The body is in another charset than UTF-8.');
}

const charsetIn = /;\s*charset\s*=\s*"?([^";\s]*)/i;
