import { expect, test } from 'vitest';
import { canonicalSql, scriptOf, versionOf } from './migration-file.ts';
import { compareFolder, planMigrations } from './plan-migrations.ts';

const file = (name: string, checksum = 'x') => ({ name, version: versionOf(name) ?? 0, checksum });
const refused = (code: string) => expect.objectContaining({ name: 'Rejection', code }) as Error;

test.each([
  ['0001_a.sql', 1],
  ['9999_a_1.sql', 9999],
  ['0000_a.sql', undefined],
  ['1_a.sql', undefined],
  ['0001_A.sql', undefined],
  ['0001_.sql', undefined],
  ['0001_a.sql\n', undefined],
  ['../0001_a.sql', undefined],
])('%j is number %j', (name, version) => expect(versionOf(name)).toBe(version));

test('a byte order mark and the kind of line end are no part of a file', () => {
  expect(canonicalSql('\uFEFFa\r\nb\n')).toBe('a\nb\n');
});

test('the header says how a file is run', () => {
  const script = (sql: string) => scriptOf({ name: '0001_a.sql', sql });
  expect(script('').transaction).toBe(true);
  expect(script('-- a comment\nVACUUM').transaction).toBe(true);
  expect(script('-- about it\n-- LaunchDB: no-transaction \nVACUUM;').transaction).toBe(false);
  expect(script('VACUUM;\n-- launchdb: no-transaction').transaction).toBe(true);
  for (const sql of ['', 'SELECT 1', 'COMMIT', 'VACUUM; VACUUM', 'DROP TABLE a'])
    expect(() => script(`-- launchdb: no-transaction\n${sql}`)).toThrow(refused('migration/invalid'));
  expect(() => script('-- launchdb: no-transactions\nVACUUM')).toThrow(refused('migration/invalid'));
});

test('commands of psql are refused by name, with what to write instead', () => {
  const script = (sql: string) => () => scriptOf({ name: '0001_a.sql', sql });
  expect(script('SELECT 1;\n\\i other.sql')).toThrow(
    /^0001_a[.]sql, line 2: "\\i" is a command of psql.*put the text of that file here/,
  );
  expect(script('SELECT 1 \\gset')).toThrow('write the value itself');
  expect(script(`SELECT '\\i'; -- \\i`)).not.toThrow();
});

test('what is missing is planned in order', () => {
  const [a, b, c] = [file('0001_a.sql'), file('0002_b.sql'), file('0003_c.sql')];
  expect(planMigrations([c, a, b], [a])).toEqual([b, c]);
  expect(planMigrations([b], [a, b, c])).toEqual([]);
  expect(() => planMigrations([file('0001_a.sql', 'y')], [a])).toThrow(refused('migration/changed'));
  expect(() => planMigrations([file('0001_other.sql')], [a])).toThrow(refused('migration/changed'));
  expect(() => planMigrations([b], [a, c])).toThrow(refused('migration/out-of-order'));
  const many = Array.from({ length: 2_000 }, (_, at) => file(`${String(at + 1).padStart(4, '0')}_a.sql`));
  expect(() => planMigrations([file('3000_a.sql')], many)).toThrow(refused('migration/too-many'));
});

test('a folder and a project are compared by number', () => {
  const here = [file('0001_a.sql'), file('0003_c.sql', 'y'), file('0004_d.sql')];
  const there = [file('0001_a.sql'), file('0002_b.sql'), file('0003_c.sql')];
  expect(compareFolder(here, there).map(({ name, state }) => `${name} ${state}`)).toEqual([
    '0001_a.sql applied',
    '0002_b.sql missing',
    '0003_c.sql changed',
    '0004_d.sql pending',
  ]);
});
