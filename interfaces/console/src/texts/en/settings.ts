/** Words of the pages of a project's settings. */
export const settings = {
  title: 'Settings',
  parts: 'Parts of the settings',
  tabs: {
    general: 'General',
    api: 'API',
    auth: 'Sign-in',
    mails: 'Mails',
    storage: 'Storage',
    keys: 'Keys and passwords',
    extensions: 'Extensions',
  },
  notRead: 'The settings could not be read',
  save: 'Save',
  saved: 'Saved',
  discard: 'Discard changes',
  unsaved: 'Not saved yet',
  someFaults: 'Some fields are not right',
  changedElsewhere:
    'Somebody else has changed these settings meanwhile. They are read again: look whether yours still fit, and save once more.',
  notNumber: 'A number, please.',
  notSize: 'This is no size: such as 20 MB, or a number of bytes.',
  secretSet: 'Set. It is kept sealed and shown to nobody.',
  secretNone: 'Not set',
  secretReplace: 'Replace',
  secretGive: 'Set',
  secretRemove: 'Remove',
  secretRemoved: 'It goes when you save.',
  secretKeep: 'Leave it as it is',
  secretMake: 'Make one',
  seconds: 'seconds',
} as const;

export const general = {
  name: 'Name',
  nameDescription: 'As it is shown to you. The id, the address and the database stay as they are.',
  displayName: 'Display name',
  limits: 'Limits',
  limitsDescription: 'Whoever runs this platform sets them.',
  database: 'Database',
  databaseOf: (used: string, most: string) => `${used} of ${most}`,
  noLimit: 'no limit',
  files: 'Files',
  fileCount: 'How many files',
  connections: 'Connections at once',
  statementTime: 'Time of a statement',
  largestFile: 'Largest file',
  unknown: 'Not known',
} as const;

export const dataApi = {
  title: 'Data API',
  description:
    'The REST API of the tables. A change restarts it, which takes a moment; requests that come meanwhile wait.',
  restarts: 'It is restarting with the new settings, which takes a moment.',
  missing: (schemas: string) =>
    `The database does not have ${schemas}: the API goes on without. Make it by CREATE SCHEMA, or take it out here.`,
} as const;

export const storageSettings = {
  title: 'Limits of files',
  description: 'An owner may want less than the platform allows. What is stored already stays.',
  inForce: (size: string, total: string, count: string) =>
    `In force: ${size} for one file, ${total} for all together, ${count} files.`,
  any: 'no limit',
  keys: 'S3 access keys',
  keysDescription:
    'For programs that speak the S3 protocol. Whoever has one may do anything with the files: no policy is asked.',
  endpoint: 'Endpoint',
  region: 'Region',
  keyId: 'Access key',
  keyName: 'Name',
  keyMade: 'Made',
  keysNone: 'There are none.',
  add: 'New access key',
  addDescription: 'Its secret is shown once, when it is made.',
  addAction: 'Make key',
  nameHint: 'What it is for, such as backups.',
  secretOnce: 'This is the only time that the secret is shown.',
  secret: 'Secret key',
  made: 'The key is made',
  revoke: 'Revoke',
  revokeTitle: (name: string) => `Revoke ${name}?`,
  revokeDescription: 'Programs that use it are refused within a second. This cannot be taken back.',
  revoked: 'The key is revoked',
} as const;

const OVERLAPS = {
  '0': 'At once: they leaked',
  '3600': 'In an hour',
  '86400': 'In a day',
  '604800': 'In a week',
  '2592000': 'In 30 days',
} as const;

export const keys = {
  api: 'API keys',
  apiDescription:
    'Apps show the anon key, servers the service role key. They are shown on the overview page, which is recorded.',
  rotate: 'Make new API keys',
  rotateTitle: 'Make new API keys?',
  rotateDescription:
    'Both keys are replaced. Apps and servers that still use the old ones stop working when those end. Users stay signed in.',
  oldEnd: 'The old ones end',
  overlaps: OVERLAPS,
  rotated: 'The keys are new',
  until: 'The old keys are good until',
  anon: 'anon key',
  service: 'service role key',
  takesMoment: 'It is being put in force, which takes a moment.',
  signing: 'What tokens of users are signed with',
  signingDescription:
    'By a key of ES256 or RS256 others can check tokens, and nobody can forge one. With HS256 it is the secret of the project. Users stay signed in.',
  algorithm: 'Algorithm',
  status: 'State',
  statuses: { signs: 'Signs', next: 'Signs soon', verifies: 'Still good' },
  kid: 'Key',
  secret: 'The secret of the project',
  madeAt: 'Made',
  validUntil: 'Good until',
  sign: 'Sign by a new key',
  signTitle: 'Sign the tokens of users by a new key?',
  signDescription:
    'Nobody is signed out. Whoever checks tokens elsewhere has to read the public keys again. Tokens of keys before stay good until then:',
  oldTokensEnd: 'Tokens of keys before end',
  signed: 'A new key signs',
  password: 'Database password',
  passwordDescription: 'Of the owner of the database, for psql, drivers and ORMs.',
  newPassword: 'Make a new password',
  passwordTitle: 'Make a new database password?',
  passwordStops:
    'The old one ends as soon as the new one is in force. Programs that connect with it are refused from then on; connections that are open go on. The APIs of the project are not concerned.',
  passwordMade: 'The password is new',
  direct: 'PostgreSQL',
  pooled: 'Pooler',
  notReached: 'It cannot be reached from outside here.',
} as const;

export const extensions = {
  title: 'Extensions',
  description: 'They are installed into the schema "extensions", which is in the search path.',
  list: 'Extensions of the project',
  search: 'Search',
  columns: { name: 'Extension', what: 'What it does', version: 'Version', change: 'Change' },
  installed: 'Installed',
  install: 'Install',
  installDone: 'The extension is installed',
  remove: 'Remove',
  removeTitle: (name: string) => `Remove ${name}?`,
  removeDescription: 'It is refused while tables, columns or functions of yours need it.',
  removed: 'The extension is removed',
  operators: 'By the operator',
  none: 'Nothing like that',
} as const;
