import type { Client } from 'pg';
import type { Instant } from '../../kernel/instant.ts';
import type { Commit, Verdict } from '../storage.ts';
import { appendParameters, callAppend } from './append-call.ts';
import { lookingPlanOf, planOf, verdictsOf } from './batch-plan.ts';
import { checkViolation, sqlState } from './failures.ts';
import { judge } from './judgement.ts';
import type { WriterConnection } from './writer-connection.ts';

/** Appends batches: in one round trip when all of a batch's commits pass, which is nearly always. */
export interface BatchAppender {
  append(commits: readonly Commit[], at: Instant): Promise<readonly Verdict[]>;
}

export function createBatchAppender(
  connection: WriterConnection,
  schema: string,
  makeRoom: (count: number) => Promise<void>,
): BatchAppender {
  return {
    append: (commits, at) => {
      // Before its turn comes, so that one batch is prepared while the server works on another.
      const plan = planOf(commits, at);
      const parameters = plan && appendParameters(plan, at, false);

      const attempt = async (client: Client): Promise<readonly Verdict[]> => {
        if (plan !== undefined && parameters !== undefined) {
          const answer = await callAppend(client, schema, parameters);
          if (answer.appended) return verdictsOf(commits, plan, answer);
          const { verdicts, accepted } = judge(commits, plan, answer, at);
          if (accepted.length === 0) return verdicts.filter((verdict) => verdict !== undefined);
        }
        return appendJudged(client, schema, commits, at);
      };

      return connection.run(async (client) => {
        try {
          return await attempt(client);
        } catch (cause) {
          if (sqlState(cause) !== checkViolation) throw cause;
          // The batch reaches beyond the last partition, which others have filled unseen by us.
          await client.query('ROLLBACK');
          await makeRoom(recordCount(commits));
          return attempt(client);
        }
      });
    },
  };
}

function recordCount(commits: readonly Commit[]): number {
  let count = 0;
  for (const { appends } of commits) {
    for (const { records } of appends) count += records.length;
  }
  return count;
}

/**
 * Locks the log, judges every commit on how things stand, appends those that pass, and only then lets go
 * of the lock: however many write, each round gets its batch written.
 */
async function appendJudged(
  client: Client,
  schema: string,
  commits: readonly Commit[],
  at: Instant,
): Promise<readonly Verdict[]> {
  await client.query('BEGIN');
  const looking = lookingPlanOf(commits);
  const standing = await callAppend(client, schema, appendParameters(looking, at, true));
  const { verdicts, accepted } = judge(commits, looking, standing, at);
  const plan = planOf(accepted, at);
  const answer = plan && (await callAppend(client, schema, appendParameters(plan, at, false)));
  if (plan === undefined || answer?.appended !== true) {
    throw new Error('commits were judged right and yet refused');
  }
  await client.query('COMMIT');
  const written = verdictsOf(accepted, plan, answer).values();
  return verdicts.map((verdict) => verdict ?? (written.next().value as Verdict));
}
