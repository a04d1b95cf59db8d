import { expect, test } from 'vitest';
import { dollarQuoted, identifier, literal, qualified } from './quote.ts';

test('a name cannot end its quotes', () => {
  expect(identifier('a"; DROP TABLE b; --')).toBe('"a""; DROP TABLE b; --"');
  expect(qualified('Shop', 'order')).toBe('"Shop"."order"');
});

test('a text cannot end its quotes', () => {
  expect(literal("it's \\' here")).toBe("'it''s \\'' here'");
});

test('a text in dollar quotes cannot end them', () => {
  expect(dollarQuoted('SELECT 1')).toBe('$sql$SELECT 1$sql$');
  expect(dollarQuoted('a $sql$ b')).toBe('$sql_$a $sql$ b$sql_$');
  expect(dollarQuoted('a $sql')).toBe('$sql_$a $sql$sql_$');
});
