import { SingleBar } from 'cli-progress';

/** Where commands speak: results on standard output, everything about them on standard error. */
export interface Terminal {
  /** One line of the result. */
  say(line: string): void;
  /** One line about the work: problems, hints. */
  tell(line: string): void;
  /** Text of the result as it is, in large pieces; resolves when there is room for more. */
  write(text: string): Promise<void>;
  /** Shows how far the work has come, until `end`. */
  startProgress(work: ProgressLabel): Progress;
}

export interface ProgressLabel {
  /** What is being done, such as `Copying`. */
  readonly doing: string;
  /** What is counted, such as `events`. */
  readonly unit: string;
}

export interface Progress {
  /** `total` may grow while the work goes on. */
  update(done: number, total: number): void;
  end(): void;
}

// Logs and pipes get a line now and then, terminals a bar.
const lineEveryMs = 5_000;

/** The terminal, or whatever stands in its place, that this process was started on. */
export function processTerminal(): Terminal {
  // Whoever reads our output may have had enough of it, as `head` does: that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    say: (line) => console.log(line),
    tell: (line) => console.error(line),
    write: (text) =>
      process.stdout.write(text)
        ? Promise.resolve()
        : new Promise((resolve) => {
            process.stdout.once('drain', () => resolve());
          }),
    startProgress: process.stderr.isTTY ? barProgress : lineProgress((line) => console.error(line)),
  };
}

// Often enough for the eye.
const barEveryMs = 100;

function barProgress({ doing, unit }: ProgressLabel): Progress {
  const bar = new SingleBar({
    format: `${doing} [{bar}] {percentage}% | {value} of {total} ${unit} | {rate}/s`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  let shown = false;
  return throttled(barEveryMs, {
    update: (done, total, rate) => {
      if (!shown) bar.start(total, done, { rate });
      shown = true;
      bar.setTotal(total);
      bar.update(done, { rate });
    },
    end: () => bar.stop(),
  });
}

function lineProgress(tell: (line: string) => void): (work: ProgressLabel) => Progress {
  return ({ doing, unit }) =>
    throttled(lineEveryMs, {
      update: (done, total, rate) =>
        tell(`${doing}: ${count(done)} of ${count(total)} ${unit}, ${rate} a second`),
      end: () => undefined,
    });
}

interface Display {
  update(done: number, total: number, rate: string): void;
  end(): void;
}

/** Passes on an update now and then, with the rate since the first. */
function throttled(everyMs: number, { update, end }: Display): Progress {
  let first: { readonly done: number; readonly atMs: number } | undefined;
  let shownAtMs = performance.now();
  return {
    update: (done, total) => {
      const nowMs = performance.now();
      first ??= { done, atMs: nowMs };
      if (nowMs - shownAtMs < everyMs) return;
      shownAtMs = nowMs;
      const seconds = Math.max(nowMs - first.atMs, 1) / 1_000;
      update(done, total, count(Math.round((done - first.done) / seconds)));
    },
    end,
  };
}

/** A count as people read it: `1,234,567`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** A count with its noun: `1 event`, `2 events`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}
