/** A name as both engines read it: kept in its case, never a keyword. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function identifiers(columns: readonly { readonly name: string }[]): string {
  return columns.map((column) => identifier(column.name)).join(', ');
}
