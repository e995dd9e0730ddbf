import { pino, type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from '../config.ts';

/**
 * The log of operation. Nothing that is secret is given to it; should somebody forget that, these names are
 * blackened wherever they turn up: at the top of a record, or one or two levels below.
 */
export function openLogger(level: LogLevel, destination: DestinationStream): Logger {
  return pino({ level, redact: secretPaths }, destination);
}

const secretNames = ['authorization', 'cookie', 'password', 'secret', 'token', 'refresh_token'];

const secretPaths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
