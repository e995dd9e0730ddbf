import type { ColumnType, Projection } from '../kernel/projection.ts';

/** What a projection's table looks like, checked once and laid out for the loops that move rows. */
export interface TableShape {
  /** The name of the view. */
  readonly name: string;
  readonly version: number;
  readonly columns: readonly Column[];
  /** The columns of the key, in the key's order. */
  readonly key: readonly Column[];
  /** Where the key's columns stand among `columns`. */
  readonly keyAt: readonly number[];
  readonly indexes: readonly (readonly string[])[];
  /** Columns, key and indexes as text: equal exactly when two tables are laid out alike. */
  readonly fingerprint: string;
}

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** A projection's definition contradicts itself or its table; the message says what to change. */
export class ProjectionMisfit extends Error {
  override readonly name = 'ProjectionMisfit';
}

// PostgreSQL cuts identifiers at 63 bytes; "__v999999_999999__i99" is added to the names of tables.
const namePattern = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;
const nameLengthMax = 40;
const columnPattern = /^[A-Za-z][A-Za-z0-9_]{0,59}$/;
const versionMax = 999_999;
const reservedNames = /^(?:projections|sqlite|kysely|pg)(?:_|$)/;

/** Throws a ProjectionMisfit that names the contradiction. */
export function shapeOf(
  projection: Pick<Projection, 'name' | 'version' | 'columns' | 'key' | 'indexes' | 'types'>,
): TableShape {
  checkName(projection.name, projection.version);
  if (projection.types.length === 0) throw misfit(projection.name, 'it folds no type of event');
  const columns = Object.entries(projection.columns).map(([name, type]) => ({ name, type }));
  checkColumns(projection.name, columns);
  const place = (name: string): number => {
    const index = columns.findIndex((column) => column.name === name);
    if (index < 0) throw misfit(projection.name, `"${name}" is not among its columns`);
    return index;
  };
  const keyAt = projection.key.map(place);
  const key = columnsAt(columns, keyAt);
  checkKey(projection.name, key);
  projection.indexes.forEach((index) => index.forEach(place));
  return {
    name: projection.name,
    version: projection.version,
    columns,
    key,
    keyAt,
    indexes: projection.indexes,
    fingerprint: JSON.stringify({ columns, key: projection.key, indexes: projection.indexes }),
  };
}

function columnsAt(columns: readonly Column[], places: readonly number[]): Column[] {
  return places.flatMap((place) => columns[place] ?? []);
}

function checkName(name: string, version: number): void {
  if (!namePattern.test(name) || name.length > nameLengthMax) {
    throw misfit(
      name,
      `a name is lower case letters, digits and single underscores, at most ${nameLengthMax}`,
    );
  }
  if (reservedNames.test(name)) throw misfit(name, 'names that begin so are taken');
  if (!Number.isInteger(version) || version < 1 || version > versionMax) {
    throw misfit(name, `its version is a whole number from 1 to ${versionMax}, not ${version}`);
  }
}

function checkColumns(projection: string, columns: readonly Column[]): void {
  const taken = new Set<string>();
  for (const { name } of columns) {
    if (!columnPattern.test(name)) throw misfit(projection, `"${name}" can't name a column`);
    // SQLite tells column names apart without regard to case.
    const folded = name.toLowerCase();
    if (taken.has(folded)) throw misfit(projection, `two columns are called "${name}"`);
    taken.add(folded);
  }
}

function checkKey(projection: string, key: readonly Column[]): void {
  if (key.length === 0) throw misfit(projection, 'its key names no column');
  if (new Set(key).size < key.length) throw misfit(projection, 'its key names a column twice');
  const json = key.find((column) => column.type === 'json');
  if (json !== undefined)
    throw misfit(projection, `a JSON column can't be in a key: "${json.name}"`);
}

function misfit(projection: string, problem: string): ProjectionMisfit {
  return new ProjectionMisfit(`Projection "${projection}": ${problem}.`);
}
