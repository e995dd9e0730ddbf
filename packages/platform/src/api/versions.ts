import type { FastifyRequest } from 'fastify';
import { Refusal } from './problem.ts';

/** The version of a stream as an entity tag (RFC 9110, section 8.8.3). */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/** The version that `If-Match` asks for. */
export function expectedVersionOf({ headers }: FastifyRequest): number | undefined {
  const text = headers['if-match'];
  if (text === undefined) return undefined;
  const version = /^"(\d{1,15})"$/.exec(text)?.[1];
  if (version !== undefined) return Number(version);
  throw new Refusal(
    'HEADER_INVALID',
    `If-Match is ${text.slice(0, 60)}; it takes one version as an ETag gives it, such as "7".`,
  );
}
