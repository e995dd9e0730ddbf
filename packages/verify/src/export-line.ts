import { Problem } from './problem.ts';

/** A line of an export (docs/record-format.md). */
export type ExportLine = { readonly [Kind in LineKind]: LineOf<Kind> }[LineKind];

/** The members of each kind, in the order in which they have to stand, and what they are. */
const shapes = {
  export: { kind: 'text', format: 'text', origin: 'text', from: 'count', to: 'count' },
  key: { kind: 'text', verifier_key: 'text' },
  frontier: { kind: 'text', previous: 'text', hashes: 'texts' },
  schema: { kind: 'text', type: 'text', version: 'count', avro: 'text' },
  entry: {
    kind: 'text',
    position: 'count',
    recorded_at: 'text',
    stream: 'text',
    version: 'count',
    type: 'text',
    schema_version: 'count',
    body: 'text',
    leaf_hash: 'text',
  },
  checkpoint: { kind: 'text', note: 'text' },
} as const satisfies Record<string, Record<string, keyof Members>>;

interface Members {
  text: string;
  /** A whole number from 0, exact in a double. */
  count: number;
  texts: readonly string[];
}

type Shapes = typeof shapes;
type LineKind = keyof Shapes;
export type LineOf<Kind extends LineKind> = { readonly kind: Kind } & {
  readonly [Name in Exclude<keyof Shapes[Kind], 'kind'>]: Members[Extract<
    Shapes[Kind][Name],
    keyof Members
  >];
};

const tests: { readonly [Kind in keyof Members]: (value: unknown) => boolean } = {
  // Half a pair of surrogates has no UTF-8, and would be read as another sign.
  text: (value) => typeof value === 'string' && value.isWellFormed(),
  count: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  texts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
};

const shapeOf = new Map(
  Object.entries(shapes).map(([kind, shape]) => [kind, Object.entries<keyof Members>(shape)]),
);

/**
 * Reads a line. There is one way only to write each: the members in their order and no others, without a
 * space between. So no bit of it can be changed that isn't noticed. Throws a Problem when it is written in
 * any other way.
 */
export function parseExportLine(line: string): ExportLine {
  const parsed = parseObject(line);
  const shape = shapeOf.get(String(parsed['kind']));
  if (shape === undefined) {
    throw exportMalformed(
      `its kind is ${JSON.stringify(parsed['kind'])}, which no line of an export is`,
    );
  }
  const names = Object.keys(parsed);
  for (const [index, [name, kind]] of shape.entries()) {
    if (names[index] !== name)
      throw exportMalformed(`its member "${name}" is not where it belongs`);
    if (!tests[kind](parsed[name])) throw exportMalformed(`its member "${name}" is no ${kind}`);
  }
  if (names.length > shape.length)
    throw exportMalformed(`it has a member "${names[shape.length]}"`);
  if (JSON.stringify(parsed) !== line) {
    throw exportMalformed(
      'the same could be written in another way, which the format does not allow',
    );
  }
  return parsed as unknown as ExportLine;
}

function parseObject(line: string): Record<string, unknown> {
  const parsed = parseJson(line);
  if (typeof parsed !== 'object' || parsed === null) throw exportMalformed('it is no JSON object');
  return parsed as Record<string, unknown>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw exportMalformed('it is no JSON');
  }
}

export function exportMalformed(why: string): Problem {
  return new Problem('MALFORMED', `this is not written as an export has to be: ${why}`);
}
