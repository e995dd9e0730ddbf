import { readFileSync } from 'node:fs';
import path from 'node:path';
import { addDays, calendarDate } from '@counterfoil/event-store';
import type { AnnouncementDraft } from '../domain/corporate-actions/announcement.ts';
import { parseActionId, type ActionId } from '../domain/corporate-actions/events.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { Price, Ratio } from '../domain/money/money.ts';

/** A corporate action of the demo. */
export interface PlannedAction {
  /** The same on every machine: CA-AAPLDIVIDEND201106, or CA-AAPLSTKSPLIT200831. */
  readonly id: ActionId;
  readonly draft: AnnouncementDraft;
}

const file = path.join(import.meta.dirname, '../../../../examples/data/expected/aapl-events.json');

type AppleEvent =
  | {
      readonly type: 'SPLIT';
      readonly exDate: string;
      readonly ratioNew: number;
      readonly ratioOld: number;
    }
  | { readonly type: 'DIVIDEND'; readonly exDate: string; readonly declared: string };

/** Apple's splits from 2000 and dividends from 2012 on, oldest first. Throws when the file is not there. */
export function appleActions(): readonly PlannedAction[] {
  return (JSON.parse(readFileSync(file, 'utf8')) as readonly AppleEvent[]).map(actionOf);
}

const announced = {
  symbol: 'AAPL' as InstrumentSymbol,
  source: 'QuantConnect Lean',
  sourceReference: null,
};

// The data does not say when a dividend was paid; Apple pays about a week after the ex-date.
const daysToPayment = 7;

function actionOf(event: AppleEvent): PlannedAction {
  const exDate = calendarDate(event.exDate);
  if (event.type === 'DIVIDEND') {
    return {
      id: idOf('DIVIDEND', event.exDate),
      draft: {
        ...announced,
        actionType: 'DIVIDEND',
        exDate,
        paymentDate: addDays(exDate, daysToPayment),
        terms: { amountPerShare: Price.of(event.declared) },
      },
    };
  }
  const terms = {
    ratioNew: Ratio.of(String(event.ratioNew)),
    ratioOld: Ratio.of(String(event.ratioOld)),
  };
  return {
    id: idOf('STKSPLIT', event.exDate),
    draft: { ...announced, actionType: 'STOCK_SPLIT', exDate, terms },
  };
}

function idOf(kind: string, exDate: string): ActionId {
  const id = parseActionId(`CA-AAPL${kind}${exDate.slice(2).replaceAll('-', '')}`);
  if (id === undefined) throw new Error(`the ${kind} of ${exDate} has no id`);
  return id;
}
