import { instantFromMilliseconds, type Clock } from '@counterfoil/event-store';

/** The system's clock, in its milliseconds. */
export const systemClock: Clock = () => instantFromMilliseconds(Date.now());
