import { randomBytes } from 'node:crypto';
import {
  createCommandHandler,
  type CommandResult,
  type EventStore,
  type HandleOptions,
} from '@counterfoil/event-store';
import {
  announcementFrom,
  type ActionMarket,
  type AnnouncementDraft,
} from '../domain/corporate-actions/announcement.ts';
import type {
  AmendAction,
  AnnounceAction,
  AnnouncementCommand,
  AnnouncementRejection,
  CorporateActionCommand,
  CorporateActionRejection,
  ProcessingCommand,
  ProcessingRejection,
} from '../domain/corporate-actions/commands.ts';
import {
  corporateActionDecider,
  type CorporateActionState,
} from '../domain/corporate-actions/corporate-action.ts';
import { corporateActionStream, type ActionId } from '../domain/corporate-actions/events.ts';
import { redFlags, type RedFlag } from '../domain/corporate-actions/red-flags.ts';
import type { MarketBook } from './market-book.ts';

/** What is said of an action; the ledger adds the market. */
export type AnnouncementInstruction =
  | Omit<AnnounceAction, 'market'>
  | Omit<AmendAction, 'market'>
  | Exclude<AnnouncementCommand, { readonly type: 'AnnounceAction' | 'AmendAction' }>;

/** The way in for commands on corporate actions. A result is durable when its promise resolves. */
export interface CorporateActions {
  /** What sources and people say. */
  handle(
    id: ActionId,
    instruction: AnnouncementInstruction,
    options: HandleOptions<AnnouncementRejection>,
  ): Promise<CommandResult<AnnouncementRejection>>;
  /** What whoever posts to the accounts reports. */
  handle(
    id: ActionId,
    command: ProcessingCommand,
    options: HandleOptions<ProcessingRejection>,
  ): Promise<CommandResult<ProcessingRejection>>;
  /** An action as it is now, with the version of its stream: undefined and 0 before it was announced. */
  now(id: ActionId): Promise<{ readonly action: CorporateActionState; readonly version: number }>;
  /** What is unusual about an announcement, by the last price of its symbol and today. */
  warnings(draft: AnnouncementDraft): readonly RedFlag[];
}

export function createCorporateActions(store: EventStore, book: MarketBook): CorporateActions {
  const actions = createCommandHandler(store, corporateActionDecider);
  const market: ActionMarket = {
    calendar: book.calendar,
    currencyOf: (symbol) => book.instrument(symbol)?.currency,
  };

  const handle = (
    id: ActionId,
    said: AnnouncementInstruction | ProcessingCommand,
    options: HandleOptions<CorporateActionRejection>,
  ): Promise<CommandResult<CorporateActionRejection>> =>
    actions.handle(corporateActionStream(id), withMarket(said, market), options);

  return {
    // Which kind of command is refused for which kind of reason is what the decider's types say.
    handle: handle as CorporateActions['handle'],
    now: async (id) => {
      const { state, version } = await actions.load(corporateActionStream(id));
      return { action: state, version };
    },
    warnings: (draft) =>
      redFlags(announcementFrom(draft), book.prices(draft.symbol).last?.price, book.today()),
  };
}

function withMarket(
  said: AnnouncementInstruction | ProcessingCommand,
  market: ActionMarket,
): CorporateActionCommand {
  return said.type === 'AnnounceAction' || said.type === 'AmendAction' ? { ...said, market } : said;
}

// Crockford's base 32, which leaves out what is taken for another sign when it is read aloud or copied.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const signs = 18;

/** An id that no other action has: 90 random bits. */
export function newActionId(): ActionId {
  const random = randomBytes(signs);
  return `CA-${Array.from(random, (byte) => alphabet.charAt(byte & 31)).join('')}` as ActionId;
}
