import { parseArgs } from 'node:util';
import { simulate, type Course } from './simulation.ts';

/**
 * Simulates from the command line: `node test/simulation/run.ts --seed 7` repeats one run,
 * `--seeds 5000 --from 1` makes many and sums up what they went through.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
  },
});

const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const total: Partial<Record<keyof Course, number>> = {};
const failed: number[] = [];
for (let seed = first; seed < first + count; seed += 1) {
  try {
    const course = await simulate(seed);
    for (const [name, value] of Object.entries(course) as [keyof Course, number][]) {
      total[name] = (total[name] ?? 0) + value;
    }
  } catch (failure) {
    failed.push(seed);
    console.error(failure instanceof Error ? failure.message : failure);
    if (count === 1) console.error(failure);
  }
}
console.log(JSON.stringify({ from: first, seeds: count, failed, ...total }, undefined, 2));
if (failed.length > 0) {
  console.error(`repeat one: node test/simulation/run.ts --seed ${failed[0]}`);
  process.exitCode = 1;
}
