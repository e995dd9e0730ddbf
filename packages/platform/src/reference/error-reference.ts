import { errorExamples, exampleWorld, type Call } from '../api/error-examples.ts';
import { catalogue, fieldErrors, type ErrorCode } from '../api/errors.ts';

/** The catalogue of errors as a page of documentation, each code with a request that brings it about. */
export function errorReference(): string {
  const codes = (Object.keys(catalogue) as ErrorCode[]).toSorted();
  return [
    '# Error codes',
    '',
    'Every refusal is a problem document (RFC 9457, `application/problem+json`). `code` is stable and made',
    'for programs, `detail` says what happened with the values and what to do about it. Lines of a bulk',
    'stream are refused with the same codes. A command that was refused by a risk check is recorded, and',
    'its problem document says where (`eventIds`, `version`, `position`, `recordedAt`).',
    '',
    'A `5xx` with `Retry-After` may succeed as it is after so many seconds. Send commands with an',
    '`Idempotency-Key`, and a retry is safe whatever became of the first try.',
    '',
    '## Codes of single fields',
    'Inside `errors` of a `REQUEST_INVALID`, each with the JSON Pointer of its field.',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.entries(fieldErrors).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
    '',
    '## Codes by status',
    '| status | codes |',
    '|---|---|',
    ...byStatus(codes),
    '',
    '## Each code, with an example',
    'The examples find this there:',
    '',
    '```http',
    exampleWorld.map(requestText).join('\n\n'),
    '```',
    '',
    ...codes.flatMap(sectionOf),
  ].join('\n');
}

function byStatus(codes: readonly ErrorCode[]): string[] {
  const groups = Map.groupBy(codes, (code) => catalogue[code].status);
  return [...groups]
    .toSorted(([left], [right]) => left - right)
    .map(([status, members]) => `| ${status} | ${members.map(linkTo).join(', ')} |`);
}

function linkTo(code: ErrorCode): string {
  return `[\`${code}\`](#${code.toLowerCase()})`;
}

function sectionOf(code: ErrorCode): string[] {
  const { status, title, advice, retryAfter } = catalogue[code];
  const { given = [], when, while: circumstance } = errorExamples[code];
  const again = retryAfter === undefined ? '' : ` \`Retry-After: ${retryAfter}\`.`;
  return [
    `### ${code}`,
    `\`${status}\` ${title}. ${advice}${again}`,
    '',
    ...(circumstance === undefined ? [] : [`While ${circumstance}:`, '']),
    '```http',
    [...given, when].map(requestText).join('\n\n'),
    '```',
    '',
  ];
}

function requestText({ request, headers = {}, body }: Call): string {
  const lines = [request, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  if (body !== undefined) lines.push('', typeof body === 'string' ? body : JSON.stringify(body));
  return lines.join('\n');
}
