import { parseArgs } from 'node:util';
import { reportFile, writeReport } from './report.ts';
import { writeResult } from './results.ts';
import { Interrupted, runScenario } from './scenario-run.ts';
import { isScenario, loadScenario, scenarioNames, type ScenarioName } from './scenarios.ts';
import { figureTables } from './tables.ts';

const usage = `npm run bench -- [scenario...] [--quick] [--profile] [--list] [--report]

  scenario   which to run; all when none is named
  --quick    short rounds, to see that everything runs; keeps no results
  --profile  writes V8 CPU profiles, and names the functions that took the most; keeps no results
  --list     names the scenarios
  --report   writes docs/benchmarks.md from bench/results, and measures nothing
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const unknown = positionals.filter((name) => !isScenario(name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no scenario ${unknown.join(', ')}.\n`);
  console.error(`${usage}\nThe scenarios are ${scenarioNames.join(', ')}.`);
  process.exitCode = values.help ? 0 : 1;
} else if (values.list) {
  for (const name of scenarioNames) console.log(`${name}: ${(await loadScenario(name)).title}`);
} else if (values.report) {
  writeReport();
  console.log(`wrote ${reportFile}`);
} else {
  await runAll(positionals.length === 0 ? scenarioNames : positionals.filter(isScenario));
}

async function runAll(names: readonly ScenarioName[]): Promise<void> {
  const { quick, profile } = values;
  const kept = !quick && !profile;
  for (const name of names) {
    console.log(`\n== ${name}`);
    try {
      const result = await runScenario(name, { quick, profile });
      console.log(`\n${figureTables(result.figures)}`);
      if (kept) writeResult(result);
    } catch (failure) {
      process.exitCode = 1;
      if (failure instanceof Interrupted) break;
      // The others may well succeed, and take long enough not to be thrown away.
      console.error(failure);
    }
  }
  if (kept) writeReport();
}
