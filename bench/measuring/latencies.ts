import { createHistogram } from 'node:perf_hooks';
import type { Reading } from './readings.ts';

/** How long things took, in milliseconds, to three digits (an HDR histogram). */
export interface Latencies {
  record(milliseconds: number): void;
  /** The columns of a table of latencies. */
  readings(): readonly Reading[];
}

export function createLatencies(): Latencies {
  const histogram = createHistogram({ lowest: 1, highest: 1e12, figures: 3 });
  const percentile = (percent: number): number => histogram.percentile(percent) / 1e6;
  return {
    record: (milliseconds) => histogram.record(Math.max(1, Math.round(milliseconds * 1e6))),
    readings: () => [
      { column: 'p50', unit: 'ms', value: percentile(50) },
      { column: 'p99', unit: 'ms', value: percentile(99) },
      { column: 'p99.9', unit: 'ms', value: percentile(99.9) },
      { column: 'max', unit: 'ms', value: histogram.max / 1e6 },
    ],
  };
}
