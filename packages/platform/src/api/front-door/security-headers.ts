import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/** Half a year: browsers then come by TLS only (RFC 6797). */
const strictTransport = { 'strict-transport-security': 'max-age=15552000; includeSubDomains' };

/** For answers that are data: nothing in them is ever to be run, framed, or kept by anybody between. */
const dataHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/**
 * Tells browsers to be careful with what they get (OWASP Secure Headers). Set by hand, because making them
 * anew for each answer costs more than many an answer; the pages have their own.
 */
export function secureAnswers(server: FastifyInstance, tls: boolean): void {
  const headers = { ...dataHeaders, ...(tls ? strictTransport : {}) };
  server.addHook('onRequest', (request, reply, done) => {
    if (!isPage(request.url)) void reply.headers(headers);
    done();
  });
}

function isPage(url: string): boolean {
  return url === '/docs' || url.startsWith('/docs/') || url.startsWith('/docs?');
}

/** For the pages of the documentation, which run scripts and call the API, of this server alone. */
export async function securePages(pages: FastifyInstance, tls: boolean): Promise<void> {
  await pages.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        // Swagger UI writes styles into its elements.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
    hsts: tls ? { maxAge: 15_552_000 } : false,
  });
}
