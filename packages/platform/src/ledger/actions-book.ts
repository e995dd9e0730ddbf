import type { CalendarDate, EventLog, RecordedEvent } from '@counterfoil/event-store';
import {
  corporateActionDecider,
  type CorporateAction,
  type PostedVersion,
  type UnderWay,
} from '../domain/corporate-actions/corporate-action.ts';
import {
  actionOfStream,
  corporateActionEventTypes,
  type ActionId,
  type ActionTerms,
  type Announcement,
  type CorporateActionEvent,
} from '../domain/corporate-actions/events.ts';
import { actingVersion, type ActingVersion } from '../domain/corporate-actions/put-off.ts';
import type { InstrumentSymbol } from '../domain/instruments/events.ts';
import { followLog } from './followed-log.ts';

/** Corporate actions in memory, kept up to date from the log. */
export interface ActionsBook {
  find(id: ActionId): CorporateAction | undefined;
  /** Those in force on a symbol, ascending by ex-date: what the accounts hold postings of. */
  postedOn(symbol: InstrumentSymbol): readonly PostedAction[];
  /**
   * As `postedOn`, and those that are being posted, as they are: what somebody is to be given today who turns
   * out to have held the instrument. What is cancelled, or amended and not due any more, is given to nobody.
   */
  actingOn(symbol: InstrumentSymbol, today: CalendarDate): readonly ActingAction[];
  /** The changes of symbol in force that ended in this one, ascending by ex-date. */
  changesInto(symbol: InstrumentSymbol): readonly PostedAction[];
  /** Resolves once the book reflects the log up to a position: to read one's own writes. */
  reach(position: number): Promise<void>;
  close(): Promise<void>;
}

/** The version of an action that was completed last and not reversed. */
export interface PostedAction extends PostedVersion {
  readonly id: ActionId;
}

/** A version of an action that accounts hold postings of, or are about to. */
export interface ActingAction extends ActingVersion {
  readonly id: ActionId;
}

const types = corporateActionEventTypes.map(({ type }) => type);

/** Reads the actions from the log, then follows it. Resolves once it has seen all that is there. */
export async function openActionsBook({
  store,
}: {
  readonly store: EventLog;
}): Promise<ActionsBook> {
  const actions = new Map<ActionId, CorporateAction>();
  const bySymbol = createPostings();
  const byNewSymbol = createPostings();
  const underWay = new Map<InstrumentSymbol, Map<ActionId, UnderWay>>();
  const sharing = createSharing();

  const apply = (event: RecordedEvent): void => {
    const id = actionOfStream(event.stream);
    const before = actions.get(id);
    const fact = sharing(event as CorporateActionEvent & RecordedEvent, before);
    const after = corporateActionDecider.evolve(before, fact);
    if (after === undefined) return;
    actions.set(id, after);
    if (after.underWay !== before?.underWay || after.status !== before?.status) {
      noteUnderWay(underWay, id, after);
    }
    if (after.posted === before?.posted) return;
    bySymbol.replace(id, symbolOf(before?.posted), symbolOf(after.posted), after.posted);
    byNewSymbol.replace(id, newSymbolOf(before?.posted), newSymbolOf(after.posted), after.posted);
  };

  const followed = await followLog(store, types, apply);
  return {
    find: (id) => actions.get(id),
    postedOn: bySymbol.of,
    actingOn: (symbol, today) => {
      const isActing = ({ id, version }: ActingAction): boolean => {
        const action = actions.get(id);
        return action !== undefined && actingVersion(action, today)?.version === version;
      };
      const begun = Array.from(underWay.get(symbol) ?? [], ([id, version]) => ({ id, ...version }));
      return [...bySymbol.of(symbol), ...begun].filter(isActing);
    },
    changesInto: byNewSymbol.of,
    reach: followed.reach,
    close: followed.close,
  };
}

