import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Answer } from './child.program.ts';
import { printProfiles } from './profiles.ts';
import type { Result } from './results.ts';
import type { ScenarioName } from './scenarios.ts';
import { describeMachine, describeSource, describeVersions } from './surroundings.ts';

export interface RunOptions {
  readonly quick: boolean;
  readonly profile: boolean;
}

const scratch = path.join(import.meta.dirname, 'scratch');

/** Runs a scenario in a process of its own, in a directory of its own that is gone afterwards. */
export async function runScenario(name: ScenarioName, options: RunOptions): Promise<Result> {
  const date = new Date();
  const startedMs = performance.now();
  const directory = path.join(scratch, `${name}-${process.pid}`);
  const profiles = options.profile ? path.join(scratch, `profiles-${name}`) : undefined;
  // Readable for others: PostgreSQL runs as another user when this one is root.
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  if (profiles !== undefined) rmSync(profiles, { recursive: true, force: true });
  try {
    const machine = describeMachine(directory);
    const { title, outcome } = await answerOf(start(name, directory, options, profiles));
    return {
      scenario: name,
      title,
      command: `npm run bench -- ${name}`,
      date: date.toISOString(),
      durationSeconds: Math.round((performance.now() - startedMs) / 1_000),
      machine,
      versions: describeVersions(),
      source: describeSource(),
      ...outcome,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
    if (profiles !== undefined) printProfiles(profiles);
  }
}

function start(
  name: ScenarioName,
  directory: string,
  { quick }: RunOptions,
  profiles: string | undefined,
): ChildProcess {
  // Through the environment, so that the processes that a scenario starts write theirs as well.
  const profiling =
    profiles === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` };
  return fork(
    path.join(import.meta.dirname, 'child.program.ts'),
    [name, directory, ...(quick ? ['quick'] : [])],
    { env: { ...process.env, TMPDIR: directory, ...profiling } },
  );
}

/** Somebody has told the whole to stop. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let answer: Answer | undefined;
    let interruption: Interrupted | undefined;
    const interrupted = (): void => {
      interruption = new Interrupted('interrupted');
      child.kill();
    };
    process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
    child.once('message', (message) => {
      answer = message as Answer;
    });
    child.once('exit', (code, signal) => {
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
      if (interruption !== undefined) reject(interruption);
      else if (code === 0 && answer !== undefined) resolve(answer);
      else reject(new Error(`the scenario ended with ${signal ?? code} and no answer`));
    });
  });
}
