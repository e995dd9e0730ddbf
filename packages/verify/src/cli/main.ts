#!/usr/bin/env node
import process from 'node:process';
import { run } from './command.ts';

process.exitCode = await run(process.argv.slice(2), {
  say: (text) => void process.stdout.write(`${text}\n`),
  tell: (text) => void process.stderr.write(`${text}\n`),
});
