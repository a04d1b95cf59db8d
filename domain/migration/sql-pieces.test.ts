import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeOf, sqlPieces } from './sql-pieces.ts';

test.each([
  ['', []],
  [' ; -- x;\n /* ; /* ; */ ; */ ;', []],
  ['a; b', ['a', 'b']],
  ['-- é\n a;', ['a']],
  [`'a;b''c;'; d`, [`'a;b''c;'`, 'd']],
  [`'\\'; d`, [`'\\'`, 'd']],
  [`E'\\';' ; d`, [`E'\\';' `, 'd']],
  [`"a;""b"; d`, [`"a;""b"`, 'd']],
  ['$$a;$$; $x$ $$;$$ ; $x$; $1; d', ['$$a;$$', '$x$ $$;$$ ; $x$', '$1', 'd']],
  ['a$b$; c$b$', ['a$b$', 'c$b$']],
  ['x (1; 2); y', ['x (1; 2)', 'y']],
  ['f() begin atomic a; end; c', ['f() begin atomic a; end', 'c']],
  [
    'f() begin atomic select case when x.case then 1 end as end; b; end; c; case; d',
    ['f() begin atomic select case when x.case then 1 end as end; b; end', 'c', 'case', 'd'],
  ],
  ['-- a\ra; b', ['a', 'b']],
  ['a\n\\i x;y\nb;\n  \\restrict abc\n\\unrestrict abc\nc', ['a\n', '\\i x;y', 'b', 'c']],
  [`'open; a`, [`'open; a`]],
  ['/* open; a', []],
])('%j is cut into %j', (sql, pieces) => {
  expect(sqlPieces(sql).map(({ text }) => text)).toEqual(pieces);
});

test.each([
  ["COPY t FROM stdin;\n1\tx;'\n\\.\nb", "1\tx;'\n", 'b'],
  ['copy t (a, b) from /* x */ STDIN WITH (FORMAT csv);  \r\n\\.\r\nb', '', 'b'],
  ['COPY t FROM stdin;\na\u2028\\.\n', 'a\u2028\\.\n', undefined],
  ['COPY t FROM stdin;', '', undefined],
  ['COPY t FROM stdin; b\n1\n\\.\n', undefined, 'b\n1\n'],
  ['COPY (SELECT a FROM stdin) TO x; b', undefined, 'b'],
  [`COPY t FROM 'stdin'; b`, undefined, 'b'],
])('%j copies %j in', (sql, data, next) => {
  const [copy, after] = sqlPieces(sql);
  expect(copy?.data?.text).toBe(data);
  if (copy?.data) expect(sql.slice(copy.data.offset).startsWith(copy.data.text)).toBe(true);
  expect(after?.text).toBe(next);
});

test.each([
  ['SELECT * INTO b FROM a', true],
  ['WITH x AS (SELECT 1) SELECT * INTO b FROM x', true],
  ['(SELECT 1 INTO b)', true],
  ['WITH x AS (SELECT 1) INSERT INTO b SELECT * FROM x', undefined],
  ['WITH x AS (INSERT INTO b VALUES (1) RETURNING *) SELECT * FROM x', undefined],
  ['INSERT INTO b SELECT 1', undefined],
  [`SELECT 'into', "into" FROM a`, undefined],
])('%s makes a table: %s', (sql, into) => expect(sqlPieces(sql)[0]?.selectsInto).toBe(into));

test('pieces are the text as it is, at their places, in order, whatever the text', () => {
  const token = fc.constantFrom(
    ';',
    "'",
    '"',
    '$$',
    '$a$',
    '/*',
    '*/',
    '--',
    '\n',
    '(',
    ')',
    'x',
    ' ',
    'é',
    '\\',
    'E',
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 40 }), (tokens) => {
      const sql = tokens.join('');
      let end = 0;
      for (const { offset, text } of sqlPieces(sql)) {
        expect(sql.slice(offset, offset + text.length)).toBe(text);
        expect(offset).toBeGreaterThanOrEqual(end);
        end = offset + text.length;
      }
    }),
  );
});

test('a large file is cut in time', () => {
  const large = `${'x'.repeat(200_000)}; '${"a''".repeat(200_000)}'; ${'/* '.repeat(50_000)}`;
  expect(sqlPieces(large)).toHaveLength(2);
});

test('a place is counted in characters', () => {
  expect(placeOf('a\n\u{1F600}b', 1)).toEqual({ line: 1, column: 1 });
  expect(placeOf('a\n\u{1F600}b', 4)).toEqual({ line: 2, column: 2 });
  expect(placeOf('a', 99)).toEqual({ line: 1, column: 2 });
});
