import { field, type SnapshotFormat, type ValueOf } from '@counterfoil/event-store';
import type { ActionId } from '../corporate-actions/events.ts';
import type { InstrumentSymbol } from '../instruments/events.ts';
import type { CurrencyCode } from '../money/currency.ts';
import { Money, Percentage, Quantity } from '../money/money.ts';
import { electionField, lotField, type AccountId } from './events.ts';
import type { AccountState } from './state.ts';

const position = field.record('Position', {
  symbol: field.text<InstrumentSymbol>(),
  quantity: Quantity.field,
  cost: Money.field,
  realizedPnl: Money.field,
  lots: field.list(lotField),
  latestDate: field.date(),
  entitledTo: field.list(
    field.record('EntitledTo', {
      actionId: field.text<ActionId>(),
      actionVersion: field.integer(),
    }),
  ),
});

const account = field.record('Account', {
  accountId: field.text<AccountId>(),
  ownerKind: field.oneOf('OwnerKind', ['INDIVIDUAL', 'CORPORATE']),
  currency: field.text<CurrencyCode>(),
  costMethod: field.oneOf('CostMethod', ['FIFO', 'AVERAGE']),
  shortSelling: field.flag(),
  openedOn: field.date(),
  status: field.oneOf('AccountStatus', ['OPEN', 'SUSPENDED', 'CLOSED']),
  limits: field.record('Limits', {
    priceCollarPercent: Percentage.field,
    orderNotionalMax: Money.field,
    positionQuantityMax: Quantity.field,
    concentrationPercentMax: Percentage.field,
  }),
  cash: Money.field,
  unsettled: field.list(
    field.record('UnsettledAmount', { settlementDate: field.date(), amount: Money.field }),
  ),
  positions: field.list(position),
  elections: field.list(
    field.record('HolderElection', {
      actionId: field.text<ActionId>(),
      symbol: field.text<InstrumentSymbol>(),
      election: electionField,
    }),
  ),
});

const packedAccount = field.nullable(account);

export type PackedAccount = ValueOf<typeof packedAccount>;

/** A new number whenever the shape, or what the rules make of the same events, changes. */
export const accountSnapshot: SnapshotFormat<AccountState, PackedAccount> = {
  format: 'account/4',
  field: packedAccount,
  pack: (state) => state ?? null,
  // Decoders make objects of classes of their own: copies keep one shape of object in the hot functions.
  unpack: (packed) =>
    packed === null
      ? undefined
      : {
          ...packed,
          limits: { ...packed.limits },
          unsettled: packed.unsettled.map((due) => ({ ...due })),
          positions: packed.positions.map((held) => ({
            ...held,
            lots: held.lots.map((lot) => ({ ...lot })),
            entitledTo: held.entitledTo.map((action) => ({ ...action })),
          })),
          elections: packed.elections.map(({ election, ...of }) => ({
            ...of,
            election: { ...election },
          })),
        },
};
