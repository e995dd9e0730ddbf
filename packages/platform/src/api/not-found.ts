import type { FastifyInstance } from 'fastify';
import { sendProblem } from './failures.ts';
import { pathOf, problemOf } from './problem.ts';

/** Tells a path that does not exist from a method that a path does not take. */
export function answerUnknownRoutes(server: FastifyInstance): void {
  const methodsByPath = new Map<string, Set<string>>();
  server.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByPath.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    methodsByPath.set(url, methods);
  });

  // A linear search serves: only what is refused anyway gets here.
  const allowed = (path: string): readonly string[] =>
    [...methodsByPath].flatMap(([url, methods]) => (matches(url, path) ? [...methods] : []));

  server.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url);
    const methods = allowed(path);
    if (methods.length === 0) {
      return sendProblem(reply, problemOf('ROUTE_UNKNOWN', `There is nothing at ${path}.`, path));
    }
    const happened = `${path} does not take ${request.method}.`;
    void reply.header('allow', [...new Set(methods)].toSorted().join(', '));
    return sendProblem(reply, problemOf('METHOD_NOT_ALLOWED', happened, path));
  });
}

function matches(url: string, path: string): boolean {
  const wanted = url.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((step, at) => (step.startsWith(':') ? given[at] !== '' : step === given[at]))
  );
}
