import type { Access } from '../api/operation.ts';
import { permissions, roles, type Permission } from '../domain/access/events.ts';
import { ofAccounts, rolesFor, rules, type Resource } from '../domain/access/rules.ts';

const resources = Object.keys(rules) as Resource[];

/** Who may do what: the table of rules, and the endpoints that each rule opens. */
export function accessReference(openApi: string): string {
  const endpoints = endpointsOf(openApi);
  const open = endpoints.filter(({ access }) => access === 'public');
  return [
    '# Who may do what',
    '',
    'Every endpoint asks for one permission on one resource, and a rule says which roles have it. What no rule',
    'gives is denied: `403 FORBIDDEN`. An API key or a token with scopes has of these only what its scopes name.',
    'Each decision, allowed or denied, is recorded in the log (`AccessDecided`, in the stream of its day).',
    '',
    'An investor has of what belongs to accounts only that of his own, marked "own": other accounts are unknown to',
    'him (`404`, as for one that there is not), and lists leave them out. An API key that is kept to accounts has',
    'what an investor has.',
    '',
    '## Rules',
    `| resource | permission | ${roles.map(nameOf).join(' | ')} |`,
    `|---|---|${roles.map(() => '---|').join('')}`,
    ...resources.flatMap(rowsOf),
    '',
    '## Endpoints',
    'Open to everybody:',
    '',
    ...open.map(({ name }) => `- \`${name}\``),
    '',
    '| endpoint | resource | permission |',
    '|---|---|---|',
    ...endpoints.flatMap(({ name, access }) =>
      access === 'public'
        ? []
        : `| \`${name}\` | ${access.resource} | ${access.permission.toLowerCase()} |`,
    ),
    '',
  ].join('\n');
}

function rowsOf(resource: Resource): string[] {
  const granted = permissions.filter((permission) => rolesFor(resource, permission).length > 0);
  return granted.map((permission) => {
    const cells = roles.map((role) => cellOf(resource, permission, role));
    return `| ${resource} | ${permission.toLowerCase()} | ${cells.join(' | ')} |`;
  });
}

function cellOf(resource: Resource, permission: Permission, role: (typeof roles)[number]): string {
  if (!rolesFor(resource, permission).includes(role)) return '';
  return role === 'INVESTOR' && ofAccounts.has(resource) ? 'own' : 'yes';
}

function nameOf(role: (typeof roles)[number]): string {
  return role.toLowerCase().replace('_', '-');
}

interface Endpoint {
  readonly name: string;
  readonly access: Access;
}

type Described = Readonly<Record<string, { readonly 'x-access': Access }>>;

/** In the order of their paths. */
function endpointsOf(openApi: string): readonly Endpoint[] {
  const { paths } = JSON.parse(openApi) as { readonly paths: Readonly<Record<string, Described>> };
  return Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { 'x-access': access }]) => ({
        name: `${method.toUpperCase()} ${path}`,
        path,
        access,
      })),
    )
    .toSorted((left, right) => (left.path < right.path ? -1 : Number(left.path > right.path)));
}
