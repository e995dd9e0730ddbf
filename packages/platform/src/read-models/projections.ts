import type { Projection } from '@counterfoil/event-store';
import { accountProjections } from '../domain/accounts/views.ts';
import { corporateActionProjections } from '../domain/corporate-actions/views.ts';
import { instrumentProjections } from '../domain/instruments/views.ts';
import { tradeRecordProjections } from '../domain/trade-records/views.ts';
import { userProjections } from '../domain/users/views.ts';

/** Every read model: the views that `queries/` reads. */
export const projections: readonly Projection[] = [
  ...accountProjections,
  ...corporateActionProjections,
  ...instrumentProjections,
  ...tradeRecordProjections,
  ...userProjections,
];
