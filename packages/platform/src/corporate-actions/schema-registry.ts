import type { AvroSchema } from '@counterfoil/event-store';

/**
 * Where the schemas of messages are, each under an id that its messages begin with. Of each subject (of a
 * topic `t`, `t-value`) there are versions, and what is added must be able to read what was there.
 */
export interface SchemaRegistry {
  /**
   * The id of a schema of a subject, which is added when it is new. Rejects with a SchemaRefused, or a
   * SchemaRegistryFailure.
   */
  register(subject: string, schema: AvroSchema): Promise<number>;
  /** The schema with an id, if there is one. Rejects with a SchemaRegistryFailure. */
  find(id: number): Promise<AvroSchema | undefined>;
}

/** A schema can't be added to its subject: it is none, or messages that are there could not be read with it. */
export class SchemaRefused extends Error {
  override readonly name = 'SchemaRefused';
}

/** The registry can't be reached, or did not answer as it should: whether it has a schema is not known. */
export class SchemaRegistryFailure extends Error {
  override readonly name = 'SchemaRegistryFailure';
}
