import * as fc from 'fast-check';

/** As much of JSON Schema as the contracts use. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly examples?: readonly unknown[];
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
}

/** An OpenAPI document, with as much of it as a client goes by. */
export interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface Fuzzed {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string | undefined;
}

/** Requests over all operations of a document: some as it says, most nearly so, some not at all. */
export function requestsOver({ paths, components }: Described): fc.Arbitrary<Fuzzed> {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      requestTo(path, method, operation, components),
    ),
  );
  return fc.oneof(...operations);
}

type Components = Described['components'];

function requestTo(
  path: string,
  method: string,
  { parameters = [], requestBody }: Operation,
  components: Components,
): fc.Arbitrary<Fuzzed> {
  const names = (place: Parameter['in']) => parameters.filter(({ in: where }) => where === place);
  const valuesOf = (some: readonly Parameter[], hostile: fc.Arbitrary<string>) =>
    fc
      .record(
        Object.fromEntries(
          some.map(({ name, schema, required = false }) => {
            const text = mostly(textFor(schema, components), hostile);
            return [name, required ? text : seldom(text)];
          }),
        ),
      )
      .map((texts) =>
        Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)),
      );
  return fc
    .record({
      path: valuesOf(
        names('path').map((parameter) => ({ ...parameter, required: true })),
        hostileText,
      ),
      query: valuesOf(names('query'), hostileText),
      extra: fc.oneof(
        { weight: 19, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.tuple(hostileText, hostileText) },
      ),
      headers: valuesOf(names('header'), hostileHeader),
      who: fc.constantFrom(...senders),
      body: requestBody === undefined ? noBody : bodyFor(requestBody, components),
    })
    .map(({ path: steps, query, extra, headers, who, body }) => {
      const asked = new URLSearchParams(query as Record<string, string>);
      if (extra !== undefined) asked.append(...extra);
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent((steps[name] ?? '').toWellFormed()),
      );
      return {
        method: method.toUpperCase(),
        url: asked.size === 0 ? filled : `${filled}?${asked.toString()}`,
        headers: {
          ...(headers as Record<string, string>),
          ...(body.type === undefined ? {} : { 'content-type': body.type }),
          ...(who === '' ? {} : { authorization: `Bearer ${who}` }),
        },
        payload: body.text,
      };
    });
}

// Nearly everybody may do everything: what is behind the door is to be seen as well.
const senders = [...Array<string>(8).fill('ADMIN'), 'ANALYST', 'INVESTOR', 'SERVICE', 'nobody', ''];

interface Body {
  readonly type: string | undefined;
  readonly text: string | undefined;
}

const noBody: fc.Arbitrary<Body> = fc.constant({ type: undefined, text: undefined });

function bodyFor(
  { content }: NonNullable<Operation['requestBody']>,
  components: Components,
): fc.Arbitrary<Body> {
  const [[type, { schema }] = ['', { schema: {} }]] = Object.entries(content);
  const value = valueFor(schema, components, 0);
  const said = fc.oneof(
    { weight: 8, arbitrary: value.map((one) => JSON.stringify(one)) },
    { weight: 4, arbitrary: spoilt(value) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.constantFrom(...hostileBodies) },
  );
  const named = fc.oneof(
    { weight: 9, arbitrary: fc.constant(type) },
    { weight: 1, arbitrary: fc.constantFrom('text/plain', 'application/json; charset=utf-16', '') },
  );
  return fc.record({ type: named, text: said });
}

