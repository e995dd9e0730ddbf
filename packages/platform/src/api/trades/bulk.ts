import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cause } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { IntakeOverloaded, type Accepted, type Intake } from '../../capture/intake.ts';
import { TradeRecordRequest } from '../../domain/trade-records/contract.ts';
import { describeRejection } from '../../ledger/describe-rejection.ts';
import { openIntake, type Intake as OpenStream } from '../bulk/intake.ts';
import { refusalAnswer } from '../bulk/line-answers.ts';
import { createLineSplitter, type Line } from '../bulk/line-splitter.ts';
import { refusalOf } from '../failures.ts';
import { streamSchema, type DocumentedSchema } from '../operation.ts';
import { causeOf } from '../principal.ts';
import { Refusal } from '../problem.ts';
import {
  csvLineReader,
  HeaderInvalid,
  lineBytesMax,
  readJsonLine,
  type DateOrder,
  type ReadTradeLine,
} from './trade-lines.ts';

const ndjson = 'application/x-ndjson';
const csv = 'text/csv';

const CaptureLineAnswer = Type.Object(
  {
    line: Type.Integer({ description: 'From 1, blank lines and the header counted' }),
    status: Type.Enum(['accepted', 'rejected', 'invalid', 'failed']),
    request_id: Type.Optional(Type.String({ description: 'Of an accepted line' })),
    code: Type.Optional(Type.String({ description: 'Of an error, as in problem documents' })),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(Type.Object({}))),
  },
  { title: 'CaptureLineAnswer' },
);

const example = [
  '{"trade_id":"T2","version":1,"counterparty_id":"CP-1","book_id":"B1","maturity_date":"2099-05-20"}',
  '{"trade_id":"T3","version":1,"counterparty_id":"CP-2","book_id":"B1","maturity_date":"2099-05-20"}',
  '',
].join('\n');

const schema = withCsv(
  streamSchema(
    {
      tag: 'Trade capture',
      id: 'captureTrades',
      access: { resource: 'trades', permission: 'CREATE' },
      summary: 'Take in many records in one stream',
      description:
        'Lines of JSON, or CSV (text/csv) whose first line names the fields, as long as they may be. Each ' +
        'line is answered by a line, in order: "accepted" ones are durable and have their outcome under ' +
        'their request_id in the end, "invalid" ones broke the contract, "rejected" ones would have been ' +
        'refused anyway, "failed" ones may be sent again. The server stops reading while answers are ' +
        'not read, so read while you write. Sent twice, a line replaces its record by the same.',
      query: {
        dates: Type.Optional(
          Type.Enum(['iso', 'day-first'], {
            description:
              'How dates of CSV are written: 2027-05-20 (iso, the default) or 20/05/2027',
          }),
        ),
      },
      errors: ['MEDIA_TYPE_UNSUPPORTED', 'CSV_INVALID', 'LINE_TOO_LONG', 'REQUEST_INVALID'],
    },
    ndjson,
    {
      request: Type.Union([TradeRecordRequest], { examples: [example] }),
      answer: CaptureLineAnswer,
    },
  ),
);

function withCsv(documented: DocumentedSchema): DocumentedSchema {
  return { ...documented, 'x-body': { ...documented['x-body'], [csv]: { schema: Type.String() } } };
}

/** Many trades in one request, answered line by line. */
export function captureBulkRoute(
  api: FastifyInstance,
  { intake }: { readonly intake: Intake },
): void {
  const underWay = new Set<OpenStream>();
  // A stop waits for nobody's stream: what has been read is answered, the rest was never taken.
  api.addHook('preClose', async () => underWay.forEach((stream) => stream.stop()));
  void api.register(async (bulk) => {
    bulk.removeAllContentTypeParsers();
    bulk.addContentTypeParser([ndjson, csv], (_, payload, done) => done(null, payload));
    type Querying = { Querystring: { dates?: DateOrder } };
    bulk.post<Querying>('/trades/bulk', { schema }, async (request, reply) => {
      const input = request.body as IncomingMessage | undefined;
      if (input === undefined) {
        throw new Refusal('MEDIA_TYPE_UNSUPPORTED', 'There is no body, or it has no Content-Type.');
      }
      const isCsv = request.headers['content-type']?.startsWith(csv) === true;
      const read = isCsv ? csvLineReader(request.query.dates ?? 'iso') : readJsonLine;
      reply.hijack();
      const headers = { ...reply.getHeaders(), 'content-type': ndjson };
      reply.raw.writeHead(200, headers as OutgoingHttpHeaders);
      const stream = openIntake(input);
      underWay.add(stream);
      await runLines(stream, reply.raw, read, intake, causeOf(request));
      underWay.delete(stream);
      // Whoever is still sending has to hear that nobody listens.
      if (!input.complete) input.socket.end();
    });
  });
}

