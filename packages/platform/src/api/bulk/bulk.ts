import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Writable } from 'node:stream';
import type { Clock, EventStore } from '@counterfoil/event-store';
import type { FastifyInstance } from 'fastify';
import type { Decisions } from '../../access/decisions.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Vault } from '../../vault/vault.ts';
import { refusalOf } from '../failures.ts';
import { guardLines } from '../guard.ts';
import { causeOf } from '../principal.ts';
import { Refusal } from '../problem.ts';
import { bulkMediaType, bulkSchema } from './bulk-schema.ts';
import { openIntake, type Intake } from './intake.ts';
import { createLanes } from './lanes.ts';
import { answerLine, refusalAnswer } from './line-answers.ts';
import { lineKinds } from './line-commands.ts';
import { createLineReader, type ReadLine } from './line-reader.ts';
import { createLineSplitter, type Line } from './line-splitter.ts';
import { createOrderedOutput } from './ordered-output.ts';
import { createPhases } from './phases.ts';

export interface BulkParts {
  readonly ledger: Pick<Ledger, 'account' | 'instrument' | 'prices' | 'market'>;
  readonly log: Pick<EventStore, 'findClaim' | 'readStream'>;
  readonly vault: Pick<Vault, 'blindIndex'>;
  readonly clock: Clock;
  readonly decisions?: Decisions | undefined;
}

/** Commands as lines of JSON, answered line by line while they come (NDJSON). */
export function bulkRoute(
  api: FastifyInstance,
  { ledger, log, vault, clock, decisions }: BulkParts,
): void {
  const kinds = lineKinds({ ledger, clock });
  const underWay = new Set<Intake>();
  // A stop waits for nobody's stream: what has been read is answered, the rest was never taken.
  api.addHook('preClose', async () => underWay.forEach((intake) => intake.stop()));
  // In a scope of its own: nobody else takes this media type, and this route takes no other.
  void api.register(async (bulk) => {
    bulk.removeAllContentTypeParsers();
    bulk.addContentTypeParser(bulkMediaType, (_, payload, done) => done(null, payload));
    bulk.post('/bulk/commands', { schema: bulkSchema }, async (request, reply) => {
      const input = request.body as IncomingMessage | undefined;
      if (input === undefined) {
        throw new Refusal('MEDIA_TYPE_UNSUPPORTED', 'There is no body, or it has no Content-Type.');
      }
      const read = createLineReader({
        kinds,
        log,
        vault,
        clock,
        cause: causeOf(request),
        refuse: guardLines(request, decisions),
      });
      reply.hijack();
      const headers = { ...reply.getHeaders(), 'content-type': bulkMediaType };
      reply.raw.writeHead(200, headers as OutgoingHttpHeaders);
      const intake = openIntake(input);
      underWay.add(intake);
      await runLines(intake, reply.raw, read);
      underWay.delete(intake);
      // Whoever is still sending has to hear that nobody listens.
      if (!input.complete) input.socket.end();
    });
  });
}

/** The most that a line may have; one with a hundred named lots has a tenth of it. */
const lineBytesMax = 64 * 1024;

/**
 * Lines under way at once, results that wait for their turn included: two batches of the log's writer,
 * one on its way to the disk and one gathering.
 */
const window = 2_000;

/**
 * Reads lines, runs them and writes their answers in order. Reading stops while the window is full, which
 * it is when the ledger or the reader of the answers is slow, and for good when that reader goes.
 */
async function runLines(
  { chunks }: Intake,
  output: Writable,
  read: (line: Line) => ReadLine | Promise<ReadLine>,
): Promise<void> {
  const splitter = createLineSplitter(lineBytesMax);
  const answers = createOrderedOutput(output, window);
  const phases = createPhases();
  const lanes = createLanes();

  const take = async (lines: Iterable<Line>): Promise<void> => {
    for (const line of lines) {
      if (line.kind === 'text' && line.text.trim() === '') continue;
      const room = answers.room();
      if (room !== undefined) await room;
      if (answers.gone()) return;
      const place = answers.reserve();
      let ready: ReadLine;
      try {
        const reading = read(line);
        ready = reading instanceof Promise ? await reading : reading;
      } catch (failure) {
        answers.fill(place, answerLine(line.number, refusalAnswer(refusalOf(failure))));
        continue;
      }
      const { subject, phase, looksBack } = ready.command;
      const turn = phases.enter(phase);
      if (turn !== undefined) await turn;
      lanes.run(subject, looksBack, (done) =>
        ready.run((answer) => {
          answers.fill(place, answerLine(line.number, answer));
          phases.leave();
          done();
        }),
      );
    }
  };

  try {
    for await (const chunk of chunks) {
      await take(splitter.take(chunk));
      if (answers.gone()) return;
    }
    await take(splitter.end());
    await answers.finish();
    output.end();
  } catch {
    // The connection broke: what has begun is finished, and there is nobody to tell.
    output.destroy();
  }
}
