/**
 * What may import what. architecture.test.ts cruises the tree with these rules, and then
 * fixtures/architecture, where each must be found broken.
 */
import type { ICruiseOptions, IForbiddenRuleType } from 'dependency-cruiser';

// Not anchored at the start: seen from the fixtures, the real packages lie outside the base folder.
const eventStore = '(?:^|/)packages/event-store/src/';
const platform = '(?:^|/)packages/platform/src/';
const verify = '(?:^|/)packages/verify/src/';
const domain = `${platform}domain/`;
const storages = `${eventStore}storage/(memory|sqlite|postgres)/`;
const implementations = `${eventStore}(storage|projections|log)/(memory|sqlite|postgres)/`;
const adapters = `${platform}(streams|requests|vault)/(embedded|kafka|postgres|dynamodb|sqlite|memory|file|kms)/`;
const tests = '\\.(test|contract)\\.ts$';
const ownTests = '\\.(test|fixture)\\.ts$';
const schemaLibrary = 'node_modules/typebox/';

/** `$1` is the module that imports. */
const seenByDomain = [
  `${eventStore}(index\\.ts|kernel/)`,
  `${domain}$1/`,
  `${domain}[^/]+/events\\.ts$`,
  `${domain}(money|calendar)/`,
];

export const forbidden: IForbiddenRuleType[] = [
  {
    name: 'kernel-imports-nothing',
    comment: 'The kernel is the vocabulary every other part shares, so it stands alone.',
    severity: 'error',
    from: { path: `${eventStore}kernel/`, pathNot: ownTests },
    to: { pathNot: `${eventStore}kernel/` },
  },
  {
    name: 'event-store-knows-no-platform',
    comment: 'The event store is published by itself and knows nothing of finance.',
    severity: 'error',
    from: { path: '(?:^|/)packages/event-store/' },
    to: { path: '(?:^|/)packages/(?!event-store/)' },
  },
  {
    name: 'domain-imports-domain',
    comment:
      'A domain module sees the kernel, itself, the events of other modules, and the value modules.',
    severity: 'error',
    from: { path: `${domain}([^/]+)/`, pathNot: `${domain}[^/]+/contract\\.ts$` },
    to: { path: '(?:^|/)packages/', pathNot: seenByDomain },
  },
  {
    name: 'contract-imports-contracts',
    comment: 'A contract sees what its module does, and the contracts of other modules.',
    severity: 'error',
    from: { path: `${domain}([^/]+)/contract\\.ts$` },
    to: { path: '(?:^|/)packages/', pathNot: [...seenByDomain, `${domain}[^/]+/contract\\.ts$`] },
  },
  {
    name: 'domain-uses-no-node',
    comment: 'Replay is exact only when the domain can reach no clock, disk or randomness.',
    severity: 'error',
    from: { path: domain, pathNot: ownTests },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'domain-uses-no-package',
    comment: 'Only a contract names a package: the schema library.',
    severity: 'error',
    from: { path: domain, pathNot: [ownTests, '/contract\\.ts$'] },
    to: { path: 'node_modules/' },
  },
  {
    name: 'contract-uses-the-schema-library-alone',
    severity: 'error',
    from: { path: `${domain}.*/contract\\.ts$` },
    to: { path: 'node_modules/', pathNot: schemaLibrary },
  },
  {
    name: 'implementations-stand-apart',
    comment: 'Implementations share the port and nothing else.',
    severity: 'error',
    from: { path: implementations, pathNot: ownTests },
    to: { path: implementations, pathNot: `${eventStore}$1/$2/` },
  },
  {
    name: 'adapters-stand-apart',
    comment:
      'So do those of the bus, of the store of requests and of the keys; the embedded ones of the first two share a file.',
    severity: 'error',
    from: { path: adapters, pathNot: [ownTests, '/test-server(-jars)?\\.ts$'] },
    to: { path: adapters, pathNot: `${platform}$1/$2/` },
  },
  {
    name: 'storage-port-knows-no-implementation',
    severity: 'error',
    from: { path: `${eventStore}storage/[^/]+\\.ts$`, pathNot: ownTests },
    to: { path: storages },
  },
  {
    name: 'engine-sees-ports',
    comment: 'The write path and the projections run on any storage.',
    severity: 'error',
    from: { path: `${eventStore}(engine|projections)/`, pathNot: tests },
    to: { path: storages },
  },
  {
    name: 'api-sees-contracts',
    comment: 'The API is generic: of a domain module it sees contract, events and the decider.',
    severity: 'error',
    from: { path: `${platform}api/`, pathNot: ownTests },
    to: {
      path: domain,
      pathNot: [
        `${domain}[^/]+/(contract|events)\\.ts$`,
        // <noun>.ts, in the singular or the plural of its folder.
        `${domain}(?<noun>[^/]+?)(s|ies)?/\\k<noun>(s|y)?\\.ts$`,
        `${domain}(money|calendar)/`,
      ],
    },
  },
  {
    name: 'only-the-root-sees-implementations',
    comment: 'platform.ts wires the parts by hand; the command line opens stores for maintenance.',
    severity: 'error',
    from: {
      path: platform,
      pathNot: [
        `${platform}((platform|stores|key-stores|queue)\\.ts|command-line/)`,
        adapters,
        ownTests,
      ],
    },
    to: { path: [implementations, adapters] },
  },
  {
    name: 'verify-imports-nothing',
    comment: 'Whoever checks the program must not have to trust any part of it.',
    severity: 'error',
    from: { path: verify, pathNot: ownTests },
    to: { pathNot: verify, dependencyTypesNot: ['core'] },
  },
  {
    name: 'no-cycles',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-orphans',
    comment: 'A file that imports nothing and that nothing imports is reached by nobody.',
    severity: 'error',
    from: { orphan: true, path: '^packages/' },
    to: {},
  },
  {
    name: 'no-unresolvable',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

export const options: ICruiseOptions = {
  // Types couple as values do, so imports that erase are followed too.
  tsPreCompilationDeps: true,
  tsConfig: { fileName: 'tsconfig.json' },
  doNotFollow: { path: 'node_modules' },
  // Anchored: a bare `dist/` would also hide every package that is published from such a folder.
  exclude: { path: '^(packages/[^/]+/dist|test/fixtures)/' },
  enhancedResolveOptions: {
    exportsFields: ['exports'],
    conditionNames: ['import', 'node', 'types', 'default'],
  },
};
