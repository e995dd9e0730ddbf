import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../packages/platform/src/config.ts';
import { Quantity } from '../../packages/platform/src/domain/money/money.ts';
import { openLog } from '../../packages/platform/src/stores.ts';
import { must } from '../simulation/must.ts';
import { randomOf, type Random } from '../simulation/random.ts';
import { serveProgram } from './served-program.ts';
import { authorizationFor } from './token.ts';

export interface CaptureRoundsOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly onRound?: ((round: number, kind: string, tally: CaptureTally) => void) | undefined;
}

export interface CaptureTally {
  /** Requests that were answered with 202. */
  accepted: number;
  /** Requests whose answer the crash swallowed. */
  unanswered: number;
  /** Over all rounds, requests that were still pending when the program was started again. */
  leftPending: number;
  succeeded: number;
  failed: number;
}

interface Outcome {
  readonly request_id: string;
  readonly status: 'PENDING' | 'SUCCESS' | 'FAILED';
  readonly code: string | null;
  readonly position: number | null;
}

const accounts = ['A1', 'A2'];
const clients = 32;
const settleMsMax = 60_000;

/**
 * Kills the whole program with SIGKILL while trades are sent to it over HTTP, again and again on one data
 * directory. Whatever was answered with 202 must have one outcome, for ever, and stand in the log once;
 * what the accounts hold must be what the current records book.
 */
