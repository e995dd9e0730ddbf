/** What a scenario measures, as it is kept in `results/` and shown in the report. */
export interface Scenario {
  readonly title: string;
  measure(bench: Bench): Promise<Outcome>;
}

/** What a scenario is given. */
export interface Bench {
  /** Short rounds, to see that everything runs: the figures mean little. */
  readonly quick: boolean;
  /** An empty directory that is removed afterwards; temporary files go there too. */
  readonly directory: string;
  say(text: string): void;
}

export interface Outcome {
  /** What was set and how much was done, by name: what somebody else would have to do likewise. */
  readonly conditions: Readonly<Record<string, string>>;
  readonly figures: readonly Figure[];
}

/** One cell of a table, with the value of each measured round. */
export interface Figure {
  readonly table: string;
  readonly row: string;
  readonly column: string;
  readonly unit: Unit;
  readonly rounds: readonly number[];
  readonly target?: Target | undefined;
}

export type Unit =
  | 'events/s'
  | 'commands/s'
  | 'requests/s'
  | 'lines/s'
  | 'accounts/s'
  | 's'
  | 'ms'
  | 'bytes/event'
  | 'MiB'
  | '%';

/** What the median must reach. */
export type Target = { readonly atLeast: number } | { readonly below: number };
