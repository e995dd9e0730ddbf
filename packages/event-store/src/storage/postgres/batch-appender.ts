import type { Client } from 'pg';
import type { StreamId } from '../../kernel/identifiers.ts';
import { microsecondsOf, type Instant } from '../../kernel/instant.ts';
import type { Commit, Verdict } from '../storage.ts';
import {
  judge,
  parametersOf,
  planOf,
  verdictsOf,
  type BatchPlan,
  type PlanAppended,
  type Standing,
} from './batch-plan.ts';
import { heldClaim, type ClaimRow } from './log-queries.ts';
import type { WriterConnection } from './writer-connection.ts';

/** Appends batches: in one round trip when all of a batch's commits pass, which is nearly always. */
export interface BatchAppender {
  append(commits: readonly Commit[], at: Instant): Promise<readonly Verdict[]>;
}

export function createBatchAppender(
  connection: WriterConnection,
  schema: string,
  channel: string,
): BatchAppender {
  const call = `SELECT appended, head_before, stamped, array_to_string(versions, ',') AS versions
    FROM ${schema}.append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`;

  const appendPlan = async (
    client: Client,
    plan: BatchPlan,
    at: Instant,
  ): Promise<PlanAppended | undefined> => {
    const { rows } = await client.query<AppendRow>({
      name: `${schema} append`,
      text: call,
      values: [...parametersOf(plan, at, channel)],
    });
    const [row] = rows;
    if (row === undefined) throw new Error('append_batch answered no row');
    if (!row.appended) return undefined;
    return {
      headBefore: Number(row.head_before),
      recordedAtMicroseconds: Number(row.stamped),
      versions: (row.versions ?? '').split(',').map(Number),
    };
  };

  /** With the log locked: judges every commit on how things stand, and appends those that pass. */
  const appendJudged = async (
    client: Client,
    commits: readonly Commit[],
    at: Instant,
  ): Promise<readonly Verdict[]> => {
    await client.query('BEGIN');
    try {
      const standing = await readStanding(client, schema, commits, at);
      const judged = judge(commits, standing, at);
      const accepted = commits.filter((_, index) => judged[index] === 'accepted');
      const plan = planOf(exactly(accepted, standing.versions));
      const appended = plan && (await appendPlan(client, plan, at));
      if (plan === undefined || appended === undefined) {
        throw new Error('commits were judged right and yet refused');
      }
      await client.query('COMMIT');
      const verdicts = verdictsOf(accepted, plan, appended).values();
      return judged.map((verdict) =>
        verdict === 'accepted' ? (verdicts.next().value as Verdict) : verdict,
      );
    } catch (cause) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw cause;
    }
  };

  return {
    append: (commits, at) =>
      connection.run(async (client) => {
        const plan = planOf(commits);
        const appended = plan && (await appendPlan(client, plan, at));
        return plan !== undefined && appended !== undefined
          ? verdictsOf(commits, plan, appended)
          : appendJudged(client, commits, at);
      }),
  };
}

/** In the text format, in which bigints are texts. */
interface AppendRow {
  readonly appended: boolean;
  readonly head_before: string;
  readonly stamped: string;
  readonly versions: string | null;
}

/** The same commits, each expecting just the version that it was judged on. */
function exactly(
  commits: readonly Commit[],
  versions: ReadonlyMap<StreamId, number>,
): readonly Commit[] {
  const now = new Map(versions);
  return commits.map((commit) => ({
    ...commit,
    appends: commit.appends.map((append) => {
      const expected = now.get(append.stream) ?? 0;
      now.set(append.stream, expected + append.records.length);
      return { ...append, expected };
    }),
  }));
}

async function readStanding(
  client: Client,
  schema: string,
  commits: readonly Commit[],
  at: Instant,
): Promise<Standing> {
  const streams = [
    ...new Set(commits.flatMap(({ appends }) => appends.map(({ stream }) => stream))),
  ];
  const keys = [...new Set(commits.flatMap(({ claims = [] }) => claims.map(({ key }) => key)))];
  const head = await client.query<{ position: string }>(
    `SELECT position FROM ${schema}.head FOR UPDATE`,
  );
  const versions = await client.query<{ name: StreamId; version: string }>(
    `SELECT name, version FROM ${schema}.streams WHERE name = ANY ($1)`,
    [streams],
  );
  const held = await client.query<ClaimTextRow>(
    `SELECT key, note, expires_at, position FROM ${schema}.claims
     WHERE key = ANY ($1) AND (expires_at IS NULL OR expires_at > $2)`,
    [keys, microsecondsOf(at)],
  );
  return {
    head: Number(head.rows[0]?.position),
    versions: new Map(versions.rows.map(({ name, version }) => [name, Number(version)])),
    held: new Map(held.rows.map((row) => [row.key, heldClaim(claimRow(row))])),
  };
}

/** A claim as it comes in the text format, in which bigints are texts. */
interface ClaimTextRow extends Omit<ClaimRow, 'expires_at' | 'position'> {
  readonly expires_at: string | null;
  readonly position: string;
}

function claimRow({ expires_at: expiry, position, ...row }: ClaimTextRow): ClaimRow {
  return {
    ...row,
    expires_at: expiry === null ? null : Number(expiry),
    position: Number(position),
  };
}
