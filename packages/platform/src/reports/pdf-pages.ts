import PdfDocument from 'pdfkit';
import type { Canvas, TextStyle } from './pdf-table.ts';
import { operand, printable } from './pdf-text.ts';

/** A document that is written page by page: a page that is full is gone from memory. */
export interface PdfPages {
  readonly canvas: Canvas;
  /** Where the first page has room. */
  readonly top: number;
  /** What has been written so far and was not taken yet. */
  take(): Uint8Array | undefined;
  /** Ends the last page and the document; what is left can be taken then. */
  end(): void;
}

export interface PdfOptions {
  readonly title: string;
  /** Stands at the foot of every page. */
  readonly footer: string;
  readonly createdAt: Date;
  /** False leaves the text readable in the bytes. */
  readonly compress?: boolean | undefined;
}

/** A4, across: reports have many columns. */
const page = { width: 841.89, height: 595.28 };
const margin = 36;
const footerStyle: TextStyle = { size: 7 };
/** Room for the number of the last page. */
const countBox = { width: 40, height: 10 };

const faces = { plain: 'Helvetica', bold: 'Helvetica-Bold', fixed: 'Courier' } as const;

type Face = keyof typeof faces;

/** Under which name pages know a font, and where it is written. */
type Fonts = Readonly<Record<Face, readonly [name: string, font: unknown]>>;

/** Of Helvetica: how far the baseline lies beneath the top of the letters, at size 1. */
const ascent = 0.718;

/** What pdfkit has on its pages and its types leave out. */
interface PageParts {
  readonly xobjects: Record<string, unknown>;
  readonly fonts: Record<string, unknown>;
  readonly dictionary: { data: object };
}

export function openPdf({ title, footer, createdAt, compress = true }: PdfOptions): PdfPages {
  const document = new PdfDocument({
    size: [page.width, page.height],
    margin: 0,
    autoFirstPage: false,
    compress,
    lang: 'en',
    displayTitle: true,
    info: {
      Title: title,
      Creator: 'Counterfoil',
      Producer: 'Counterfoil',
      CreationDate: createdAt,
    },
  });
  // How many pages there are is known at the end only. Until then each page refers to one small drawing,
  // which is written last (ISO 32000-1, 8.10, form XObjects).
  const count = document.ref({
    Type: 'XObject',
    Subtype: 'Form',
    BBox: [0, 0, countBox.width, countBox.height],
    Resources: {},
  });
  const write = (operators: string): void => void document.addContent(operators);
  let fonts: Fonts | undefined;
  let pages = 0;

  const use = (style: TextStyle) => document.font(faces[faceOf(style)]).fontSize(style.size);

  const canvas: Canvas = {
    left: margin,
    right: page.width - margin,
    bottom: page.height - margin - 14,
    // What pdfkit does for a text, word spacing, links and lists included, takes ten times as long.
    text: (text, x, y, style) => {
      const { size } = style;
      const [name = ''] = fonts?.[faceOf(style)] ?? [];
      const baseline = decimal(y + size * ascent);
      write(`BT /${name} ${size} Tf 1 0 0 -1 ${decimal(x)} ${baseline} Tm ${operand(text)} Tj ET`);
    },
    width: (text, style) => use(style).widthOfString(text),
    rule: (fromX, toX, y, strength) => {
      const height = decimal(y);
      write(`${strength} w 0.6 G ${decimal(fromX)} ${height} m ${decimal(toX)} ${height} l S`);
    },
    newPage: () => {
      const full = document.page as unknown as PageParts | null;
      document.addPage();
      // It is written by now; the list of all pages needs its number and nothing else.
      if (full !== null) full.dictionary.data = {};
      pages += 1;
      const parts = document.page as unknown as PageParts;
      fonts ??= loadFonts(use, parts);
      for (const [name, font] of Object.values(fonts)) parts.fonts[name] = font;
      parts.xobjects['Count'] = count;
      drawFooter();
      return margin;
    },
  };

  const drawFooter = (): void => {
    const y = page.height - margin - 4;
    const before = `Page ${pages} of `;
    const x = canvas.right - countBox.width / 2;
    canvas.text(printable(footer), canvas.left, y, footerStyle);
    canvas.text(before, x - canvas.width(before, footerStyle), y, footerStyle);
    // Pages are drawn upside down here.
    write(`q 1 0 0 -1 ${decimal(x)} ${decimal(y + footerStyle.size * ascent)} cm /Count Do Q`);
  };

  const top = canvas.newPage();
  return {
    canvas,
    top,
    take: () => (document.read() as Uint8Array | null) ?? undefined,
    end: () => {
      const [name, font] = fonts?.plain ?? [''];
      Object.assign(count.data, { Resources: { Font: { [name]: font } } });
      count.end(`BT /${name} ${footerStyle.size} Tf (${pages}) Tj ET`);
      document.end();
    },
  };
}

function faceOf({ bold = false, fixed = false }: TextStyle): Face {
  return fixed ? 'fixed' : bold ? 'bold' : 'plain';
}

/** Draws a blank in each, by which pdfkit makes them known to the page. */
function loadFonts(use: (style: TextStyle) => PDFKit.PDFDocument, { fonts }: PageParts): Fonts {
  const loaded = (style: Omit<TextStyle, 'size'>): readonly [string, unknown] => {
    use({ size: 1, ...style }).text(' ', 0, 0, { lineBreak: false });
    return Object.entries(fonts).at(-1) ?? ['', undefined];
  };
  return { plain: loaded({}), bold: loaded({ bold: true }), fixed: loaded({ fixed: true }) };
}

/** Hundredths of a point are finer than any printer. */
function decimal(points: number): string {
  return points.toFixed(2);
}