function noteUnderWay(
  underWay: Map<InstrumentSymbol, Map<ActionId, UnderWay>>,
  id: ActionId,
  { head: { symbol }, underWay: begun, status }: CorporateAction,
): void {
  const others = underWay.get(symbol) ?? new Map<ActionId, UnderWay>();
  if (begun === undefined || status === 'CANCELLED') others.delete(id);
  else others.set(id, begun);
  if (others.size === 0) underWay.delete(symbol);
  else underWay.set(symbol, others);
}

function symbolOf(posted: PostedVersion | undefined): InstrumentSymbol | undefined {
  return posted?.announcement.symbol;
}

function newSymbolOf(posted: PostedVersion | undefined): InstrumentSymbol | undefined {
  return posted?.announcement.actionType === 'SYMBOL_CHANGE'
    ? (posted.terms.otherSymbol ?? undefined)
    : undefined;
}

interface Postings {
  of(symbol: InstrumentSymbol): readonly PostedAction[];
  /** Puts what is posted of an action now in place of what was. */
  replace(
    id: ActionId,
    from: InstrumentSymbol | undefined,
    to: InstrumentSymbol | undefined,
    posted: PostedVersion | undefined,
  ): void;
}

/** Posted actions by symbol. They are put in order when first asked for: a load of actions is not asked one by one. */
function createPostings(): Postings {
  const posted = new Map<InstrumentSymbol, Map<ActionId, PostedVersion>>();
  const sorted = new Map<InstrumentSymbol, readonly PostedAction[]>();
  return {
    of: (symbol) => {
      const known = sorted.get(symbol);
      if (known !== undefined) return known;
      const actions = [...(posted.get(symbol) ?? [])].map(([id, version]) => ({ id, ...version }));
      const list = actions.toSorted(byExDate);
      // A symbol that nobody has acted on is not remembered: callers may ask for any.
      if (list.length > 0) sorted.set(symbol, list);
      return list;
    },
    replace: (id, from, to, version) => {
      if (from !== undefined) {
        const rest = posted.get(from);
        rest?.delete(id);
        if (rest?.size === 0) posted.delete(from);
        sorted.delete(from);
      }
      if (to === undefined || version === undefined) return;
      const others = posted.get(to) ?? new Map<ActionId, PostedVersion>();
      posted.set(to, others.set(id, version));
      sorted.delete(to);
    },
  };
}

function byExDate(left: PostedAction, right: PostedAction): number {
  const { exDate } = left.announcement;
  return exDate < right.announcement.exDate ? -1 : exDate > right.announcement.exDate ? 1 : 0;
}

/**
 * Makes an event refer to the symbols and dates that are in memory already, and to the terms of the announcement
 * where nothing was looked up for it: what hundreds of thousands of actions have in common is kept once.
 */
function createSharing(): (
  event: CorporateActionEvent,
  before: CorporateAction | undefined,
) => CorporateActionEvent {
  const texts = new Map<string, string>();
  const shared = <Text extends string | null>(text: Text): Text => {
    if (text === null) return text;
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return (known as Text | undefined) ?? text;
  };
  const withSharedTexts = (announcement: Announcement): Announcement => ({
    ...announcement,
    symbol: shared(announcement.symbol),
    exDate: shared(announcement.exDate),
    recordDate: shared(announcement.recordDate),
    paymentDate: shared(announcement.paymentDate),
    effectiveDate: shared(announcement.effectiveDate),
    electionDeadline: shared(announcement.electionDeadline),
    source: shared(announcement.source),
  });
  return (event, before) => {
    const { type, data } = event;
    if ('announcement' in data) {
      const announcement = withSharedTexts(data.announcement);
      return { type, data: { ...data, announcement } } as CorporateActionEvent;
    }
    if ('terms' in data && before !== undefined && isSame(before.head.terms, data.terms)) {
      return { type, data: { ...data, terms: before.head.terms } } as CorporateActionEvent;
    }
    return event;
  };
}

function isSame(left: ActionTerms, right: ActionTerms): boolean {
  return (Object.keys(left) as (keyof ActionTerms)[]).every((name) => left[name] === right[name]);
}
