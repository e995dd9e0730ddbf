import { accept, type Aggregate, type Decision } from '@counterfoil/event-store';
import { deadLettersMax, type DeadLetterAlarmEvent } from './events.ts';

// Tells once that too many letters wait, and not again before they were few: whoever is told must not be told
// with each letter more.

export interface DeadLetterAlarm {
  readonly isRaised: boolean;
}

export interface CountDeadLetters {
  readonly type: 'CountDeadLetters';
  /** How many nobody has seen to. */
  readonly open: number;
}

export const deadLetterAlarmDecider: Aggregate<
  CountDeadLetters,
  DeadLetterAlarm,
  DeadLetterAlarmEvent,
  never
> = { initial: { isRaised: false }, decide, evolve };

function decide(
  { open }: CountDeadLetters,
  { isRaised }: DeadLetterAlarm,
): Decision<DeadLetterAlarmEvent, never> {
  const isTooMany = open > deadLettersMax;
  if (isTooMany === isRaised) return accept();
  return accept({
    type: isTooMany ? 'DeadLettersPiledUp' : 'DeadLettersWorkedOff',
    data: { open },
  });
}

function evolve(_: DeadLetterAlarm, { type }: DeadLetterAlarmEvent): DeadLetterAlarm {
  switch (type) {
    case 'DeadLettersPiledUp':
      return { isRaised: true };
    case 'DeadLettersWorkedOff':
      return { isRaised: false };
  }
}
