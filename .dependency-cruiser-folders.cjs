/** The import law, for folders: of two that need each other neither can be read first. A folder and those in it are one. */
const { forbidden, options } = require('./.dependency-cruiser.cjs');

// they lead from anywhere to anywhere
const tests = forbidden.find(({ name }) => name === 'domain-is-pure').from.pathNot;

module.exports = {
  forbidden: [
    {
      name: 'no-folder-cycles',
      comment: 'what both need gets a room of its own',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: { ...options, exclude: { path: `${options.exclude.path}|${tests}` } },
};
