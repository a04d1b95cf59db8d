import { expect, test } from 'vitest';
import type { TableSummary } from '../../data/catalogue.ts';
import { EVERY, PLATFORM, shownTables } from './shown-tables.ts';

const table = (schema: string, name: string, bytes: number, own = true) =>
  ({ schema, name, bytes, own, estimate: bytes === 0 ? null : bytes }) as TableSummary;
const TABLES = [
  table('public', 'todos', 2),
  table('shop', 'Orders', 5),
  table('auth', 'users', 9, false),
  table('public', 'a', 0),
];
const shown = (search: string, schema = EVERY, by = 'name', descending = false) =>
  shownTables(TABLES, { search, schema, sorting: { by, descending } }).map(({ name }) => name);

test('the owner’s tables are shown, by a part of their name, with its schema', () => {
  expect(shown('')).toEqual(['a', 'todos', 'Orders']);
  expect(shown(' ORD')).toEqual(['Orders']);
  expect(shown('shop.')).toEqual(['Orders']);
});

test('of one schema, or the platform’s, too', () => {
  expect(shown('', 'auth')).toEqual(['users']);
  expect(shown('', PLATFORM)).toEqual(['users', 'a', 'todos', 'Orders']);
});

test('by rows and by size, the unknown last when the most are first', () => {
  expect(shown('', EVERY, 'size', true)).toEqual(['Orders', 'todos', 'a']);
  expect(shown('', EVERY, 'rows')).toEqual(['a', 'todos', 'Orders']);
});
