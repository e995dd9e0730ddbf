import { catalogue, fieldErrors } from './errors.ts';

/** The catalogue of errors as a page of its own, which the `type` of every problem points into. */
export function errorsPage(): string {
  const codes = Object.entries(catalogue).toSorted(([left], [right]) => (left < right ? -1 : 1));
  const entries = codes.map(
    ([code, { status, title, advice }]) =>
      `<dt id="${code}"><a href="#${code}"><code>${code}</code></a> ${status}</dt>` +
      `<dd>${escaped(title)}. ${escaped(advice)}</dd>`,
  );
  const fields = Object.entries(fieldErrors).map(
    ([code, meaning]) => `<dt><code>${code}</code></dt><dd>${escaped(meaning)}</dd>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Error codes of Counterfoil</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
  dt { margin-top: 1rem } dd { margin-left: 0 } dt:target { background: #ffeeb0 }
</style>
<h1>Error codes</h1>
<dl>
${entries.join('\n')}
</dl>
<h2>Codes of single fields, inside REQUEST_INVALID</h2>
<dl>
${fields.join('\n')}
</dl>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
