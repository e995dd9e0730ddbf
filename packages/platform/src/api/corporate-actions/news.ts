import type { ActionId } from '../../domain/corporate-actions/events.ts';
import type { InstrumentSymbol } from '../../domain/instruments/events.ts';
import type { Ledger } from '../../ledger/ledger.ts';

/** That something was said of an action, for whoever posts it: the log has what. */
export interface ActionNews {
  readonly actionId: ActionId;
  readonly symbol: InstrumentSymbol;
  /** Of the head announcement. */
  readonly version: number;
  readonly reason: 'ANNOUNCED' | 'AMENDED' | 'CANCELLED' | 'RETRY';
  readonly correlationId: string;
}

/**
 * Told once the news is durable. Whatever is told to nobody is found in the read models, so that nothing depends
 * on it.
 */
export type TellNews = (news: ActionNews) => void;

/** Tells what was said of an action. Never rejects: what was said is durable, and is answered so. */
export async function tellOf(
  { corporateActions }: Pick<Ledger, 'corporateActions'>,
  tell: TellNews,
  { actionId, ...said }: Pick<ActionNews, 'actionId' | 'reason' | 'correlationId'>,
): Promise<void> {
  try {
    const { action } = await corporateActions.now(actionId);
    if (action === undefined) return;
    const { version, head } = action;
    tell({ actionId, symbol: head.symbol, version, ...said });
  } catch {
    // Found in the read models later.
  }
}
