import type { Projection } from '@counterfoil/event-store';
import { accountProjections } from '../domain/accounts/views.ts';
import { instrumentProjections } from '../domain/instruments/views.ts';

/** Every read model: the views that `queries/` reads. */
export const projections: readonly Projection[] = [...accountProjections, ...instrumentProjections];
