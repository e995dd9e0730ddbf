/** The database of the read models did not answer a query. */
export class ReadModelsUnavailable extends Error {
  override readonly name = 'ReadModelsUnavailable';
}

/** The query, rejecting with a ReadModelsUnavailable in place of what its driver throws. */
export async function queried<Rows>(query: Promise<Rows>): Promise<Rows> {
  try {
    return await query;
  } catch (cause) {
    throw new ReadModelsUnavailable('a query of the read models failed', { cause });
  }
}
