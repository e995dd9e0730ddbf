import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { textCell, writeCsv } from './csv-writer.ts';
import { writeJson } from './json-writer.ts';
import { pdfWriter } from './pdf-writer.ts';
import { sampleReport, sampleRow, textsOfPdf, writtenBy } from './report.fixture.ts';
import type { ReportRow } from './report.ts';

const writePdf = pdfWriter({ compress: false });

type Cells = Readonly<Record<string, string>>;

async function jsonOf(pages: readonly (readonly ReportRow[])[]) {
  return JSON.parse((await writtenBy(writeJson, sampleReport(pages))).toString()) as {
    readonly rows: readonly ReportRow[];
    readonly row_count: number;
    readonly totals: readonly ReportRow[];
  };
}

async function csvOf(pages: readonly (readonly ReportRow[])[]): Promise<readonly Cells[]> {
  const bytes = await writtenBy(writeCsv, sampleReport(pages));
  return parse(bytes, { columns: true, record_delimiter: '\r\n' });
}

/** The lines of totals, as each form has them. */
async function totalsOf(pages: readonly (readonly ReportRow[])[]) {
  const json = await jsonOf(pages);
  const csv = await csvOf(pages);
  const pdf = textsOfPdf(await writtenBy(writePdf, sampleReport(pages)));
  const inPdf = pdf.slice(pdf.findIndex((text) => text.startsWith('Totals of')));
  const titles = inPdf.slice(1, 5);
  const end = inPdf.indexOf('Checkpoint of the log');
  const cells = inPdf.slice(5, end);
  const table: Cells[] = [];
  for (let at = 0; at < cells.length; at += 4) {
    const line = titles.map((title, place) => [title, cells[at + place] ?? '']);
    table.push(Object.fromEntries(line) as Cells);
  }
  return {
    json: json.totals.map((total) => ({ ...total, rows: String(total['rows']) })),
    csv: csv
      .filter(({ record, name }) => record === 'total' && name === 'rows')
      .map(({ value, currency, amount, quantity }) => ({
        currency,
        rows: value,
        amount,
        quantity,
      })),
    pdf: table,
  };
}

const someRows = [
  [sampleRow(1), sampleRow(2, { amount: '0.0001', currency: 'EUR' })],
  [],
  [
    sampleRow(3, { amount: '99999999999999.9999', quantity: null }),
    sampleRow(4, { quantity: '-0.00000001' }),
  ],
];

const asked = () => sampleReport([], { from: '2026-01-01' });

