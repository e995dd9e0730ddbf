import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** Lets scripts of the origins that are named read answers; those of all others can't (Fetch, "CORS"). */
export async function allowOrigins(
  server: FastifyInstance,
  origins: readonly string[],
): Promise<void> {
  if (origins.length === 0) return;
  await server.register(cors, {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: [
      'Counterfoil-Position',
      'ETag',
      'Idempotency-Replayed',
      'Location',
      'Retry-After',
      'X-Correlation-Id',
      'X-Request-Id',
    ],
    maxAge: 600,
  });
}
