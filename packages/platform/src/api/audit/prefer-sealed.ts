import type { SealedLog } from '@counterfoil/event-store/log';
import type { FastifyInstance, FastifyReply } from 'fastify';

const preference = /(?:^|[,;])\s*sealed\s*(?:$|[,;])/i;

/**
 * A confirmation means durable. To whoever sends `Prefer: sealed` (RFC 7240) it is given when what was
 * confirmed is sealed too, and says so: `Preference-Applied: sealed`. Where that takes too long it is given
 * without.
 */
export function preferSealed(api: FastifyInstance, sealed: Pick<SealedLog, 'checkpoint'>): void {
  const wait = async (position: number, reply: FastifyReply): Promise<void> => {
    try {
      await sealed.checkpoint(position);
      void reply.header('preference-applied', 'sealed');
    } catch {
      // It is durable: that is what a confirmation means.
    }
  };

  api.addHook('onSend', (request, reply, payload, done) => {
    const { prefer } = request.headers;
    const position = Number(reply.getHeader('counterfoil-position') ?? 0);
    const asked = typeof prefer === 'string' && preference.test(prefer);
    if (!asked || request.method === 'GET' || position === 0 || reply.statusCode >= 300) {
      done(null, payload);
      return;
    }
    void waited(wait(position, reply), () => done(null, payload));
  });
}

async function waited(waiting: Promise<void>, then: () => void): Promise<void> {
  await waiting;
  then();
}
