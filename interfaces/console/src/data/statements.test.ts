import { expect, test } from 'vitest';
import {
  belongTogether,
  looksLikeReading,
  refusalOf,
  splitStatements,
  statementAt,
  unitOf,
} from './statements.ts';

const texts = (sql: string) => splitStatements(sql).map(({ text }) => text);

test.each([
  ['SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
  [' ; ;; ', []],
  ["SELECT ';''; '; SELECT 2", ["SELECT ';''; '", 'SELECT 2']],
  ["SELECT '\\'; SELECT 2", ["SELECT '\\'", 'SELECT 2']],
  ["SELECT E'\\'; '; SELECT 2", ["SELECT E'\\'; '", 'SELECT 2']],
  ['SELECT "a;""b;"; SELECT 2', ['SELECT "a;""b;"', 'SELECT 2']],
  ['SELECT U&"a;" ; SELECT 2', ['SELECT U&"a;"', 'SELECT 2']],
  ['DO $$ BEGIN; END $$; SELECT 2', ['DO $$ BEGIN; END $$', 'SELECT 2']],
  ['DO $a$ $$;$b$; $a$; SELECT 2', ['DO $a$ $$;$b$; $a$', 'SELECT 2']],
  ['SELECT a$$; SELECT b$$', ['SELECT a$$', 'SELECT b$$']],
  ['SELECT $1; SELECT $2', ['SELECT $1', 'SELECT $2']],
  ['-- one; two\nSELECT 1 -- three;\n; SELECT 2', ['SELECT 1', 'SELECT 2']],
  ['/* a; /* b; */ c; */ SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
  ['SELECT 1 /* a */; /* only; this */', ['SELECT 1']],
  [
    'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3',
    ['CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)', 'SELECT 3'],
  ],
  [
    'CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3',
    [
      'CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END',
      'SELECT 3',
    ],
  ],
  ['BEGIN; SELECT 1; END; SELECT 2', ['BEGIN', 'SELECT 1', 'END', 'SELECT 2']],
  ["SELECT 'never closed; SELECT 2", ["SELECT 'never closed; SELECT 2"]],
  ['SELECT $x$ never closed; SELECT 2', ['SELECT $x$ never closed; SELECT 2']],
  ['/* never closed; SELECT 2', []],
  ["SELECT 'ä😀;'; SELECT 2", ["SELECT 'ä😀;'", 'SELECT 2']],
])('%s', (sql, expected) => expect(texts(sql)).toEqual(expected));

test('each statement tells where it stands', () => {
  const sql = '-- first\nSELECT 1;\n\nSELECT 2 ;';
  for (const { text, from, to } of splitStatements(sql)) expect(sql.slice(from, to)).toBe(text);
  expect(splitStatements(sql).map(({ from }) => from)).toEqual([9, 20]);
});

test('a long text is split in no time', () => {
  const sql = `INSERT INTO t VALUES ('${"it''s; ".repeat(50_000)}');`.repeat(3);
  expect(splitStatements(sql)).toHaveLength(3);
});

test('COPY by the connection and commands of psql are refused, other COPY and other text is not', () => {
  const refusal = (sql: string) => splitStatements(sql).map(refusalOf)[0];
  expect(refusal('copy t from stdin')).toBe('copy');
  expect(refusal('COPY (SELECT 1) TO STDOUT')).toBe('copy');
  expect(refusal("COPY t FROM '/file'")).toBeNull();
  expect(refusal("SELECT 'copy from stdin'")).toBeNull();
  expect(refusal('\\d todos')).toBe('meta-command');
});

test('what one statement does to the session keeps it together with the others', () => {
  const together = (sql: string) => belongTogether(splitStatements(sql));
  expect(together('SET search_path = a; SELECT 1')).toBe(true);
  expect(together('BEGIN; SELECT 1; COMMIT')).toBe(true);
  expect(together('CREATE TEMP TABLE t (); SELECT 1')).toBe(true);
  expect(together('CREATE TABLE t (); SELECT 1')).toBe(false);
  expect(together('SET search_path = a')).toBe(false);
});

test('the statement at the cursor is the one that it is in, or else the next one', () => {
  const sql = 'SELECT 1;\n\n\nSELECT 2';
  const at = (place: number) => statementAt(splitStatements(sql), place)?.text;
  expect(at(3)).toBe('SELECT 1');
  expect(at(9)).toBe('SELECT 1');
  expect(at(11)).toBe('SELECT 2');
  expect(at(sql.length)).toBe('SELECT 2');
  expect(statementAt([], 0)).toBeUndefined();
});

test('reading is told by the first word', () => {
  expect(
    splitStatements('(SELECT 1); WITH a AS (SELECT 1) SELECT 2; DELETE FROM t').map(looksLikeReading),
  ).toEqual([true, true, false]);
});

test('a place in characters is a place in UTF-16 units', () => {
  const text = "SELECT '😀', nope";
  expect(text.slice(unitOf(text, 13))).toBe('nope');
  expect(unitOf(text, 1)).toBe(0);
  expect(unitOf(text, 1000)).toBe(text.length);
});