/** Lines accepted in one go, and goes under way at once: so much is in memory and no more. */
const linesAtOnce = 1_000;
const goesAtOnce = 4;

async function runLines(
  { chunks }: OpenStream,
  output: Writable,
  read: ReadTradeLine,
  intake: Intake,
  cause: Cause,
): Promise<void> {
  const splitter = createLineSplitter(lineBytesMax);
  const answering: Promise<string>[] = [];
  let lines: ReadLine[] = [];
  let gone = false;
  output.on('close', () => {
    gone = true;
  });

  const answerFirst = async (): Promise<void> => {
    const text = await answering.shift();
    if (text === undefined || gone) return;
    if (!output.write(text)) await drained(output);
  };

  const go = async (): Promise<void> => {
    if (lines.length > 0) answering.push(answersTo(lines, intake, cause));
    lines = [];
    while (answering.length >= goesAtOnce) await answerFirst();
  };

  /** False when nothing behind can be read. */
  const take = async (some: Iterable<Line>): Promise<boolean> => {
    for (const line of some) {
      const one = readLine(line, read, intake);
      if (one !== undefined) lines.push(one);
      if (one?.kind === 'answered' && one.last) return false;
      if (lines.length >= linesAtOnce) await go();
      if (gone) return false;
    }
    return true;
  };

  const readAll = async (): Promise<void> => {
    for await (const chunk of chunks) {
      if (!(await take(splitter.take(chunk)))) return;
      await go();
    }
    await take(splitter.end());
  };

  try {
    await readAll();
    await go();
    while (answering.length > 0) await answerFirst();
    output.end();
  } catch {
    // The connection broke: what was accepted is accepted, and there is nobody to tell.
    output.destroy();
  }
}

/** Resolves when the reader has room again, or is gone. */
function drained(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      output.off('drain', done).off('close', done);
      resolve();
    };
    output.on('drain', done).on('close', done);
  });
}

type ReadLine =
  | { readonly kind: 'trade'; readonly number: number; readonly trade: TradeRecordRequest }
  | {
      readonly kind: 'answered';
      readonly number: number;
      readonly answer: object;
      readonly last: boolean;
    };

function readLine(line: Line, read: ReadTradeLine, intake: Intake): ReadLine | undefined {
  const { number } = line;
  const answered = (answer: object, last = false): ReadLine => {
    return { kind: 'answered', number, answer, last };
  };
  try {
    const trade = read(line);
    if (trade === undefined) return undefined;
    const rejection = intake.foresee(trade);
    if (rejection === undefined) return { kind: 'trade', number, trade };
    const { code } = rejection;
    const detail = describeRejection(rejection, trade.trade_id);
    return answered({ status: 'rejected', code, detail });
  } catch (failure) {
    return answered(refusalAnswer(refusalOf(failure)), failure instanceof HeaderInvalid);
  }
}

async function answersTo(
  lines: readonly ReadLine[],
  intake: Intake,
  cause: Cause,
): Promise<string> {
  const trades = lines.flatMap((line) => (line.kind === 'trade' ? { trade: line.trade } : []));
  let accepted: readonly Accepted[] = [];
  let failed: object | undefined;
  try {
    accepted = await acceptWhenPossible(trades, intake, cause);
  } catch (failure) {
    failed = refusalAnswer(refusalOf(failure));
  }
  let place = 0;
  let text = '';
  for (const line of lines) {
    const { number } = line;
    if (line.kind === 'answered') {
      text += `${JSON.stringify({ line: number, ...line.answer })}\n`;
    } else if (failed === undefined) {
      text += `{"line":${number},"status":"accepted","request_id":"${accepted[place]?.id}"}\n`;
      place += 1;
    } else {
      text += `${JSON.stringify({ line: number, ...failed })}\n`;
    }
  }
  return text;
}

const pauseMs = 20;

/** A stream can wait for its turn; nobody waits for its single answers. */
async function acceptWhenPossible(
  trades: readonly { readonly trade: TradeRecordRequest }[],
  intake: Intake,
  cause: Cause,
): Promise<readonly Accepted[]> {
  if (trades.length === 0) return [];
  for (;;) {
    try {
      return await intake.accept(trades, cause);
    } catch (failure) {
      if (!(failure instanceof IntakeOverloaded)) throw failure;
      await sleep(pauseMs);
    }
  }
}
