import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorReference } from '../reference/error-reference.ts';
import { eventReference } from '../reference/event-reference.ts';
import { openApiReference } from '../reference/openapi-reference.ts';
import { catalogue } from './errors.ts';
import { openServer, type ServerFixture } from './server.fixture.ts';

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly example?: string;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly example?: unknown }>>;
  };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

let fixture: ServerFixture;
let document: OpenApi;

beforeAll(async () => {
  fixture = await openServer();
  document = (await fixture.done({ request: 'GET /api/v1/openapi.json' })).json();
});
afterAll(() => fixture.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

function committed(file: string): string {
  return readFileSync(new URL(`../../../../docs/reference/${file}`, import.meta.url), 'utf8');
}

describe('the references are what the code says (OP-06)', () => {
  test('error codes', () => {
    expect(committed('errors.md')).toBe(errorReference());
    for (const code of Object.keys(catalogue)) expect(errorReference()).toContain(`### ${code}\n`);
  });

  test('events', () => {
    expect(committed('events.md')).toBe(eventReference());
  });

  test('OpenAPI', async () => {
    expect(committed('openapi.json')).toBe(await openApiReference());
  });

  test('the type of every problem leads to its explanation', async () => {
    const page = await fixture.done({ request: 'GET /docs/errors' });
    for (const code of Object.keys(catalogue)) expect(page.body).toContain(`id="${code}"`);
  });
});

describe('OpenAPI is complete (OP-06)', () => {
  test('every operation says what it does, what it answers and how it refuses', () => {
    const lacking = operations().filter(
      ({ path, operation: { operationId, summary, responses } }) =>
        !operationId ||
        !summary ||
        !Object.keys(responses).some((status) => /^[23]/.test(status)) ||
        (path.startsWith('/api/') && !Object.keys(responses).some((status) => status >= '400')) ||
        Object.values(responses).some(({ description }) => description === 'Default Response'),
    );
    expect(lacking.map(({ path, method }) => `${method} ${path}`)).toEqual([]);
    expect(operations().length).toBeGreaterThan(25);
  });

  test('every reference has its target', () => {
    const text = JSON.stringify(document);
    const named = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !((name ?? '') in document.components.schemas))).toEqual([]);
  });

  test('operations have names of their own', () => {
    const names = operations().map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
  });
});

function pathOf(path: string, { parameters = [] }: OpenApiOperation, id: string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'date') return '2026-11-19';
    // The corrected trade is cancelled under the id of its replacement.
    if (name === 'tradeId' && id === 'cancelTrade') return 'T-1-corrected';
    return parameters.find((parameter) => parameter.name === name)?.example ?? name;
  });
}

describe('the examples of OpenAPI work (OP-06)', () => {
  // Each stands on those before it.
  const story = [
    'listInstrument',
    'markLastPrice',
    'recordClose',
    'openAccount',
    'setLimits',
    'deposit',
    'withdraw',
    'bookTrade',
    'runBulkCommands',
    'captureTrade',
    'captureTrades',
    'correctTrade',
    'cancelTrade',
    'suspendAccount',
    'reinstateAccount',
    'amendInstrument',
    'haltTrading',
    'resumeTrading',
    'announceEvent',
    'retryEvents',
    'requestReport',
    'delistInstrument',
    'registerUser',
    'login',
    'createApiKey',
    'placeLegalHold',
  ];

  // An empty account, dead letters, and events with ids of their own or that failed.
  const otherWorlds = [
    'closeAccount',
    'reprocessDeadLetter',
    'discardDeadLetter',
    'amendEvent',
    'previewEvent',
    'makeElection',
    'cancelEvent',
    'stateCustodianTotal',
    'assignEventReview',
    'noteEventReview',
    'retryEvent',
    'resolveEvent',
    'changeRoles',
    'grantAccounts',
    'linkIdentity',
    'unlinkIdentity',
    'resetPassword',
    'deactivateUser',
    'reactivateUser',
    'eraseUser',
    'changePassword',
    'refreshTokens',
    'logout',
    'getClientToken',
    'rotateApiKey',
    'revokeApiKey',
    'releaseLegalHold',
    'withdrawTokenKeys',
    'eraseSubject',
  ];

  test('told as one story', async () => {
    const answers: string[] = [];
    for (const id of story) {
      const found = operations().find(({ operation }) => operation.operationId === id);
      if (found === undefined) throw new Error(`there is no operation ${id}`);
      const { path, method, operation } = found;
      const [content] = Object.entries(operation.requestBody?.content ?? {});
      if (content === undefined) throw new Error(`${id} takes no body`);
      const [mediaType, { example }] = content;
      const response = await fixture.call({
        request: `${method.toUpperCase()} ${pathOf(path, operation, id)}`,
        headers: { 'content-type': mediaType },
        body: example as object,
      });
      const refused = /"status":"(rejected|invalid|failed)"/.test(response.body);
      answers.push(`${id} ${response.statusCode < 300 && !refused ? 'works' : response.body}`);
    }
    expect(answers).toEqual(story.map((id) => `${id} works`));
  });

  test('and no command is left out but those that want another world', () => {
    const commands = operations().filter(({ operation }) => operation.requestBody !== undefined);
    const ids = commands.map(({ operation }) => operation.operationId);
    expect(new Set([...story, ...otherWorlds])).toEqual(new Set(ids));
  });
});
