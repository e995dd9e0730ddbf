import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isSensitive,
  sealedMark,
  type CalendarDate,
  type EventLog,
  type RecordedEvent,
} from '@counterfoil/event-store';
import { parse } from 'csv-parse/sync';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AccountId, Side, TradeId } from '../../domain/accounts/events.ts';
import type { InstrumentSymbol } from '../../domain/instruments/events.ts';
import { Money, Price, Quantity } from '../../domain/money/money.ts';
import { openLedger, type LedgerFixture } from '../../ledger/ledger.fixture.ts';
import { openLog } from '../../stores.ts';
import {
  configOf,
  environmentOf,
  runHere,
  startProcess,
  temporaryDirectory,
} from '../command-line.fixture.ts';
import { linesRandomly, type RandomLine } from './random-lines.fixture.ts';

const symbols = ['AAPL', 'IBM', 'SPY'];
const accountIds = Array.from({ length: 40 }, (_, at) => `A-${at}`);
const instruments = `symbol,name,currency\n${symbols.map((symbol) => `${symbol},${symbol},USD\n`).join('')}`;
const accounts = `account_id,owner_name,owner_kind,currency,initial_balance,opened_on\n${accountIds
  .map((id) => `${id},Owner,INDIVIDUAL,USD,200000,2015-01-02\n`)
  .join('')}`;
const header = 'account_id,trade_id,side,symbol,quantity,price,fees,trade_date';

/** A data directory with accounts and instruments, and a file of trades to import into it. */
async function prepare(lines: readonly RandomLine[]) {
  const directory = await temporaryDirectory();
  const data = path.join(directory, 'data');
  const environment = environmentOf(data);
  for (const [kind, text] of Object.entries({ instruments, accounts })) {
    await writeFile(path.join(directory, `${kind}.csv`), text);
    const end = await runHere(['import', kind, path.join(directory, `${kind}.csv`)], environment);
    expect(end.code).toBe(0);
  }
  const file = path.join(directory, 'trades.csv');
  await writeFile(file, [header, ...lines.map(({ text }) => text)].join('\n'));
  return { data, environment, file };
}

/** The same lines, one after the other, in a ledger in memory. */
async function sequentially(lines: readonly RandomLine[]) {
  const fixture = await openLedger();
  onTestFinished(fixture.close);
  for (const symbol of symbols) await list(fixture, symbol as InstrumentSymbol);
  for (const id of accountIds) await open(fixture, id as AccountId);
  const refused: { line: string; code: string }[] = [];
  for (const [at, { trade }] of lines.entries()) {
    const code = trade === undefined ? 'LINE_INVALID' : await book(fixture, trade);
    if (code !== undefined) refused.push({ line: String(at + 2), code });
  }
  return { refused, events: await eventsByAccount(fixture.store) };
}

const cause = { userId: 'test' };

async function list({ ledger }: LedgerFixture, symbol: InstrumentSymbol): Promise<void> {
  const terms = { lotSize: Quantity.of('1'), tickSize: Price.of('0.01'), isin: null };
  await ledger.instrument(
    symbol,
    { type: 'ListInstrument', symbol, name: symbol, currency: 'USD', ...terms },
    { cause },
  );
}

async function open({ ledger }: LedgerFixture, accountId: AccountId): Promise<void> {
  await ledger.account(
    accountId,
    {
      type: 'OpenAccount',
      accountId,
      ownerName: 'Owner',
      ownerKind: 'INDIVIDUAL',
      currency: 'USD',
      initialBalance: Money.of('200000'),
      costMethod: 'FIFO',
      shortSelling: false,
      openedOn: '2015-01-02' as CalendarDate,
    },
    { cause },
  );
}

async function book(
  { ledger }: LedgerFixture,
  [accountId, tradeId, side, symbol, quantity, price, fees, tradeDate]: readonly string[],
): Promise<string | undefined> {
  const result = await ledger.account(
    accountId as AccountId,
    {
      type: 'BookTrade',
      tradeId: tradeId as TradeId,
      side: side as Side,
      symbol: symbol as InstrumentSymbol,
      quantity: Quantity.of(quantity ?? ''),
      price: Price.of(price ?? ''),
      fees: Money.of(fees ?? ''),
      tradeDate: tradeDate as CalendarDate,
    },
    { cause },
  );
  return result.kind === 'rejected' ? result.rejection.code : undefined;
}

