import { expect, test } from 'vitest';
import type { Column, Table } from './catalogue.ts';
import { deleteQuery, insertQuery, updateQuery } from './change-rows.ts';
import { filterText, parseFilter, type Filter } from './filters.ts';
import { orderOf } from './order.ts';
import { countQuery, estimateQuery, isClipped, pageQuery, rowOf, SHOWN } from './read-rows.ts';

const column = (name: string, base: string, not_null = false): Column => ({
  name,
  type: base,
  base,
  not_null,
  default: null,
  identity: null,
  generated: false,
  comment: null,
  labels: null,
});

const todos = {
  schema: 'public',
  name: 'todos',
  kind: 'table',
  own: true,
  key: ['id'],
  columns: [column('id', 'int8', true), column('title', 'text'), column('rank', 'int4', true)],
} as unknown as Table;
const plain = { filters: [], sorts: [] };

test('a page behind a known row seeks, and counts only what is between', () => {
  expect(pageQuery(todos, plain, { from: 400, size: 200 }, { index: 199, place: ['199'] })).toEqual({
    query: [
      'SELECT "id"::text, "id"::text, "id"::text, left("title"::text, 301), "rank"::text',
      'FROM "public"."todos" r',
      'WHERE ("id") > ($1)',
      'ORDER BY r."id"',
      'LIMIT 200',
      'OFFSET 200',
    ].join('\n'),
    params: ['199'],
  });
});

test('without a known row it counts from the first', () => {
  const { query, params } = pageQuery(todos, plain, { from: 400, size: 200 });
  expect(query).toContain('OFFSET 400');
  expect(params).toEqual([]);
});

test('the key settles which of two equal rows is first; what may be NULL is not sought', () => {
  const byRank = orderOf(todos, [{ column: 'rank', descending: true }]);
  expect(byRank).toEqual({
    sorts: [
      { column: 'rank', descending: true },
      { column: 'id', descending: true },
    ],
    seeks: true,
  });
  expect(orderOf(todos, [{ column: 'title', descending: false }]).seeks).toBe(false);
  const mixed = [
    { column: 'rank', descending: true },
    { column: 'id', descending: false },
  ];
  expect(orderOf(todos, mixed).seeks).toBe(false);
  const asked = { filters: [], sorts: [{ column: 'rank', descending: true }] };
  const { query } = pageQuery(todos, asked, { from: 200, size: 200 }, { index: 199, place: ['7', '3'] });
  expect(query).toContain('WHERE ("rank", "id") < ($1, $2)');
});

test('a table without a key is read by place, a view by nothing', () => {
  const keyless = { ...todos, key: [] };
  expect(pageQuery(keyless, plain, { from: 0, size: 1 }).query).toContain('ORDER BY r."ctid"');
  const partitioned = { ...keyless, kind: 'partitioned' } as Table;
  expect(pageQuery(partitioned, plain, { from: 0, size: 1 }).query).toContain(
    'ORDER BY r."tableoid", r."ctid"',
  );
  const view = { ...keyless, kind: 'view' } as Table;
  expect(pageQuery(view, plain, { from: 0, size: 1 }).query).not.toContain('ORDER BY');
  expect(() => deleteQuery(view, [{ id: [], place: [], cells: [] }])).toThrow(/apart/);
});

test('a row is taken apart as the page put it together', () => {
  expect(rowOf(todos, plain, ['7', '7', '7', 'milk', null])).toEqual({
    id: ['7'],
    place: ['7'],
    cells: ['7', 'milk', null],
  });
});

test('values of filters are parameters, names of columns that are not there count for nothing', () => {
  const filters: Filter[] = [
    { column: 'title', operator: 'contains', value: '50%_\\' },
    { column: 'rank', operator: 'gte', value: "1' OR true" },
    { column: 'nope', operator: 'eq', value: '1' },
    { column: 'title', operator: 'not-null', value: '' },
  ];
  expect(countQuery(todos, { filters, sorts: [] })).toEqual({
    query:
      'SELECT count(*) FROM "public"."todos" WHERE "title"::text ILIKE $1 AND "rank" >= $2 AND "title" IS NOT NULL',
    params: ['%50\\%\\_\\\\%', "1' OR true"],
  });
  expect(estimateQuery(todos, { filters: [], sorts: [] }).query).toBe(
    'EXPLAIN (FORMAT JSON) SELECT 1 FROM "public"."todos"',
  );
});

test.each<Filter>([
  { column: 'a.b~c', operator: 'eq', value: 'x.y' },
  { column: 'title', operator: 'null', value: '' },
  { column: 'title', operator: 'contains', value: '' },
])('a filter stands in an address as it is: %o', (filter) => {
  expect(parseFilter(filterText(filter))).toEqual(filter);
});

test('what is no filter is none', () => {
  expect(['', 'a', 'a.b', 'a.drop.1', '.eq.1'].map(parseFilter)).toEqual([null, null, null, null, null]);
});

const row = { id: ['7'], place: ['7'], cells: ['7', 'milk', '1'] };

test('a value is changed only where it is still what was seen', () => {
  expect(updateQuery(todos, plain, row, todos.columns[1]!, { from: 'milk', to: null })).toEqual({
    query: `UPDATE "public"."todos" SET "title" = $1
WHERE "id" = $2 AND "title"::text IS NOT DISTINCT FROM $3
RETURNING "id"::text, "id"::text, "id"::text, left("title"::text, 301), "rank"::text`,
    params: [null, '7', 'milk'],
  });
});

test('a new row names only what was given', () => {
  expect(insertQuery(todos, new Map([['title', '']]))).toEqual({
    query: 'INSERT INTO "public"."todos" ("title") VALUES ($1)',
    params: [''],
  });
  expect(insertQuery(todos, new Map()).query).toBe('INSERT INTO "public"."todos" DEFAULT VALUES');
});

test('rows are deleted by their key', () => {
  expect(deleteQuery(todos, [row, { ...row, id: ['8'] }])).toEqual({
    query: 'DELETE FROM "public"."todos" WHERE ("id" = $1) OR ("id" = $2)',
    params: ['7', '8'],
  });
});

test('a value is known to be longer than what is shown', () => {
  expect(isClipped('x'.repeat(SHOWN))).toBe(false);
  expect(isClipped('x'.repeat(SHOWN + 1))).toBe(true);
  expect(isClipped('😀'.repeat(SHOWN))).toBe(false);
  expect(isClipped(null)).toBe(false);
});
