import { expect, test } from 'vitest';
import { compared, differencesOf, differenceText, factsOf, valueText, type State } from './facts.ts';

const STATE = {
  at: '2026-05-12T10:00:00.000Z',
  project: {
    id: 'proj_1',
    name: 'shop',
    display_name: 'Shop',
    status: 'active',
    settings: { data_api: { max_rows: 1000, schemas: ['public'], explain: false } },
    limits: { database_size_bytes: 1073741824, connections: 10 },
    usage: { database_size_bytes: null, database: 'within-limit', since: null },
    waits_for: null,
    purge_after: null,
    updated_at: '2026-05-12T09:00:00.000Z',
    revision: 9,
  },
  auth_settings: {
    autoconfirm: false,
    password: { min_length: 6, requires: [] },
    smtp: null,
    providers: {},
    templates: {},
  },
  storage_settings: { file_size_limit: null, s3: true },
  s3_keys: [],
  signing_keys: [{ kid: null, algorithm: 'HS256', status: 'signs' }],
};
type Change = { readonly [key: string]: unknown };
const changed = (change: Change): State => ({ ...STATE, ...change });
const inProject = (change: Change) => changed({ project: { ...STATE.project, ...change } });
const words = (was: State, is: State) => differencesOf(was, is).map(differenceText);

test('each fact has a name and a value in words', () => {
  expect(factsOf(STATE).map(({ group, label, value }) => `${group} | ${label} | ${value}`)).toEqual([
    'Project | Name | Shop',
    'Project | Status | Active',
    'Project | Waits for | nothing',
    'Project | Is removed | not planned',
    'Project | Database size | within its limit',
    'REST API | Max rows | 1,000',
    'REST API | Schemas | public',
    'REST API | Explain | off',
    'Limits | Database size limit | 1 GiB',
    'Limits | Connections | 10',
    'Users and sign-in | Autoconfirm | off',
    'Users and sign-in | Password: min length | 6',
    'Users and sign-in | Password: requires | none',
    'Users and sign-in | SMTP | none',
    'Users and sign-in | Providers | none',
    'Users and sign-in | Templates | none',
    "Files | File size limit | the platform's",
    'Files | S3 protocol | on',
    'Keys | S3 access keys | none',
    "Keys | Signing keys | the project's secret (HS256, signs)",
  ]);
});

test('a difference says what was and what is', () => {
  const now = inProject({ settings: { data_api: { ...STATE.project.settings.data_api, max_rows: 500 } } });
  expect(words(STATE, now)).toEqual(['Max rows: from 1,000 to 500']);
  expect(words(now, STATE)).toEqual(['Max rows: from 500 to 1,000']);
});

test('what only counts or is measured is no difference', () => {
  const usage = { database_size_bytes: 9, database: 'within-limit', since: null };
  expect(words(STATE, inProject({ revision: 10, updated_at: 'later', usage }))).toEqual([]);
  expect(words(STATE, changed({ at: 'later' }))).toEqual([]);
});

test('what comes and goes is told as that', () => {
  const smtp = { host: 'mail.example.com', port: 587, password: 'set' };
  const now = changed({ auth_settings: { ...STATE.auth_settings, smtp } });
  expect(words(STATE, now)).toEqual([
    'SMTP: host is new: mail.example.com',
    'SMTP: port is new: 587',
    'SMTP: password is new: set',
    'SMTP is gone: it was none',
  ]);
});

test('keys are told by their names', () => {
  const s3_keys = [{ id: 'key1', name: 'backup', made_at: '2026-05-12T09:00:00.000Z' }];
  const signing_keys = [{ kid: 'k1', algorithm: 'ES256', status: 'signs' }, ...STATE.signing_keys];
  expect(words(STATE, changed({ s3_keys, signing_keys }))).toEqual([
    'S3 access keys: from none to backup (key1)',
    "Signing keys: from the project's secret (HS256, signs) to k1 (ES256, signs), the project's secret (HS256, signs)",
  ]);
});

test('long texts that begin alike differ all the same', () => {
  const mail = (end: string) =>
    changed({
      auth_settings: { ...STATE.auth_settings, templates: { invite: { html: 'x'.repeat(100) + end } } },
    });
  expect(words(mail('a'), mail('b'))).toEqual(['Templates: invite: HTML has other text']);
});

test.each([
  ['statement_timeout_s', 8, '8 s'],
  ['access_token_seconds', 3600, '3,600 s'],
  ['timeout_ms', 5000, '5,000 ms'],
  ['file_size_limit', 1536, '1.5 KiB'],
  [
    'waits_for',
    { step: 'spawn-postgrest', attempts: 2, reason: 'no room' },
    'spawn-postgrest, after 2 tries: no room',
  ],
  ['anything', undefined, 'none'],
])('%s %o is %s', (name, value, text) => {
  expect(valueText(name, value)).toBe(text);
});

test('everything of both stands beside each other, group by group', () => {
  const auth = { ...STATE.auth_settings, providers: { google: { enabled: true } } };
  const rows = compared(changed({ auth_settings: auth }), STATE);
  expect(rows.filter(({ differs }) => differs).map(({ label, was, is }) => [label, was, is])).toEqual([
    ['Providers', undefined, 'none'],
    ['Providers: google: enabled', 'on', undefined],
  ]);
  const groups = rows.map(({ group }) => group);
  expect(groups).toEqual(groups.toSorted((one, other) => groups.indexOf(one) - groups.indexOf(other)));
});