async function eventsByAccount(log: EventLog): Promise<Record<string, unknown[]>> {
  const facts: Record<string, unknown[]> = {};
  for (const id of accountIds) {
    const events: RecordedEvent[] = [];
    for (let from = 1; ; from += 1_000) {
      const page = await log.readStream(`account-${id}` as never, { from, limit: 1_000 });
      events.push(...page);
      if (page.length < 1_000) break;
    }
    facts[id] = events.map(({ type, data }) => ({ type, data: withoutSealed(data as object) }));
  }
  return facts;
}

/** Names are sealed under other keys each time. */
function withoutSealed(data: object): object {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, isSensitive(value) ? sealedMark : value]),
  );
}

async function importedState(data: string, file: string) {
  const log = await openLog(configOf(environmentOf(data)));
  const events = await eventsByAccount(log);
  await log.close();
  const rows: { line: string; code: string }[] = parse(await readFile(`${file}.refused.csv`), {
    columns: true,
  });
  return { refused: rows.map(({ line, code }) => ({ line, code })), events };
}

function head(data: string): number {
  const database = new DatabaseSync(path.join(data, 'log.sqlite'), {
    readOnly: true,
    // The first to open it after a kill recovers it, and has it alone for that time.
    timeout: 10_000,
  });
  const [row] = database.prepare('SELECT max(position) AS head FROM events').all();
  database.close();
  return Number(row?.['head'] ?? 0);
}

describe('OP-11 an import that is interrupted', () => {
  test(
    'by kill -9, again and again, ends as if nothing had happened',
    { timeout: 240_000 },
    async () => {
      const seed = randomInt(2 ** 31);
      console.info(`seed ${seed}`);
      const { lines, random } = linesRandomly(seed, 9_000, accountIds, symbols);
      const { data, environment, file } = await prepare(lines);
      const command = ['import', 'trades', file];
      let killed = 0;
      for (;;) {
        const goal = head(data) + 200 + random(1_500);
        const running = startProcess(command, environment);
        let isOver = false;
        void running.ended.finally(() => {
          isOver = true;
        });
        while (!isOver && head(data) < goal) await sleep(2);
        running.process.kill('SIGKILL');
        const { code } = await running.ended;
        if (code !== null) break;
        killed += 1;
        expect(existsSync(`${file}.checkpoint.json`)).toBe(true);
      }

      expect(killed).toBeGreaterThan(2);
      expect(existsSync(`${file}.checkpoint.json`)).toBe(false);
      expect(await importedState(data, file)).toEqual(await sequentially(lines));
    },
  );

  test(
    'by Ctrl-C stops with word of how far it came, and goes on there',
    { timeout: 120_000 },
    async () => {
      const { lines } = linesRandomly(7, 6_000, accountIds, symbols);
      const { data, environment, file } = await prepare(lines);
      const before = head(data);
      const running = startProcess(['import', 'trades', file], environment);
      while (head(data) < before + 300) await sleep(2);
      running.process.kill('SIGINT');

      const stopped = await running.ended;

      expect(stopped.code).toBe(130);
      const [, line] =
        /Stopped behind line ([\d,]+): start the same command again/.exec(stopped.errors) ?? [];
      const again = await runHere(['import', 'trades', file], environment);
      expect(again.code).toBe(2);
      expect(again.errors).toContain(`Going on behind line ${line}\n`);
      expect(await importedState(data, file)).toEqual(await sequentially(lines));
    },
  );

  test('is not taken up in a log that has been restored since', { timeout: 120_000 }, async () => {
    const { lines } = linesRandomly(11, 6_000, accountIds, symbols);
    const { data, environment, file } = await prepare(lines);
    const backup = `${file}.backup`;
    expect(await runHere(['backup', backup], environment)).toMatchObject({ code: 0 });
    const running = startProcess(['import', 'trades', file], environment);
    while (head(data) < 500) await sleep(2);
    running.process.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130 });
    expect(await runHere(['restore', backup, '--in-place'], environment)).toMatchObject({
      code: 0,
    });

    const again = await runHere(['import', 'trades', file], environment);

    expect(again.errors).not.toContain('Going on');
    expect(await importedState(data, file)).toEqual(await sequentially(lines));
  });
});