export async function captureRounds(options: CaptureRoundsOptions): Promise<CaptureTally> {
  const { rounds, seed, onRound } = options;
  const directory = await mkdtemp(path.join(tmpdir(), 'counterfoil-capture-crash-'));
  const random = randomOf(seed);
  const tally = { accepted: 0, unanswered: 0, leftPending: 0, succeeded: 0, failed: 0 };
  const outcomes = new Map<string, Outcome | undefined>();
  try {
    await prepare(directory);
    for (let round = 1; round <= rounds; round += 1) {
      const early = random.chance(0.1);
      if (early) await killWhileStarting(directory, random);
      await strike(directory, random, round, outcomes, tally);
      onRound?.(round, early ? 'at start and under load' : 'under load', tally);
    }
    await settleAll(directory, outcomes, tally);
    await checkLog(directory, outcomes);
    for (const outcome of outcomes.values()) {
      if (outcome?.status === 'SUCCESS') tally.succeeded += 1;
      else tally.failed += 1;
    }
    return tally;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function prepare(directory: string): Promise<void> {
  const served = await serveProgram(directory);
  if (served === undefined) throw new Error('it was killed before anybody killed it');
  await send(served.url, '/instruments', { symbol: 'AAPL', name: 'Apple Inc.', currency: 'USD' });
  for (const accountId of accounts) {
    await send(served.url, '/accounts', {
      accountId,
      ownerName: 'Owner',
      ownerKind: 'INDIVIDUAL',
      currency: 'USD',
      initialBalance: '100000',
    });
  }
  await served.kill();
}

async function killWhileStarting(directory: string, random: Random): Promise<void> {
  let kill: (() => Promise<void>) | undefined;
  const starting = serveProgram(directory, (given) => {
    kill = given;
  });
  await sleep(random.below(700));
  await kill?.();
  await starting;
}

async function strike(
  directory: string,
  random: Random,
  round: number,
  outcomes: Map<string, Outcome | undefined>,
  tally: CaptureTally,
): Promise<void> {
  const served = await serveProgram(directory);
  if (served === undefined) throw new Error('it was killed before anybody killed it');
  const { url, kill } = served;
  // Told once, it is told so for ever.
  const before = await look(url, outcomes);
  if (round > 1) tally.leftPending += before;
  let sending = true;
  const client = async (): Promise<void> => {
    while (sending) {
      try {
        const answer = await send(url, '/trades', trade(random, round));
        if (answer.status === 400) continue;
        must(answer.status === 202, () => `a trade was answered with ${answer.text}`);
        const { request_id: id } = JSON.parse(answer.text) as { readonly request_id: string };
        outcomes.set(id, undefined);
        tally.accepted += 1;
      } catch (failure) {
        // Killed: nobody was told anything.
        if (sending) throw failure;
        tally.unanswered += 1;
      }
    }
  };
  const running = Array.from({ length: clients }, client);
  await sleep(random.between(20, 400));
  sending = false;
  await kill();
  await Promise.all(running);
}

/** Versions of a few trades, most of them booked in one of two accounts, some more than that can pay. */
function trade(random: Random, round: number): object {
  const record = {
    trade_id: random.chance(0.1) ? `T${random.below(5)}` : `T${round}-${random.below(300)}`,
    version: random.between(1, 6),
    counterparty_id: `CP-${random.below(9)}`,
    book_id: 'B1',
    maturity_date: '2099-05-20',
  };
  return random.chance(0.3)
    ? record
    : {
        ...record,
        account: random.pick(accounts),
        symbol: 'AAPL',
        side: 'BUY',
        quantity: random.chance(0.05) ? '100000' : `${random.between(1, 9)}`,
        price: '10',
      };
}

/** Asks for what has no outcome yet, and now and then for what has one. Answers how many are pending. */
async function look(url: string, outcomes: Map<string, Outcome | undefined>): Promise<number> {
  let pending = 0;
  const ids = [...outcomes.keys()];
  for (let from = 0; from < ids.length; from += 100) {
    const asked = ids.slice(from, from + 100);
    const { status: answered, text } = await send(url, `/requests?ids=${asked.join(',')}`);
    if (answered === 503) {
      // It has much to do at once when it is back.
      await sleep(100);
      from -= 100;
      continue;
    }
    const { items, unknown } = JSON.parse(text) as {
      readonly items: readonly Outcome[];
      readonly unknown: readonly string[];
    };
    must(unknown.length === 0, () => `accepted requests are gone: ${unknown.join(', ')}`);
    for (const item of items) {
      const { request_id: id, status, code, position } = item;
      const told = outcomes.get(id);
      must(
        told === undefined ||
          (told.status === status && told.code === code && told.position === position),
        () => `${id} was ${JSON.stringify(told)} and is ${JSON.stringify(item)}`,
      );
      if (status === 'PENDING') pending += 1;
      else outcomes.set(id, item);
    }
  }
  return pending;
}

async function settleAll(
  directory: string,
  outcomes: Map<string, Outcome | undefined>,
  tally: CaptureTally,
): Promise<void> {
  const served = await serveProgram(directory);
  if (served === undefined) throw new Error('it was killed before anybody killed it');
  tally.leftPending += await look(served.url, outcomes);
  const deadline = performance.now() + settleMsMax;
  while ((await look(served.url, outcomes)) > 0) {
    must(performance.now() < deadline, () => 'accepted requests stay pending');
    await sleep(50);
  }
  await served.kill();
}

/** Each accepted request is in the log once, as it was told; what nobody was told of, once at most. */
async function checkLog(
  directory: string,
  outcomes: ReadonlyMap<string, Outcome | undefined>,
): Promise<void> {
  const log = await openLog(loadConfig({ environment: { COUNTERFOIL_DATA_DIR: directory } }));
  const seen = new Map<string, { readonly refused: string | undefined }>();
  const held = new Map<string, bigint>();
  const current = new Map<string, Booking | null>();
  try {
    for (let after = 0; ;) {
      const page = await log.readAll({ after, limit: 5_000 });
      for (const { stream, type, data } of page.events) {
        if (type === 'TradeBooked' || type === 'TradeCancelled') {
          const { quantity, quantityChange } = data as Posted;
          held.set(stream, (held.get(stream) ?? 0n) + (quantityChange ?? quantity ?? 0n));
        }
        if (!type.startsWith('TradeRecord')) continue;
        const { requestId, code, economics } = data as Recorded;
        must(!seen.has(requestId), () => `request ${requestId} is in the log twice`);
        seen.set(requestId, { refused: code });
        if (code === undefined) current.set(stream, economics);
      }
      after = page.scannedTo;
      if (!page.more) break;
    }
  } finally {
    await log.close();
  }
  for (const [id, outcome] of outcomes) {
    const found = seen.get(id);
    must(found !== undefined, () => `accepted request ${id} is not in the log`);
    const told = outcome?.status === 'FAILED' ? outcome.code : undefined;
    must(
      outcome !== undefined && found.refused === (told ?? undefined),
      () => `${id} was told ${JSON.stringify(outcome)}, the log says ${JSON.stringify(found)}`,
    );
  }
  for (const account of accounts) {
    const booked = [...current.values()]
      .filter((booking) => booking?.accountId === account)
      .reduce((sum, booking) => sum + (booking?.quantity ?? 0n), 0n);
    const there = held.get(`account-${account}`) ?? 0n;
    must(
      there === booked,
      () =>
        `${account} holds ${Quantity.format(there as Quantity)}, its trades say ${Quantity.format(booked as Quantity)}`,
    );
  }
}

interface Booking {
  readonly accountId: string;
  readonly quantity: bigint;
}

interface Posted {
  readonly quantity?: bigint;
  readonly quantityChange?: bigint;
}

interface Recorded {
  readonly requestId: string;
  readonly code: string | undefined;
  readonly economics: Booking | null;
}

const agent = new Agent({ keepAlive: true, maxSockets: clients });

function send(
  url: string,
  resource: string,
  body?: object,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      `${url}/api/v1${resource}`,
      {
        agent,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...authorizationFor(url),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
        response.on('aborted', () => reject(new Error('the answer broke off')));
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
