import { existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Outcome } from './place.ts';

/**
 * What a client wrote down: each order before it was sent, each outcome after it was told. What is written
 * stays, even if the process is killed the moment after, because it is in the hands of the kernel.
 */
export interface Journal {
  sent(number: number): void;
  told(number: number, outcome: Outcome): void;
}

export function openJournal(file: string): Journal {
  const descriptor = openSync(file, 'a');
  return {
    sent: (number) => {
      writeSync(descriptor, `${number}\n`);
    },
    told: (number, outcome) => {
      writeSync(descriptor, `${number} ${JSON.stringify(outcome)}\n`);
    },
  };
}

/** By number, the orders sent: the outcome that the client was told, or undefined. */
export function readJournal(file: string): ReadonlyMap<number, Outcome | undefined> {
  const orders = new Map<number, Outcome | undefined>();
  if (!existsSync(file)) return orders;
  // Whatever stands behind the last line end was cut short by the kill.
  for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    const space = line.indexOf(' ');
    if (space === -1) orders.set(Number(line), undefined);
    else orders.set(Number(line.slice(0, space)), JSON.parse(line.slice(space + 1)) as Outcome);
  }
  return orders;
}
