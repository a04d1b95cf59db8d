/** The import law of ARCHITECTURE.md, as errors. */
const layers = '^(domain|application|infrastructure|projections|interfaces)/';
const tests =
  '[.](test|contract)[.]ts$|^infrastructure/testing/|^interfaces/(acceptance|bench)/|^application/testing/';

/** built into files of a browser */
const browser = '^interfaces/console/';

const forbid = (name, from, to, comment) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    forbid('no-cycles', {}, { circular: true }, 'a cycle has no beginning to read from'),
    forbid(
      'no-barrels',
      {},
      { path: 'index[.]ts$', pathNot: 'node_modules' },
      'import the file that holds the thing',
    ),
    forbid(
      'domain-is-pure',
      { path: '^domain/', pathNot: tests },
      { pathNot: '^domain/' },
      'the domain imports nothing: no node, no npm, no clock',
    ),
    forbid(
      'application-knows-ports-only',
      { path: '^application/', pathNot: tests },
      { pathNot: '^(domain|application)/|^(node:)?stream$' },
      'use cases see the domain and the ports; bytes that move are streams everywhere',
    ),
    forbid(
      'projections-read-events',
      { path: '^projections/', pathNot: tests },
      {
        path: `${layers}`,
        pathNot: '^(domain|projections)/|^application/(ports/event-store[.]ts$|background/)',
      },
      'a projection knows event types and its own tables',
    ),
    forbid(
      'infrastructure-implements-ports',
      { path: '^infrastructure/', pathNot: tests },
      {
        path: `${layers}`,
        pathNot:
          '^(domain|infrastructure)/|^application/(ports/|background/|errors[.]ts|storage/storage-error[.]ts)',
      },
      'adapters implement ports and know nobody else',
    ),
    forbid(
      'interfaces-do-not-touch-adapters',
      { path: '^interfaces/', pathNot: `^interfaces/composition/|${tests}` },
      { path: '^infrastructure/' },
      'only the composition chooses adapters',
    ),
    forbid(
      'composition-is-the-root',
      {
        path: '^interfaces/',
        pathNot: `^interfaces/(composition/|main[.]ts|public-pooler[.]ts|cli/)|${tests}`,
      },
      { path: '^interfaces/composition/' },
      'nobody asks the container but the entry points',
    ),
    forbid(
      'inversify-in-composition',
      { pathNot: '^interfaces/composition/' },
      { path: 'node_modules/(inversify|reflect-metadata)' },
      'wiring has one place',
    ),
    forbid(
      'the-console-stands-alone',
      { path: browser, pathNot: tests },
      { path: layers, pathNot: browser },
      'it runs in a browser and knows the platform by its API',
    ),
    forbid(
      'nobody-runs-the-console',
      { path: layers, pathNot: `${browser}|${tests}` },
      { path: browser },
      'it is built into files, which the platform API serves',
    ),
    forbid(
      'no-dev-in-product',
      // what the console is built from is needed by nobody who runs it
      { path: layers, pathNot: `${browser}|${tests}` },
      { dependencyTypes: ['npm-dev'], pathNot: '@types' },
      '',
    ),
    forbid('resolvable', {}, { couldNotResolve: true }, 'an import that leads nowhere'),
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules/(@types|typescript)|^interfaces/console/dist/' },
    moduleSystems: ['es6'],
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  },
};
