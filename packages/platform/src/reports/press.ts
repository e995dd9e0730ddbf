import type { Clock, EventLog } from '@counterfoil/event-store';
import type { SealedLog } from '@counterfoil/event-store/log';
import type { ReportFormat, ReportName } from '../domain/reports/events.ts';
import { writeCsv } from './csv-writer.ts';
import { writeJson } from './json-writer.ts';
import { packageWriter } from './package-writer.ts';
import { pdfWriter } from './pdf-writer.ts';
import type {
  ReportDefinition,
  ReportHead,
  ReportParameters,
  ReportRow,
  ReportWriter,
} from './report.ts';

/** What somebody asks for. */
export interface ReportAsk {
  readonly report: ReportName;
  readonly parameters: ReportParameters;
  readonly format: ReportFormat;
  /** As a signed package. */
  readonly packaged: boolean;
}

/** Makes reports. */
export interface Press {
  /** About how many rows a report has to look at; no more than `limit` are counted. */
  size(ask: ReportAsk, limit: number): Promise<number>;
  /**
   * Begins a report: fixes the part of the log that it reflects. Rejects with a ViewsBehind or a
   * NotSealedYet while that can't be had, and a RecordAltered where the log is not what was sealed; so do
   * the bytes.
   */
  open(ask: ReportAsk, watch?: ReportWatch): Promise<OpenReport>;
}

export interface ReportWatch {
  /** Ends the bytes with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told of rows that were looked at, in the count of `size`. */
  readonly looked?: ((rows: number) => void) | undefined;
}

export interface OpenReport {
  /** What the log had come to. */
  readonly position: number;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** So many have been written. */
  rows(): number;
}

/** The read models did not reach the log's last position in time. */
export class ViewsBehind extends Error {
  override readonly name = 'ViewsBehind';
}

export interface PressParts {
  readonly definitions: Readonly<Record<ReportName, ReportDefinition>>;
  readonly sealedLog: Pick<SealedLog, 'checkpoint' | 'origin' | 'proof' | 'signNote'>;
  readonly log: Pick<EventLog, 'head'>;
  readonly projected: { waitFor(position: number, timeoutMs: number): Promise<boolean> };
  readonly clock: Clock;
}

const behindMsMax = 10_000;

export function createPress(parts: PressParts): Press {
  const { definitions, sealedLog, log, projected, clock } = parts;

  const headOf = async ({ parameters }: ReportAsk): Promise<ReportHead> => {
    const { position } = await log.head();
    const [checkpoint, isThere] = await Promise.all([
      sealedLog.checkpoint(position),
      projected.waitFor(position, behindMsMax),
    ]);
    if (!isThere) throw new ViewsBehind(`the read models have not reached ${position}`);
    return { position, createdAt: clock(), parameters, checkpoint };
  };

  return {
    size: async ({ report, parameters }, limit) => {
      const { position } = await log.head();
      return definitions[report].size(parameters, { position }, limit);
    },
    open: async (ask, { signal, looked } = {}) => {
      const definition = definitions[ask.report];
      const head = await headOf(ask);
      const { position } = head;
      let rows = 0;
      const pages = counted(
        definition.pages(ask.parameters, { position, looked }),
        signal,
        (more) => {
          rows += more;
        },
      );
      const bytes = writerFor(ask, sealedLog)({ definition, head, pages });
      return { position, bytes, rows: () => rows };
    },
  };
}

function writerFor(
  { format, packaged }: ReportAsk,
  sealedLog: PressParts['sealedLog'],
): ReportWriter {
  const write = writers[format];
  return packaged ? packageWriter({ sealedLog, write, format }) : write;
}

const writers: Readonly<Record<ReportFormat, ReportWriter>> = {
  json: writeJson,
  csv: writeCsv,
  pdf: pdfWriter(),
};

async function* counted(
  pages: AsyncIterable<readonly ReportRow[]>,
  signal: AbortSignal | undefined,
  count: (rows: number) => void,
): AsyncIterable<readonly ReportRow[]> {
  for await (const page of pages) {
    signal?.throwIfAborted();
    count(page.length);
    yield page;
  }
}

/** What a report comes as. */
export function mediaTypeOf({ format, packaged }: Pick<ReportAsk, 'format' | 'packaged'>): string {
  if (packaged) return 'application/zip';
  switch (format) {
    case 'json':
      return 'application/json';
    case 'csv':
      return 'text/csv; charset=utf-8; header=present';
    case 'pdf':
      return 'application/pdf';
  }
}

/** What a report is saved as. */
export function fileNameOf(
  { report, format, packaged }: Pick<ReportAsk, 'report' | 'format' | 'packaged'>,
  position: number,
): string {
  return `${report}-${position}.${packaged ? 'zip' : format}`;
}
