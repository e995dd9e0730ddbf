/** Aborts when the user or the system asks the process to stop; `end` gives the signals back. */
interface Interruption {
  readonly signal: AbortSignal;
  end(): void;
}

const stopSignals = ['SIGINT', 'SIGTERM'] as const;

// Ctrl-C reaches every process of the terminal's foreground, and npm passes it on to its child once more:
// only what comes later is a second wish.
const sameWishMs = 500;

/**
 * From the first signal on the work winds down; a second one ends the process at once, as a crash would,
 * which everything here survives.
 */
function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let askedAtMs: number | undefined;
  const onSignal = (name: (typeof stopSignals)[number]): void => {
    if (askedAtMs === undefined) {
      askedAtMs = performance.now();
      controller.abort(name);
    } else if (performance.now() - askedAtMs > sameWishMs) {
      process.exit(exitCodeOfInterruption);
    }
  };
  for (const name of stopSignals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    end: () => {
      for (const name of stopSignals) process.off(name, onSignal);
    },
  };
}

/** Runs work that winds down when the process is asked to stop. */
export async function untilInterrupted<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { signal, end } = listenForInterruption();
  try {
    return await work(signal);
  } finally {
    end();
  }
}

/** As shells report a process that Ctrl-C ended: 128 and the number of SIGINT. */
export const exitCodeOfInterruption = 130;
