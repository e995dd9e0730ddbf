import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readResult, type Result } from './results.ts';
import { scenarioNames } from './scenarios.ts';
import { figureTables } from './tables.ts';

export const reportFile = path.join(import.meta.dirname, '..', 'docs', 'benchmarks.md');

/** Writes the figures of `results/` into docs/benchmarks.md. */
export function writeReport(): void {
  writeFileSync(reportFile, withResults(readFileSync(reportFile, 'utf8'), readResult));
}

/** The text with every generated section made anew. Throws when a scenario has no section. */
export function withResults(
  text: string,
  resultOf: (scenario: string) => Result | undefined,
): string {
  let written = text;
  for (const scenario of scenarioNames) {
    const start = `<!-- generated: ${scenario} -->\n`;
    const [before, rest] = written.split(start);
    const end = rest?.indexOf('<!-- end of generated -->') ?? -1;
    if (before === undefined || rest === undefined || end < 0) {
      throw new Error(`docs/benchmarks.md has no section "${start.trim()}"`);
    }
    written = `${before}${start}\n${sectionOf(resultOf(scenario))}\n${rest.slice(end)}`;
  }
  return written;
}

function sectionOf(result: Result | undefined): string {
  if (result === undefined) return 'Not measured yet.\n';
  const { scenario, figures, conditions, date, command, durationSeconds } = result;
  const conditionLines = Object.entries(conditions).map(([name, value]) => `- ${name}: ${value}\n`);
  return [
    figureTables(figures),
    conditionLines.join(''),
    `[Every round](../bench/results/${scenario}.json) of \`${command}\`, ` +
      `${date.slice(0, 10)}, ${durationSeconds} s; ${describeSource(result)}; ${describeMachine(result)}.\n`,
  ]
    .filter((text) => text !== '')
    .join('\n');
}

function describeSource({ source: { commit, dirty } }: Result): string {
  return `commit ${commit.slice(0, 10)}${dirty ? ' with changes' : ''}`;
}

function describeMachine({ machine, versions }: Result): string {
  const { cpu, cores, memoryGiB, kernel, fileSystem, flushMsMedian, loadBefore } = machine;
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return (
    `${cores} cores of ${cpu}, ${memoryGiB} GiB, ${kernel}, ${fileSystem} ` +
    `(4 KiB flushed in ${flushMsMedian} ms), load ${loadBefore} before; ${used.join(', ')}`
  );
}