const hostileBodies = [
  '',
  'null',
  '[]',
  '{"__proto__":{"roles":["ADMIN"]}}',
  '{"constructor":{"prototype":{"a":1}}}',
  '{"a":1,"a":2}',
  '{"amount":NaN}',
  '{"amount":1e400}',
  '{"amount":-0}',
  `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
  `{"reason":"${'x'.repeat(70_000)}"}`,
  '{"reason":"\\ud800"}',
  '\u0000',
];

/** A value of which one member is missing, or another thing than it should be. */
function spoilt(value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.tuple(value, fc.nat(), hostileValue).map(([one, at, hostile]) => {
    if (typeof one !== 'object' || one === null) return JSON.stringify(hostile ?? null);
    const keys = Object.keys(one);
    const key = keys[at % Math.max(1, keys.length)] ?? 'unknown';
    return JSON.stringify({ ...one, [key]: hostile });
  });
}

const hostileTexts = [
  '',
  ' ',
  '\u0000',
  "' OR 1=1 --",
  '../../etc/passwd',
  '%00',
  '%',
  '\ud800',
  '\u202e',
  '-1',
  '0',
  '1e9',
  '9007199254740993',
  '99999999999999999999',
  'NaN',
  '0000-00-00',
  '2026-02-30',
  '9999-12-31T23:59:60Z',
  '=cmd()',
  'x'.repeat(300),
];

const hostileText = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ maxLength: 12 }),
);

const hostileHeader = fc.oneof(
  fc.constantFrom('', ' ', '"', '"0"', 'W/"1"', '*', 'x'.repeat(5_000), '8e03978e'),
  fc.string({
    unit: fc.constantFrom('a', 'b', '0', '1', '"', '-', ',', ' ', ';', '='),
    maxLength: 40,
  }),
);

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(undefined, null, true, 0, -1, 1.5, 1e308, [], {}, [[]], { a: {} }),
  hostileText,
  fc.jsonValue({ maxDepth: 3 }),
);

/** With all that it may have, nearly every request would be refused for one of them. */
function seldom(text: fc.Arbitrary<string>): fc.Arbitrary<string | undefined> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: text });
}

function mostly(usual: fc.Arbitrary<string>, hostile: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: hostile });
}

function textFor(schema: Schema, components: Components): fc.Arbitrary<string> {
  return valueFor(schema, components, 0).map((value) =>
    typeof value === 'string' ? value : JSON.stringify(value),
  );
}

const deepest = 4;

function valueFor(schema: Schema, components: Components, depth: number): fc.Arbitrary<unknown> {
  const { $ref: reference, examples = [] } = schema;
  if (reference !== undefined) {
    return valueFor(components.schemas[reference.split('/').at(-1) ?? ''] ?? {}, components, depth);
  }
  const own = ownValueFor(schema, components, depth);
  return examples.length === 0 ? own : fc.oneof(own, fc.constantFrom(...examples));
}

function ownValueFor(schema: Schema, components: Components, depth: number): fc.Arbitrary<unknown> {
  const branches = schema.anyOf ?? schema.allOf;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined && schema.enum.length > 0) return fc.constantFrom(...schema.enum);
  if (branches !== undefined) {
    return fc.oneof(...branches.map((branch) => valueFor(branch, components, depth)));
  }
  const { properties = {}, required = [], items = {}, minimum = 0, maximum = 1_000 } = schema;
  const [type] = [schema.type ?? 'string'].flat();
  switch (type ?? 'string') {
    case 'object':
      return fc.record(
        Object.fromEntries(
          Object.entries(properties).map(([name, member]) => [
            name,
            valueFor(member, components, depth + 1),
          ]),
        ),
        { requiredKeys: required.filter((name) => name in properties) },
      );
    case 'array':
      return depth > deepest
        ? fc.constant([])
        : fc.array(valueFor(items, components, depth + 1), { maxLength: 3 });
    case 'integer':
      return fc.oneof(
        fc.integer({ min: minimum, max: Math.min(maximum, minimum + 3) }),
        fc.integer({ min: minimum, max: Math.max(minimum, Math.min(maximum, 1_000_000)) }),
      );
    case 'number':
      return fc.integer({ min: 0, max: 1_000 });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return textOf(schema);
  }
}

// Names that there are, so that not every request ends at the first that there is not.
const known = ['FUZZ-1', 'AAPL', 'T1', 'admin', 'USD', '2026-11-19', '10', '1'];

function textOf({ format, pattern }: Schema): fc.Arbitrary<unknown> {
  const usual = fc.constantFrom(...known);
  if (format === 'date') return fc.constantFrom('2026-11-19', '2026-11-20', '2014-06-09');
  if (format === 'date-time') return fc.constantFrom('2026-11-20T14:00:00Z');
  if (format === 'uuid') return fc.uuid();
  if (pattern === undefined) return fc.oneof(usual, fc.string({ maxLength: 10 }));
  const matching = known.filter((text) => new RegExp(pattern, 'u').test(text));
  const made = fc.stringMatching(new RegExp(withoutProperties(pattern)), { size: 'small' });
  return matching.length === 0 ? made : fc.oneof(fc.constantFrom(...matching), made);
}

/** Classes of Unicode properties are more than the generator of texts understands. */
function withoutProperties(pattern: string): string {
  return pattern.includes('\\p') ? '^[a-z ]{1,8}$' : pattern;
}
