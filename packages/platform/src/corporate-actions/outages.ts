import { ContentionError, StorageFailure, StoreOverloaded } from '@counterfoil/event-store';
import { ReadModelsUnavailable } from '../queries/failure.ts';
import { BreakerOpen } from '../resilience/breaker.ts';
import { BusFailure } from '../streams/bus.ts';
import { KeysUnavailable } from '../vault/failures.ts';
import { SchemaRegistryFailure } from './schema-registry.ts';

/** Whether a failure is one of the surroundings, and says nothing of the action. */
export function isOutage(failure: unknown): boolean {
  return (
    failure instanceof StorageFailure ||
    failure instanceof StoreOverloaded ||
    failure instanceof ContentionError ||
    failure instanceof ReadModelsUnavailable ||
    failure instanceof BusFailure ||
    failure instanceof BreakerOpen ||
    failure instanceof KeysUnavailable ||
    failure instanceof SchemaRegistryFailure
  );
}
