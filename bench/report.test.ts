import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isReached, spreadOf } from './figures.ts';
import { reportFile, withResults } from './report.ts';
import { readResult, type Result } from './results.ts';
import { scenarioNames } from './scenarios.ts';

const text = readFileSync(reportFile, 'utf8');

test('docs/benchmarks.md says what bench/results hold: npm run bench -- --report', () => {
  expect(text).toBe(withResults(text, readResult));
});

test('the report holds each figure against its target, with the spread of its rounds', () => {
  const report = withResults(text, () => result);
  for (const line of [
    '| Rates, events/s |          1 event |',
    '| here            | 200 (100 to 900) |',
    '| Rates: here, 1 event | at least 201 events/s | 200 | **missed** |',
    '- store: as it comes',
    '1970-01-02, 12 s; commit 0123456789 with changes; 2 cores of Abacus, 8 GiB',
  ]) {
    expect(report.split(line)).toHaveLength(scenarioNames.length + 1);
  }
});

test('a text without a section for a scenario is refused', () => {
  expect(() => withResults('# Benchmarks\n', readResult)).toThrow(/has no section/);
});

test('a median of two rounds lies between them', () => {
  expect(spreadOf([3, 1])).toEqual({ median: 2, lowest: 1, highest: 3 });
});

test('a target is reached when the median reaches it', () => {
  expect(isReached({ atLeast: 200 }, [100, 200, 900])).toBe(true);
  expect(isReached({ below: 200 }, [100, 200, 900])).toBe(false);
  expect(isReached({ below: 201 }, [100, 200, 900])).toBe(true);
});

const result: Result = {
  scenario: 'append',
  title: 'Appends',
  command: 'npm run bench -- append',
  date: '1970-01-02T00:00:00.000Z',
  durationSeconds: 12,
  machine: {
    cpu: 'Abacus',
    cores: 2,
    memoryGiB: 8,
    kernel: 'Linux 6',
    fileSystem: 'ext4',
    flushMsMedian: 0.5,
    loadBefore: 0.1,
  },
  versions: { node: '24.0.0' },
  source: { commit: '0123456789abcdef', dirty: true },
  conditions: { store: 'as it comes' },
  figures: [
    {
      table: 'Rates',
      row: 'here',
      column: '1 event',
      unit: 'events/s',
      rounds: [100, 900, 200],
      target: { atLeast: 201 },
    },
  ],
};
