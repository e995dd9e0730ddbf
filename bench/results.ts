import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Outcome } from './scenario.ts';
import type { Machine, Source } from './surroundings.ts';

/** A measurement as it is kept: `results/<scenario>.json`. */
export interface Result extends Outcome {
  readonly scenario: string;
  readonly title: string;
  readonly command: string;
  readonly date: string;
  readonly durationSeconds: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly source: Source;
}

const directory = path.join(import.meta.dirname, 'results');

export function writeResult(result: Result): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(fileOf(result.scenario), `${JSON.stringify(result, null, 2)}\n`);
}

/** Undefined for a scenario that has not been measured. */
export function readResult(scenario: string): Result | undefined {
  const file = fileOf(scenario);
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as Result;
}

function fileOf(scenario: string): string {
  return path.join(directory, `${scenario}.json`);
}
