import fc from 'fast-check';
import { expect, test } from 'vitest';
import { statementName, statementShape } from './sql-statement.ts';

test.each([
  [`SELECT * FROM t WHERE a = 'secret' AND b = 42`, 'select * from t where a = ? and b = ?'],
  [`select  *\nfrom t -- pass 'word'\n where a=$1`, 'select * from t where a=?'],
  [
    `INSERT INTO t VALUES ('it''s', E'a\\'b', 1.5e3, $$dollar$$, $x$ y $x$)`,
    'insert into t values (?, ?, ?, ?, ?)',
  ],
  [`SELECT "Column 1" /* 'hidden' */ FROM t2`, 'select "column 1" from t2'],
  [`SELECT U&'d\\0061t' , B'101', X'ff'`, 'select ? , ?, ?'],
  [`SELECT 'never closed`, 'select ?'],
  [`/* never closed`, ''],
  ['CREATE TABLE x9 (a1 int)', 'create table x9 (a1 int)'],
])('%s', (sql, shape) => expect(statementShape(sql)).toBe(shape));

test('statements of one shape are told apart from others only', () => {
  expect(statementShape(`SELECT 1 FROM a`)).toBe(statementShape(`select  2\tfrom a`));
  expect(statementShape(`SELECT 1 FROM a`)).not.toBe(statementShape(`SELECT 1 FROM b`));
});

test('no text that stood in quotes is left, whatever stands there', () => {
  const secret = fc
    .string({ minLength: 6, maxLength: 40, unit: 'grapheme' })
    .filter((text) => /\w{4}/.test(text));
  fc.assert(
    fc.property(secret, (text) => {
      const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '')}'`;
      expect(statementShape(`SELECT ${quoted} AS x, $$${text.replaceAll('$', '')}$$`)).toBe(
        'select ? as x, ?',
      );
    }),
  );
});

test('a name for people', () => {
  expect(statementName(statementShape('CREATE  TABLE x ()'))).toBe('create table');
  expect(statementName(statementShape('select 1'))).toBe('select');
  expect(statementName(statementShape('   '))).toBe('unknown');
});
