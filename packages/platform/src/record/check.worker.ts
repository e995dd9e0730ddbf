import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from '../config.ts';
import { checkConfiguredRecord } from './record-check.ts';

/** Checks the record in a thread of its own, and posts what it found. */
parentPort?.postMessage(await checkConfiguredRecord(workerData as Config));
