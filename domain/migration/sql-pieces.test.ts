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
  ['f() begin atomic a; end; c', ['f() begin atomic a; end; c']],
  [`'open; a`, [`'open; a`]],
  ['/* open; a', []],
])('%j is cut into %j', (sql, pieces) => {
  expect(sqlPieces(sql).map(({ text }) => text)).toEqual(pieces);
});

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
