import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { AvroSchema } from '@counterfoil/event-store';
import { avroType, readerOf } from './avro-reader.ts';

/** What a Confluent Schema Registry promises (its API reference, version 1), of what is used here. */
export interface RegistryServer {
  readonly url: string;
  /** As `POST /subjects`, of each request. */
  readonly requests: string[];
  /** The `authorization` header of the last request. */
  authorization(): string | undefined;
  /** Adds a schema that is not Avro, and answers its id. */
  addOther(schemaType: 'JSON' | 'PROTOBUF', schema: string): number;
  /** From now on this answers a request such as `POST /subjects`, unless it has no answer for it. */
  answerWith(answer: (request: string) => Reply | 'nothing' | undefined): void;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  /** Text as it is, anything else as JSON. */
  readonly body: unknown;
}

interface Stored {
  readonly id: number;
  readonly schema: string;
  readonly schemaType?: string;
}

const mediaType = 'application/vnd.schemaregistry.v1+json';

/** A server of that API over HTTP, with schemas in memory and the level of compatibility BACKWARD. */
export async function startRegistry(): Promise<RegistryServer> {
  const subjects = new Map<string, Stored[]>();
  const schemas: Stored[] = [];
  const requests: string[] = [];
  let authorization: string | undefined;
  let instead: ((request: string) => Reply | 'nothing' | undefined) | undefined;

  const add = (stored: Omit<Stored, 'id'>): Stored => {
    const known = schemas.find(({ schema }) => schema === stored.schema);
    if (known !== undefined) return known;
    const added = { ...stored, id: schemas.length + 1 };
    schemas.push(added);
    return added;
  };

  const register = (subject: string, schema: string): Reply => {
    const versions = subjects.get(subject) ?? [];
    const known = versions.find((version) => version.schema === schema);
    if (known !== undefined) return { status: 200, body: { id: known.id } };
    if (faultOf(schema) !== undefined) return invalid(schema);
    const latest = versions.at(-1);
    if (latest !== undefined && incompatibility(schema, latest.schema) !== undefined) {
      return fault(409, 409, 'Schema being registered is incompatible with an earlier schema');
    }
    const added = add({ schema });
    subjects.set(subject, [...versions, added]);
    return { status: 200, body: { id: added.id } };
  };

  const lookUp = (subject: string, schema: string): Reply => {
    const versions = subjects.get(subject);
    if (versions === undefined) return fault(404, 40401, `Subject '${subject}' not found.`);
    const place = versions.findIndex((version) => version.schema === schema);
    return place < 0
      ? fault(404, 40403, 'Schema not found')
      : { status: 200, body: { subject, version: place + 1, ...versions[place] } };
  };

  const compare = (subject: string, schema: string): Reply => {
    const latest = subjects.get(subject)?.at(-1);
    if (latest === undefined) return fault(404, 40401, `Subject '${subject}' not found.`);
    if (faultOf(schema) !== undefined) return invalid(schema);
    const why = incompatibility(schema, latest.schema);
    return {
      status: 200,
      body: { is_compatible: why === undefined, messages: why === undefined ? [] : [why] },
    };
  };

  const answer = async (request: IncomingMessage): Promise<Reply> => {
    const { method = '', url = '' } = request;
    const [path = ''] = url.split('?');
    const [, subject = ''] = /\/subjects\/([^/]+)/.exec(path) ?? [];
    const [, id] = /^\/schemas\/ids\/(\d+)$/.exec(path) ?? [];
    if (method === 'GET' && id !== undefined) {
      const stored = schemas[Number(id) - 1];
      if (stored === undefined) return fault(404, 40403, `Schema ${id} not found`);
      const { schema, schemaType } = stored;
      return { status: 200, body: { schema, ...(schemaType === undefined ? {} : { schemaType }) } };
    }
    if (method !== 'POST') return fault(405, 405, 'HTTP 405 Method Not Allowed');
    if (request.headers['content-type'] !== mediaType) {
      return fault(415, 415, 'HTTP 415 Unsupported Media Type');
    }
    const { schema } = JSON.parse(await text(request)) as { readonly schema: string };
    const name = decodeURIComponent(subject);
    if (/^\/subjects\/[^/]+\/versions$/.test(path)) return register(name, schema);
    if (/^\/subjects\/[^/]+$/.test(path)) return lookUp(name, schema);
    if (/^\/compatibility\/subjects\/[^/]+\/versions\/latest$/.test(path)) {
      return compare(name, schema);
    }
    return fault(404, 404, 'HTTP 404 Not Found');
  };

  const server = createServer((request, response) => {
    const asked = `${request.method} ${request.url}`;
    requests.push(asked);
    authorization = request.headers.authorization;
    const given = instead?.(asked);
    if (given === 'nothing') return;
    const reply = async (): Promise<void> => {
      const { status, body } = given ?? (await answer(request));
      response.writeHead(status, { 'content-type': mediaType });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    void reply();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    authorization: () => authorization,
    addOther: (schemaType, schema) => add({ schemaType, schema }).id,
    answerWith: (answering) => {
      instead = answering;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function fault(status: number, code: number, message: string): Reply {
  return { status, body: { error_code: code, message } };
}

function invalid(schema: string): Reply {
  return fault(422, 42201, `Invalid schema ${schema}: ${faultOf(schema)}`);
}

function faultOf(schema: string): string | undefined {
  return failureOf(() => avroType(JSON.parse(schema) as AvroSchema));
}

function incompatibility(schema: string, earlier: string): string | undefined {
  return failureOf(() =>
    readerOf(JSON.parse(schema) as AvroSchema, JSON.parse(earlier) as AvroSchema),
  );
}

function failureOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (failure) {
    return String(failure);
  }
}
