import type { ClientBase } from 'pg';
import { instantFromMicroseconds, microsecondsOf, type Instant } from '../../kernel/instant.ts';
import type { HeldClaim } from '../storage.ts';
import type { AppendAnswer, BatchPlan } from './batch-plan.ts';
import { bigintArray, bytesArray, integerArray, textArray } from './binary-arrays.ts';
import { resultTypes } from './result-types.ts';

/** The parameters of `append_batch` (append-function.ts), as they go over the wire. */
export type AppendParameters = readonly (Buffer | boolean | number)[];

/** With `look`, the call appends nothing and says how things stand. Copies the bodies. */
export function appendParameters(
  { streams, records, claims }: BatchPlan,
  at: Instant,
  look: boolean,
): AppendParameters {
  return [
    look,
    textArray(streams.map(({ name }) => name)),
    bigintArray(streams.map(({ base }) => base)),
    integerArray(streams.map(({ growth }) => growth)),
    integerArray(records.map(({ stream }) => stream)),
    integerArray(records.map(({ offset }) => offset)),
    integerArray(records.map(({ schema }) => schema)),
    bytesArray(records.map(({ body }) => body)),
    textArray(claims.map(({ key }) => key)),
    bytesArray(claims.map(({ note }) => note)),
    bigintArray(
      claims.map(({ expiresAt }) =>
        expiresAt === undefined ? undefined : microsecondsOf(expiresAt),
      ),
    ),
    integerArray(claims.map(({ place }) => place)),
    microsecondsOf(at),
  ];
}

export async function callAppend(
  client: ClientBase,
  schema: string,
  parameters: AppendParameters,
): Promise<AppendAnswer> {
  const { rows } = await client.query<AppendRow>({
    name: `${schema} append`,
    text: `SELECT * FROM ${schema}.append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    values: [...parameters],
    types: resultTypes,
  });
  const [row] = rows;
  if (row === undefined) throw new Error('append_batch answered no row');
  return {
    appended: row.appended,
    headBefore: row.head_before,
    recordedAt: instantFromMicroseconds(row.stamped),
    versions: row.versions ?? [],
    held: (row.held_keys ?? []).map((key, index): HeldClaim => {
      const expiry = row.held_expiries?.[index] ?? undefined;
      return {
        key,
        note: row.held_notes?.[index] ?? new Uint8Array(),
        expiresAt: expiry === undefined ? undefined : instantFromMicroseconds(expiry),
        position: row.held_positions?.[index] ?? 0,
      };
    }),
  };
}

interface AppendRow {
  readonly appended: boolean;
  readonly head_before: number;
  readonly stamped: number;
  readonly versions: readonly number[] | null;
  readonly held_keys: readonly string[] | null;
  readonly held_notes: readonly Uint8Array[] | null;
  readonly held_expiries: readonly (number | null)[] | null;
  readonly held_positions: readonly number[] | null;
}
