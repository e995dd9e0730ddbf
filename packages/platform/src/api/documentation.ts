import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { errorsPage } from './errors-page.ts';
import { securePages } from './front-door/security-headers.ts';
import type { DocumentedSchema } from './operation.ts';

type Described = Required<Pick<FastifyDynamicSwaggerOptions, 'transform' | 'transformObject'>>;

/** OpenAPI from the routes' own schemas, the pages at `/docs`, and the meaning of every error code. */
export async function documentApi(server: FastifyInstance, tls: boolean): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Counterfoil',
        version: '1',
        description:
          'An event-sourced system of record for investments. Decimals are text; a JSON number is taken ' +
          'only where it can have lost no digit. Nothing unknown is ignored. Every refusal is a problem ' +
          'document (RFC 9457) whose code is explained at /docs/errors. What a command confirms is durable.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: 'An access token of /api/auth/login, or an API key',
          },
        },
      },
      tags: tags.map(([name, description]) => ({ name, description })),
    },
    transform: showAll,
    transformObject: nameSchemas,
  });
  const hidden = { hide: true, 'x-access': 'public' };
  server.get('/api/v1/openapi.json', { schema: hidden }, () => server.swagger());
  const page = errorsPage();
  await server.register(async (pages) => {
    await securePages(pages, tls);
    await pages.register(swaggerUi, { routePrefix: '/docs' });
    pages.get('/docs/errors', { schema: hidden }, (_, reply) =>
      reply.type('text/html; charset=utf-8').send(page),
    );
  });
}

const tags: readonly (readonly [name: string, description: string])[] = [
  ['Accounts', 'Open, show, suspend and close'],
  ['Cash', 'Deposits and withdrawals'],
  ['Trades', 'Book, cancel, correct, list'],
  ['Trade capture', 'Take in versioned records of trades, and follow what becomes of them'],
  ['Dead letters', 'Trades that could not be handled, for operators'],
  [
    'Corporate actions',
    'Announce, amend and cancel what issuers do, and review what could not be posted',
  ],
  ['Positions', 'What accounts hold, now and at any time'],
  ['Limits', 'What the risk checks of an account hold its trades against'],
  ['Instruments', 'What can be traded'],
  ['Prices', 'Daily closes and last prices'],
  ['Bulk', 'Many commands in one stream'],
  [
    'Reports',
    'For auditors and regulators: as JSON, CSV, PDF, and as packages that prove themselves',
  ],
  ['Identity', 'Log in and out, and stay so'],
  ['Users', 'Who may log in, and as what'],
  ['API keys', 'By which services come in'],
  ['Health', 'For probes'],
];

/** What routes check themselves, or stream, is no part of what the framework is told; readers are. */
const showAll: Described['transform'] = ({ schema, url }) => {
  const {
    'x-headers': headers,
    'x-body': body,
    'x-answer': answer,
    'x-errors': _,
    'x-access': access,
    ...shown
  } = schema as Partial<DocumentedSchema>;
  const streamed = { 200: { description: 'A line for each line', content: answer } };
  return {
    url,
    schema: {
      ...shown,
      'x-access': access,
      security: access === 'public' ? [] : [{ token: [] }],
      ...(headers === undefined ? {} : { headers: { type: 'object', properties: headers } }),
      ...(body === undefined ? {} : { body: { content: body } }),
      ...(answer === undefined ? {} : { response: { ...streamed, ...(shown.response as object) } }),
    },
  };
};

/** Moves schemas with a title to the components, where generators of clients find them by name. */
const nameSchemas: Described['transformObject'] = (document) => {
  if (!('openapiObject' in document)) return document.swaggerObject;
  const { openapiObject } = document;
  const schemas: Record<string, unknown> = {};
  const paths = named(openapiObject.paths, schemas) as typeof openapiObject.paths;
  const components = { ...openapiObject.components, schemas: sorted(schemas) };
  return { ...openapiObject, paths, components } as typeof openapiObject;
};

function named(value: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => named(item, schemas));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => [
    key,
    // Examples are data: a field called title means nothing there.
    key === 'examples' || key === 'example' ? member : named(member, schemas),
  ]);
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  const { title } = copy;
  if (typeof title !== 'string' || !('type' in copy)) return copy;
  schemas[title] = copy;
  return { $ref: `#/components/schemas/${title}` };
}

function sorted(schemas: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schemas).toSorted(([left], [right]) => (left < right ? -1 : 1)),
  );
}
