/** A bare Fastify that answers every order with itself: as fast as HTTP gets here. */
import fastify from 'fastify';

const server = fastify();
server.post('/api/v1/accounts/:accountId/orders', (request, reply) => reply.send(request.body));
console.log(`The echo listens on ${await server.listen({ host: '127.0.0.1', port: 0 })}`);
process.once('SIGTERM', () => void server.close());