describe('RC-07 a report as JSON, CSV and PDF', () => {
  test('carries the same totals', async () => {
    const { json, csv, pdf } = await totalsOf(someRows);

    expect(json).toEqual([
      { currency: 'EUR', rows: '1', amount: '0.0001', quantity: '10' },
      { currency: 'USD', rows: '3', amount: '99999999999620.9999', quantity: '9.99999999' },
    ]);
    expect(csv).toEqual(json);
    expect(pdf).toEqual(json);
  });

  const decimal = fc
    .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat(8))
    .map(([units, decimals]) => {
      const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0');
      const point = digits.length - decimals;
      const sign = units < 0n ? '-' : '';
      return decimals === 0
        ? `${sign}${digits}`
        : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
    });

  test('and does so whatever is summed up', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            amount: decimal,
            quantity: decimal,
            currency: fc.constantFrom('USD', 'JPY'),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        async (cells) => {
          const { json, csv, pdf } = await totalsOf([cells.map((each, at) => sampleRow(at, each))]);
          expect(csv).toEqual(json);
          expect(pdf).toEqual(json);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('has every row, in its order', async () => {
    const { rows, row_count: count } = await jsonOf(someRows);
    const csv = (await csvOf(someRows)).filter(({ record }) => record === 'row');
    const pdf = textsOfPdf(await writtenBy(writePdf, sampleReport(someRows)));

    expect([rows.length, count]).toEqual([4, 4]);
    expect(rows).toEqual(someRows.flat());
    expect(csv.map(({ trade_id: id }) => id)).toEqual(['T-1', 'T-2', 'T-3', 'T-4']);
    expect(pdf.filter((text) => /^T-\d$/.test(text))).toEqual(['T-1', 'T-2', 'T-3', 'T-4']);
  });

  test('says by what it was made', async () => {
    const json = (await writtenBy(writeJson, asked())).toString();
    const csv = parse(await writtenBy(writeCsv, asked()), {
      columns: true,
      record_delimiter: '\r\n',
    }) as Cells[];
    const pdf = textsOfPdf(await writtenBy(writePdf, asked()));

    expect(JSON.parse(json)).toMatchObject({
      report: 'trade-blotter',
      parameters: { from: '2026-01-01' },
      position: 17,
      created_at: '2026-11-20T15:00:00.000Z',
      rows: [],
      totals: [],
    });
    const head = csv
      .filter(({ record }) => record === 'head')
      .map(({ name, value }) => [name, value]);
    expect(head.slice(0, 4)).toEqual([
      ['title', 'Trade blotter'],
      ['from', '2026-01-01'],
      ['created_at', '2026-11-20T15:00:00.000Z'],
      ['position', '17'],
    ]);
    expect(head.at(-1)?.[1]).toBe((JSON.parse(json) as { checkpoint: string }).checkpoint);
    expect(pdf).toContain('Asked for: from 2026-01-01');
    expect(pdf).toContain('Written at 2026-11-20T15:00:00.000Z from the log up to position 17');
    expect(pdf).toContain('q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=');
    expect(pdf).toContain('There is nothing to report.');
  });
});

describe('RC-07 CSV that spreadsheets open', () => {
  it.each([
    ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    ['+1+1', "'+1+1"],
    ['-2+3', "'-2+3"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', `'\t=1`],
    ['\r=1', `"'\r=1"`],
    ['\n=1', `"'\n=1"`],
    ['＝1', "'＝1"],
    ["'quoted", "''quoted"],
    ['plain', 'plain'],
    ['a=b', 'a=b'],
    ['one, two', '"one, two"'],
    ['say "so"', '"say ""so"""'],
  ])('no text of it is a formula: %j', (text, cell) => {
    expect(textCell(text)).toBe(cell);
  });

  test('numbers stay numbers, those below zero too', async () => {
    const row = (await csvOf([[sampleRow(1, { amount: '-5.25' })]])).find(
      ({ record }) => record === 'row',
    );

    expect(row?.['amount']).toBe('-5.25');
  });

  test('and any text comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { minLength: 1, maxLength: 5 }),
        fc.constantFrom('', '=', '+', '-', '@', '\t', '\r', '\n', "'"),
        async (texts, first) => {
          const rows = texts.map((text, at) => sampleRow(at, { note: first + text }));
          const cells = (await csvOf([rows])).filter(({ record }) => record === 'row');

          const read = cells.map(({ note = '' }) => note.replace(/^'/, ''));
          expect(read).toEqual(texts.map((text) => first + text));
          for (const { note = '' } of cells) expect(note).not.toMatch(/^[=+\-@\t\r\n]/);
        },
      ),
    );
  });

  test('every record has as many fields (RFC 4180)', async () => {
    const bytes = await writtenBy(writeCsv, sampleReport(someRows, { from: 'a', to: 'b' }));
    const records: string[][] = parse(bytes, { record_delimiter: '\r\n' });

    expect(new Set(records.map(({ length }) => length))).toEqual(new Set([11]));
    expect(records.map(([first]) => first)).toEqual([
      'record',
      ...Array.from({ length: 6 }, () => 'head'),
      ...Array.from({ length: 4 }, () => 'row'),
      ...Array.from({ length: 3 }, () => 'total'),
    ]);
  });
});

describe('RC-07 pages to print', () => {
  const rows = Array.from({ length: 200 }, (_, number) => sampleRow(number + 1));

  test('each says which it is and of how many, and has the titles of the columns', async () => {
    const pdf = textsOfPdf(await writtenBy(writePdf, sampleReport([rows])));
    const pages = pdf.filter((text) => /^Page \d+ of $/.test(text));

    expect(pages.length).toBeGreaterThan(4);
    expect(pages).toEqual(pages.map((_, number) => `Page ${number + 1} of `));
    // The number of pages is drawn once, and every page refers to it.
    expect(pdf).toContain(String(pages.length));
    const bytes = (await writtenBy(writePdf, sampleReport([rows]))).toString('latin1');
    expect(bytes.match(/\/Count Do/g)).toHaveLength(pages.length);
    const titled = pdf.filter((text) => text === 'trade id').length;
    expect(titled).toBeGreaterThanOrEqual(pages.length - 1);
  });

  test('what is too long for its column goes on in the next line, and nothing is lost', async () => {
    const name = 'a name that is much longer than the column it stands in, and goes on and on';
    const pdf = textsOfPdf(
      await writtenBy(writePdf, sampleReport([[sampleRow(1, { trade_id: name })]])),
    );
    const from = pdf.findIndex((text) => name.startsWith(text) && text.length > 3);
    const lines = pdf.slice(from, from + 3);

    expect(lines.length).toBeGreaterThan(1);
    expect(name).toContain(lines[1]);
    expect(lines.join(' ')).toContain(name.slice(0, 40));
  });

  test('what no printer has a sign for is a question mark', async () => {
    const pdf = await writtenBy(
      writePdf,
      sampleReport([[sampleRow(1, { trade_id: 'Zoë (日本) €5' })]]),
    );

    expect(textsOfPdf(pdf)).toContain('Zoë (??) \u00805');
  });

  test('columns without a width are left to the other forms', async () => {
    const pdf = textsOfPdf(
      await writtenBy(writePdf, sampleReport([[sampleRow(1, { note: 'Q' })]])),
    );

    expect(pdf).not.toContain('Q');
    expect(pdf).toContain('currency');
  });
});
