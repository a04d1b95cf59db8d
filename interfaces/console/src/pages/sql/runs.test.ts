import { expect, test } from 'vitest';
import { splitStatements } from '../../data/statements.ts';
import { chosen, errorPlace, explained, partsOf } from './runs.ts';

const text = 'SELECT 1;\nSELECT nope FROM t;\nSELECT 3';
const sqls = (parts: ReturnType<typeof partsOf>) =>
  'refused' in parts ? parts.refused : parts.map(({ sql }) => sql);

test('the statement at the cursor runs, or what is selected', () => {
  const at = (from: number, to = from) => chosen(text, { from, to }).map((one) => one.text);
  expect(at(12)).toEqual(['SELECT nope FROM t']);
  expect(at(0, text.indexOf('FROM'))).toEqual(['SELECT 1', 'SELECT nope']);
  expect(chosen(text, { from: 10, to: text.length })[1]).toMatchObject({
    text: 'SELECT 3',
    from: 30,
    to: 38,
  });
  expect(chosen('', { from: 0, to: 0 })).toEqual([]);
});

test('each statement is sent by itself, unless they are to be one transaction or need to be', () => {
  const parts = (sql: string, together = false) => sqls(partsOf(sql, splitStatements(sql), together));
  expect(parts(text)).toHaveLength(3);
  expect(parts(text, true)).toEqual([text]);
  expect(parts('BEGIN; SELECT 1; COMMIT;')).toEqual(['BEGIN; SELECT 1; COMMIT']);
  expect(parts('SELECT 1; COPY t FROM STDIN')).toBe('copy');
  expect(parts('')).toEqual([]);
});

test('an error is shown where it stands in the editor', () => {
  const [, part] = partsOf(text, splitStatements(text), false) as Exclude<
    ReturnType<typeof partsOf>,
    { refused: unknown }
  >;
  const place = errorPlace(part!, 8);
  expect(text.slice(place!.from, place!.to)).toBe('nope');
  expect(errorPlace(part!, null)).toBeNull();
  expect(errorPlace(part!, 10_000)).toEqual({ from: part!.to, to: part!.to });
});

test('what explains is put in front, and counted out of places', () => {
  const [statement] = splitStatements('SELECT nope');
  const part = explained(statement!, 'analyze');
  expect(part.sql).toMatch(/^SET TRANSACTION READ ONLY;\nEXPLAIN \(ANALYZE/);
  expect(errorPlace(part, part.before + 8)).toEqual({ from: 7, to: 11 });
  const own = splitStatements('EXPLAIN SELECT 1')[0]!;
  expect(explained(own, 'explain').sql).toBe('EXPLAIN SELECT 1');
});
