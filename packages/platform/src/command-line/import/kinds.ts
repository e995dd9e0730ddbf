/** What a CSV file can hold. Each line becomes one command, checked by the contract of the HTTP API. */
export interface ImportKind {
  readonly name: KindName;
  /** The command of the bulk API that a line becomes. */
  readonly command: 'OpenAccount' | 'ListInstrument' | 'BookTrade' | 'RecordClose';
  readonly columns: readonly Column[];
}

export type KindName = 'accounts' | 'instruments' | 'trades' | 'prices';

export interface Column {
  readonly name: string;
  /** Its name in the contract. */
  readonly field: string;
  readonly required: boolean;
  readonly says: string;
  /** Tells of a person. */
  readonly isPersonal?: boolean;
  /** Holds `true` or `false`. */
  readonly flag?: boolean;
  /** Its value where the file has none, if the contract's own default does not serve. */
  readonly otherwise?: string;
}

const required = true;

// A line must name what it makes: a file that was corrected and imported again then makes nothing twice.

export const importKinds: Readonly<Record<KindName, ImportKind>> = {
  accounts: {
    name: 'accounts',
    command: 'OpenAccount',
    columns: [
      { name: 'account_id', field: 'accountId', required, says: '1 to 64 of A-Z a-z 0-9 . _ -' },
      {
        name: 'owner_name',
        field: 'ownerName',
        required,
        says: 'up to 200 characters',
        isPersonal: true,
      },
      { name: 'owner_kind', field: 'ownerKind', required, says: 'INDIVIDUAL or CORPORATE' },
      { name: 'currency', field: 'currency', required, says: 'ISO 4217, such as USD' },
      { name: 'initial_balance', field: 'initialBalance', required: false, says: '0 if empty' },
      {
        name: 'cost_method',
        field: 'costMethod',
        required: false,
        says: 'FIFO (if empty) or AVERAGE',
      },
      {
        name: 'short_selling',
        field: 'shortSelling',
        required: false,
        says: 'true or false (if empty)',
        flag: true,
      },
      { name: 'opened_on', field: 'openedOn', required: false, says: 'YYYY-MM-DD, today if empty' },
    ],
  },
  instruments: {
    name: 'instruments',
    command: 'ListInstrument',
    columns: [
      { name: 'symbol', field: 'symbol', required, says: '1 to 16 of A-Z 0-9 . -' },
      { name: 'name', field: 'name', required, says: 'up to 200 characters' },
      { name: 'currency', field: 'currency', required, says: 'ISO 4217, such as USD' },
      { name: 'isin', field: 'isin', required: false, says: 'ISO 6166' },
      { name: 'lot_size', field: 'lotSize', required: false, says: '1 if empty' },
      { name: 'tick_size', field: 'tickSize', required: false, says: '0.01 if empty' },
    ],
  },
  trades: {
    name: 'trades',
    command: 'BookTrade',
    columns: [
      { name: 'account_id', field: 'accountId', required, says: 'of an account that is open' },
      { name: 'trade_id', field: 'tradeId', required, says: 'unique within the account' },
      { name: 'side', field: 'side', required, says: 'BUY or SELL' },
      { name: 'symbol', field: 'symbol', required, says: 'of an instrument that is listed' },
      { name: 'quantity', field: 'quantity', required, says: 'above zero' },
      { name: 'price', field: 'price', required, says: "per share, in the account's currency" },
      { name: 'fees', field: 'fees', required: false, says: '0 if empty' },
      {
        name: 'trade_date',
        field: 'tradeDate',
        required: false,
        says: 'YYYY-MM-DD, today if empty',
      },
    ],
  },
  prices: {
    name: 'prices',
    command: 'RecordClose',
    columns: [
      { name: 'symbol', field: 'symbol', required, says: 'of an instrument that is listed' },
      { name: 'date', field: 'date', required, says: 'YYYY-MM-DD' },
      { name: 'close', field: 'close', required, says: 'raw, not adjusted' },
      { name: 'open', field: 'open', required: false, says: 'the close if empty' },
      {
        name: 'high',
        field: 'high',
        required: false,
        says: 'the greater of open and close if empty',
      },
      {
        name: 'low',
        field: 'low',
        required: false,
        says: 'the smaller of open and close if empty',
      },
      { name: 'volume', field: 'volume', required: false, says: '0 if empty' },
      {
        name: 'source',
        field: 'source',
        required: false,
        says: 'who reported it, "csv" if empty',
        otherwise: 'csv',
      },
    ],
  },
};

export function kindNamed(name: string): ImportKind | undefined {
  return Object.values(importKinds).find((kind) => kind.name === name);
}

/** The columns as `--help` lists them. */
export function describeColumns({ name, columns }: ImportKind): string {
  const width = Math.max(...columns.map((column) => column.name.length));
  const lines = columns.map(
    (column) => `    ${column.name.padEnd(width)} ${column.required ? '*' : ' '} ${column.says}`,
  );
  return [`  ${name}`, ...lines].join('\n');
}
