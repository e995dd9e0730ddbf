import type { RowTable } from './read-models.ts';

/** Works something out once for each table, and forgets it with the table. */
export function perTable<T>(workOut: (table: RowTable) => T): (table: RowTable) => T {
  const known = new WeakMap<RowTable, T>();
  return (table) => {
    const found = known.get(table);
    if (found !== undefined) return found;
    const made = workOut(table);
    known.set(table, made);
    return made;
  };
}
