import { measuring, printable, wrapped, type Measure } from './pdf-text.ts';

/** The drawing that a table needs; coordinates are points from the upper left corner. */
export interface Canvas {
  text(text: string, x: number, y: number, style: TextStyle): void;
  width(text: string, style: TextStyle): number;
  /** A horizontal line. */
  rule(fromX: number, toX: number, y: number, strength: number): void;
  /** Ends the page and begins the next; answers where there is room on it. */
  newPage(): number;
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
}

export interface TextStyle {
  readonly size: number;
  readonly bold?: boolean;
  readonly fixed?: boolean;
}

export interface TableColumn {
  readonly title: string;
  /** Relative to the others. */
  readonly width: number;
  readonly isNumber: boolean;
}

export interface Table {
  /** Draws a row, on a new page beneath the titles again if there is no room for it. */
  row(cells: readonly string[]): void;
  /** Where the next thing can be drawn. */
  y(): number;
}

const bodyStyle: TextStyle = { size: 7 };
const titleStyle: TextStyle = { size: 7, bold: true };
const lineHeight = 8.6;
const padding = 2.2;
const gap = 5;
const linesMax = 12;

/** Draws a table from `y` on, its titles first. */
export function drawTable(canvas: Canvas, columns: readonly TableColumn[], fromY: number): Table {
  const places = placed(canvas, columns);
  const measureTitle = measuring((sign) => canvas.width(sign, titleStyle));
  const measureBody = measuring((sign) => canvas.width(sign, bodyStyle));
  const titles = places.map(({ column, width }) =>
    wrapped(printable(column.title), width, measureTitle, 3),
  );
  let y = fromY;

  const draw = (cells: readonly (readonly string[])[], style: TextStyle, measure: Measure) => {
    const lines = Math.max(1, ...cells.map(({ length }) => length));
    for (const [place, { column, x, width }] of places.entries()) {
      for (const [number, line] of (cells[place] ?? []).entries()) {
        const indent = column.isNumber ? width - measure(line) : 0;
        canvas.text(line, x + indent, y + padding + number * lineHeight, style);
      }
    }
    y += heightOf(lines);
  };

  const drawTitles = (): void => {
    draw(titles, titleStyle, measureTitle);
    canvas.rule(canvas.left, canvas.right, y, 0.8);
  };

  const titlesHeight = heightOf(Math.max(...titles.map(({ length }) => length)));
  if (y + titlesHeight + heightOf(1) > canvas.bottom) y = canvas.newPage();
  drawTitles();
  return {
    row: (texts) => {
      const cells = places.map(({ width }, place) => {
        const text = texts[place] ?? '';
        return text === '' ? [] : wrapped(printable(text), width, measureBody, linesMax);
      });
      if (y + heightOf(Math.max(1, ...cells.map(({ length }) => length))) > canvas.bottom) {
        y = canvas.newPage();
        drawTitles();
      }
      draw(cells, bodyStyle, measureBody);
      canvas.rule(canvas.left, canvas.right, y, 0.2);
    },
    y: () => y,
  };
}

function heightOf(lines: number): number {
  return lines * lineHeight + 2 * padding;
}

interface Place {
  readonly column: TableColumn;
  readonly x: number;
  readonly width: number;
}

function placed({ left, right }: Canvas, columns: readonly TableColumn[]): readonly Place[] {
  const room = right - left - gap * (columns.length - 1);
  const whole = columns.reduce((sum, { width }) => sum + width, 0);
  let x = left;
  return columns.map((column) => {
    const width = (room * column.width) / whole;
    const place = { column, x, width };
    x += width + gap;
    return place;
  });
}
