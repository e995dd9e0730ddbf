import type { EventLog } from '@counterfoil/event-store';
import {
  corporateActionStream,
  type ActionId,
  type ActionTerms,
  type CorporateActionEvent,
} from '../domain/corporate-actions/events.ts';
import type { ActionsBook } from './actions-book.ts';

/** The terms by which a version of an action was posted; undefined when it never was. */
export type PostedTerms = (id: ActionId, version: number) => Promise<ActionTerms | undefined>;

/** From memory for the versions in force; what was superseded or taken back is read from the log. */
export function createPostedTerms(
  book: Pick<ActionsBook, 'find'>,
  log: Pick<EventLog, 'readStream'>,
): PostedTerms {
  return async (id, version) => {
    const action = book.find(id);
    for (const known of [action?.posted, action?.underWay]) {
      if (known?.version === version) return known.terms;
    }
    return termsInLog(log, id, version);
  };
}

async function termsInLog(
  log: Pick<EventLog, 'readStream'>,
  id: ActionId,
  version: number,
): Promise<ActionTerms | undefined> {
  let terms: ActionTerms | undefined;
  for (let from = 1; ;) {
    const page = await log.readStream(corporateActionStream(id), { from });
    for (const event of page as readonly unknown[] as readonly CorporateActionEvent[]) {
      if (event.type !== 'ActionProcessingStarted' || event.data.version !== version) continue;
      terms = event.data.terms;
    }
    if (page.length < pageSize) return terms;
    from += page.length;
  }
}

/** What a page of a stream has at most. */
const pageSize = 1_000;
