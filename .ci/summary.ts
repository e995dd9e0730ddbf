/** Prints `N passed, N failed` from Vitest's JSON report; fails unless tests ran and all passed. */
import { readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** False too when a file broke before its tests were known. */
  readonly success: boolean;
}

const text = readFileSync(process.argv[2] ?? '', 'utf8');
if (text === '') throw new Error('the test run ended without a report');
const report = JSON.parse(text) as Report;

if (!report.success) console.log('the test run failed');
else if (report.numPassedTests === 0) console.log('no test ran');
console.log(`${report.numPassedTests} passed, ${report.numFailedTests} failed`);
process.exitCode = report.success && report.numPassedTests > 0 ? 0 : 1;
