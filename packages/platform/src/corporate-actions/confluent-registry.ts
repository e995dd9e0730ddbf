import type { AvroSchema } from '@counterfoil/event-store';
import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { SchemaRefused, SchemaRegistryFailure, type SchemaRegistry } from './schema-registry.ts';

export interface ConfluentRegistryOptions {
  /** `http://host:port`, perhaps with `user:password@` before the host. */
  readonly url: string;
  /** Precedes subjects, as it precedes topics on Kafka. */
  readonly subjectPrefix?: string | undefined;
  /** How long an answer may take; 5 s when not given. */
  readonly answerMsMax?: number | undefined;
}

/**
 * A registry that speaks the REST API of Confluent's Schema Registry
 * (https://docs.confluent.io/platform/current/schema-registry/develop/api.html), version 1.
 */
export function openConfluentRegistry(options: ConfluentRegistryOptions): SchemaRegistry {
  const { subjectPrefix = '' } = options;
  const ask = askerOf(options);

  const idOf = async (subject: string, body: unknown): Promise<number | undefined> => {
    const found = await ask('POST', `subjects/${subject}`, body);
    if (found.status === 200) return found.as(Registered).id;
    if (found.code === subjectUnknown || found.code === schemaUnknown) return undefined;
    throw found.failure();
  };

  /** Registering would refuse as well; asked first, the registry says why. */
  const checkCompatible = async (subject: string, body: unknown): Promise<void> => {
    const latest = `compatibility/subjects/${subject}/versions/latest?verbose=true`;
    const found = await ask('POST', latest, body);
    // There is nothing yet that it has to read.
    if (found.code === subjectUnknown || found.code === versionUnknown) return;
    if (found.status === 422) throw refused(subject, found.message);
    if (found.status !== 200) throw found.failure();
    const { is_compatible: compatible, messages = [] } = found.as(Compatibility);
    if (!compatible) throw refused(subject, messages.join('; '));
  };

  return {
    register: async (unprefixed, schema) => {
      const subject = encodeURIComponent(`${subjectPrefix}${unprefixed}`);
      const body = { schema: JSON.stringify(schema) };
      const known = await idOf(subject, body);
      if (known !== undefined) return known;
      await checkCompatible(subject, body);
      const added = await ask('POST', `subjects/${subject}/versions`, body);
      if (added.status === 409 || added.status === 422) throw refused(subject, added.message);
      if (added.status !== 200) throw added.failure();
      return added.as(Registered).id;
    },
    find: async (id) => {
      const found = await ask('GET', `schemas/ids/${id}`);
      // Any 404 will not do: what answers may not be a registry at all.
      if (found.code === schemaUnknown) return undefined;
      if (found.status !== 200) throw found.failure();
      const { schema, schemaType = 'AVRO' } = found.as(Stored);
      // Of JSON or Protobuf: no schema that a message could be read with here.
      return schemaType === 'AVRO' ? (parsed(schema) as AvroSchema | undefined) : undefined;
    },
  };
}

const subjectUnknown = 40401;
const versionUnknown = 40402;
const schemaUnknown = 40403;

const mediaType = 'application/vnd.schemaregistry.v1+json';

const Registered = Type.Object({ id: Type.Integer() });
const Compatibility = Type.Object({
  is_compatible: Type.Boolean(),
  messages: Type.Optional(Type.Array(Type.String())),
});
const Stored = Type.Object({ schema: Type.String(), schemaType: Type.Optional(Type.String()) });
const Fault = Type.Object({ error_code: Type.Integer(), message: Type.String() });

function refused(subject: string, why: string): SchemaRefused {
  return new SchemaRefused(
    `the schema registry does not take the schema of ${decodeURIComponent(subject)}: ${why}`,
  );
}

interface Answer {
  readonly status: number;
  /** The registry's own, of a fault. */
  readonly code: number | undefined;
  readonly message: string;
  /** Throws a SchemaRegistryFailure when the answer is not of the shape. */
  as<Shape extends TSchema>(shape: Shape): Static<Shape>;
  failure(): SchemaRegistryFailure;
}

function askerOf({ url, answerMsMax = 5_000 }: ConfluentRegistryOptions) {
  const base = new URL(url.endsWith('/') ? url : `${url}/`);
  const headers = { accept: mediaType, 'content-type': mediaType, ...authorization(base) };
  base.username = '';
  base.password = '';

  return async (method: string, path: string, body?: unknown): Promise<Answer> => {
    try {
      const response = await fetch(new URL(path, base), {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(answerMsMax),
      });
      return answerOf(response.status, `${method} ${path}`, parsed(await response.text()));
    } catch (cause) {
      throw new SchemaRegistryFailure('the schema registry could not be asked', { cause });
    }
  };
}

function answerOf(status: number, request: string, said: unknown): Answer {
  const fault = Value.Check(Fault, said) ? said : undefined;
  const failure = (): SchemaRegistryFailure =>
    new SchemaRegistryFailure(
      `the schema registry answered ${request} with ${status} ${fault?.message ?? ''}`.trimEnd(),
    );
  return {
    status,
    code: fault?.error_code,
    message: fault?.message ?? `it answered ${status}`,
    as: (shape) => {
      if (Value.Check(shape, said)) return said;
      throw failure();
    },
    failure,
  };
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

/** Undefined for what is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
