import { formatInstant, type Instant, type RecordedEvent } from '@counterfoil/event-store';
import { describe, expect, test } from 'vitest';
import { startProcess } from './command-line.fixture.ts';
import { writeHistory } from './history.fixture.ts';
import { eventsOf, placeOn, storeKinds, useStores, type Place } from './stores.fixture.ts';

const placeIn = useStores();

interface Line {
  readonly position: number;
  readonly aggregateId: string;
  readonly version: number;
  readonly eventType: string;
  readonly timestamp: string;
}

async function replayed(place: Place, ...options: readonly string[]): Promise<readonly Line[]> {
  const { code, output, errors } = await place.run('replay', '--json', ...options);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  return linesOf(output);
}

function linesOf(output: string): readonly Line[] {
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

function asLine({ position, stream, version, type, recordedAt }: RecordedEvent): Line {
  const timestamp = formatInstant(recordedAt);
  return { position, aggregateId: stream, version, eventType: type, timestamp };
}

function toMoment(instant: bigint): string {
  return formatInstant(instant as Instant);
}

describe.each(storeKinds)('LG-13 replay from %s', (kind) => {
  test('prints the whole log, one stream, some types, and any part of it', async () => {
    const place = await placeIn(kind);
    await writeHistory(place.config, 1, 150);
    const events = await eventsOf(place);
    const middle = events[99] as RecordedEvent;
    const choices: [options: string[], isChosen: (event: RecordedEvent) => boolean][] = [
      [[], () => true],
      [['--stream', 'account-A-1'], ({ stream }) => stream === 'account-A-1'],
      [['--type', 'TradeBooked'], ({ type }) => type === 'TradeBooked'],
      [
        ['--type', 'TradeBooked', 'TradeRefused'],
        ({ type }) => type === 'TradeBooked' || type === 'TradeRefused',
      ],
      [['--from', '100'], ({ position }) => position >= 100],
      [['--to', '100'], ({ position }) => position <= 100],
      [['--from', '50', '--to', '100'], ({ position }) => position >= 50 && position <= 100],
      [['--to', '999999999'], () => true],
      [['--from', '100', '--to', '99'], () => false],
      [['--to', toMoment(middle.recordedAt)], ({ recordedAt }) => recordedAt <= middle.recordedAt],
      [
        ['--to', toMoment(middle.recordedAt - 1n)],
        ({ recordedAt }) => recordedAt < middle.recordedAt,
      ],
      [
        ['--stream', 'account-A-1', '--type', 'TradeBooked', '--from', '50', '--to', '100'],
        ({ stream, type, position }) =>
          stream === 'account-A-1' && type === 'TradeBooked' && position >= 50 && position <= 100,
      ],
      [
        ['--stream', 'account-A-1', '--to', toMoment(middle.recordedAt)],
        ({ stream, recordedAt }) => stream === 'account-A-1' && recordedAt <= middle.recordedAt,
      ],
    ];
    for (const [options, isChosen] of choices) {
      const lines = await replayed(place, ...options);
      const expected = events.filter(isChosen).map(asLine);
      expect({ options, lines }).toMatchObject({ options, lines: expected });
    }
  });

  test('folds everything, counts it by type and says what there is', async () => {
    const place = await placeIn(kind);
    await writeHistory(place.config, 2, 60);
    const events = await eventsOf(place);
    const booked = events.filter(({ type }) => type === 'TradeBooked').length;

    const { code, output } = await place.run('replay');

    expect(code).toBe(0);
    expect(output).toMatch(new RegExp(`^ +${booked}  TradeBooked$`, 'm'));
    expect(output).toMatch(
      new RegExp(`^${events.length} events in .* a second\\), folded into `, 'm'),
    );
    expect(output).toContain('folded into 4 accounts, 2 instruments and the prices of 2 symbols');
  });
});

describe('LG-13 replay', () => {
  test('of events with something left out before them folds nothing', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 3, 40);

    expect((await place.run('replay', '--from', '10')).output).not.toContain('folded');
    expect((await place.run('replay', '--type', 'TradeBooked')).output).not.toContain('folded');
    expect((await place.run('replay', '--to', '20')).output).toContain('20 events');
  });

  test('ends quietly when whoever reads it has read enough', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 4, 2_000);
    const running = startProcess(['replay', '--json'], place.environment);

    const { stdout } = running.process;
    stdout?.once('data', () => stdout.destroy());

    expect(await running.ended).toMatchObject({ code: 0, errors: '' });
  });

  test('reads a log that is being written', async () => {
    const place = await placeOn();
    await writeHistory(place.config, 5, 40);
    const before = await eventsOf(place);

    const [lines] = await Promise.all([replayed(place), writeHistory(place.config, 6, 200)]);

    const now = await eventsOf(place);
    expect(lines.length).toBeGreaterThanOrEqual(before.length);
    expect(lines).toMatchObject(now.slice(0, lines.length).map(asLine));
  });
});
