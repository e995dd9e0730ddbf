import type { Clock, EventStore, RecordedEvent } from '@counterfoil/event-store';
import type { SealedLog } from '@counterfoil/event-store/log';
import type { MarketBook } from '../ledger/market-book.ts';
import type { ViewDatabase } from '../queries/views.ts';
import { auditTrail } from './audit-trail.ts';
import { actionRegister } from './corporate-actions.ts';
import { largeTrades } from './large-trades.ts';
import { positionsReport } from './positions.ts';
import { createPress, type PressParts } from './press.ts';
import { createReportFiles } from './report-files.ts';
import { startReportService, type ReportService, type ReportSettings } from './report-service.ts';
import { tradeBlotter } from './trade-blotter.ts';

export interface ReportsParts {
  readonly store: EventStore;
  readonly sealedLog: SealedLog;
  readonly views: ViewDatabase;
  readonly projected: PressParts['projected'];
  readonly market: MarketBook;
  /** The data of an event as JSON can carry it; what is encrypted stays so. */
  readonly present: (event: RecordedEvent) => { readonly data: object };
  /** Where the files of jobs lie. */
  readonly directory: string;
  readonly settings: ReportSettings;
  readonly clock: Clock;
  readonly onFailure: (failure: unknown) => void;
}

/** Every report there is, and the service that makes them. */
export function startReports(parts: ReportsParts): ReportService {
  const { store, sealedLog, views, present, directory } = parts;
  const read = { ...parts, log: store };
  const definitions = {
    'audit-trail': auditTrail({
      log: store,
      sealedLog,
      decode: ({ record }) => store.raw.event(record),
      present: (event) => present(event).data,
    }),
    'trade-blotter': tradeBlotter(read),
    positions: positionsReport(read),
    'large-trades': largeTrades(read),
    'corporate-actions': actionRegister({ views, log: store }),
  };
  return startReportService({
    ...parts,
    press: createPress({ ...read, definitions }),
    files: createReportFiles(directory),
  });
}
