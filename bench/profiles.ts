import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The parts of V8's format (`.cpuprofile`) that are looked at here. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const shown = 25;

/** Says of each thread that wrote a profile which functions it spent its own time in. */
export function printProfiles(directory: string): void {
  if (!existsSync(directory)) return;
  for (const file of readdirSync(directory).toSorted()) {
    const profile = JSON.parse(readFileSync(path.join(directory, file), 'utf8')) as Profile;
    console.log(`\n${path.join(directory, file)}`);
    for (const line of ownTimes(profile)) console.log(`  ${line}`);
  }
}

function ownTimes({ nodes, samples, timeDeltas }: Profile): readonly string[] {
  const nameOf = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || '(anonymous)'} ${path.basename(url)}${url === '' ? '' : `:${lineNumber + 1}`}`,
    ]),
  );
  const microseconds = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = nameOf.get(id) ?? '(unknown)';
    microseconds.set(name, (microseconds.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  const idle = microseconds.get('(idle) ') ?? 0;
  microseconds.delete('(idle) ');
  const busy = [...microseconds.values()].reduce((sum, one) => sum + one, 0);
  return [
    `busy ${(busy / 1e6).toFixed(2)} s, idle ${(idle / 1e6).toFixed(2)} s`,
    ...[...microseconds]
      .toSorted(([, left], [, right]) => right - left)
      .slice(0, shown)
      .map(([name, time]) => `${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`),
  ];
}
