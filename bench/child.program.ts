/** Runs one scenario in this process, and tells the process that started it what came out. */
import type { Outcome } from './scenario.ts';
import { isScenario, loadScenario } from './scenarios.ts';

export interface Answer {
  readonly title: string;
  readonly outcome: Outcome;
}

// Told to stop, it ends at once; what it has started is stopped on the way out.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const [name = '', directory = '', quick] = process.argv.slice(2);
if (!isScenario(name)) throw new RangeError(`there is no scenario ${name}`);
const { title, measure } = await loadScenario(name);
const outcome = await measure({
  quick: quick === 'quick',
  directory,
  say: (text) => console.log(`  ${text}`),
});
process.send?.({ title, outcome } satisfies Answer);
process.disconnect();
