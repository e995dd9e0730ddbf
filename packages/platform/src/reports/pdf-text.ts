// Text of the fonts that every reader of PDF has. They know the signs of Windows-1252 and no others
// (ISO 32000-1, annex D), so no font has to be carried in each file.

/** Those of Windows-1252 that are not in Latin-1, in the order of their codes from 80 on; ? where there is none. */
const beyondLatin1 = '€?‚ƒ„…†‡ˆ‰Š‹Œ?Ž??‘’“”•–—˜™š›œ?žŸ';
const codes = new Map(Array.from(beyondLatin1, (sign, place) => [sign, 0x80 + place]));
codes.delete('?');

const unprintable = new RegExp(`[^ -~\\u00a0-\\u00ff${beyondLatin1}]`, 'gu');

/** The text with ? in the place of what can't be printed, and blanks in that of line breaks. */
export function printable(text: string): string {
  return isPlain.test(text)
    ? text
    : text.replaceAll(/[\t\r\n]+/g, ' ').replaceAll(unprintable, '?');
}

const isPlain = /^[ -~]*$/;

/** A printable text as an operand of a page's content (ISO 32000-1, 7.3.4.2). */
export function operand(text: string): string {
  const escaped = text.replaceAll(/[\\()]/g, String.raw`\$&`);
  if (isPlain.test(text)) return `(${escaped})`;
  const bytes = Array.from(escaped, (sign) =>
    String.fromCodePoint(codes.get(sign) ?? sign.charCodeAt(0)),
  );
  return `(${bytes.join('')})`;
}

/** Says how wide a text is, at the size of the font. */
export type Measure = (text: string) => number;

/** Measures sign by sign, each once: what the pairs of a font add to that is less than a point. */
export function measuring(widthOf: (sign: string) => number): Measure {
  const widths = new Map<string, number>();
  return (text) => {
    let width = 0;
    for (const sign of text) {
      let known = widths.get(sign);
      if (known === undefined) {
        known = widthOf(sign);
        widths.set(sign, known);
      }
      width += known;
    }
    return width;
  };
}

/**
 * The text in lines that fit a width. Breaks behind blanks and marks where there are some, and anywhere in
 * a word that is too long for a line. What is behind `linesMax` is cut off, and three points say so.
 */
export function wrapped(
  text: string,
  width: number,
  measure: Measure,
  linesMax: number,
): readonly string[] {
  if (measure(text) <= width) return [text];
  const lines: string[] = [];
  let rest = text;
  while (rest !== '') {
    const end = fittingEnd(rest, width, measure);
    if (lines.length === linesMax - 1 && end < rest.length) {
      lines.push(`${rest.slice(0, Math.max(1, fittingEnd(rest, width - measure('…'), measure)))}…`);
      return lines;
    }
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return lines;
}

/** Where a line has to end: behind at least one sign. */
function fittingEnd(text: string, width: number, measure: Measure): number {
  let used = 0;
  let lastBreak = 0;
  for (let end = 0; end < text.length; end += 1) {
    const sign = text.charAt(end);
    used += measure(sign);
    // A blank may hang over the edge: it is not printed.
    if (used > width && sign !== ' ') {
      return lastBreak > end / 2 ? lastBreak : Math.max(1, end);
    }
    if (' ,;:/-_'.includes(sign)) lastBreak = end + 1;
  }
  return text.length;
}
