import { expect, test, vi } from 'vitest';
import { ExactNumber } from '../../api/exact-json.ts';
import type { SqlResult } from '../../api/sql.ts';
import type { Table } from '../../data/catalogue.ts';
import type { Query } from '../../data/read-rows.ts';
import { PAGE } from '../../data/row-pages.ts';
import { ChangedMeanwhile, MOST_ROWS, RowSource } from './row-source.ts';

const table = {
  schema: 'public',
  name: 't',
  kind: 'table',
  own: true,
  key: ['id'],
  columns: [
    { name: 'id', base: 'int8', not_null: true },
    { name: 'v', base: 'text', not_null: false },
  ],
} as unknown as Table;

const answer = (rows: unknown[][]) => ({ rows }) as unknown as SqlResult;
const row = (n: number) => [`${n}`, `${n}`, `${n}`, `v${n}`];

/** what PostgreSQL would answer of a table with so many rows */
function server(count: number, estimate = count, cost = 1e6) {
  const asked: string[] = [];
  const run = ({ query, params }: Query): Promise<SqlResult> => {
    asked.push(query);
    if (query.startsWith('EXPLAIN'))
      return Promise.resolve(
        answer([[[{ Plan: { 'Plan Rows': estimate, 'Total Cost': new ExactNumber(cost.toFixed(2)) } }]]]),
      );
    if (query.startsWith('SELECT count')) return Promise.resolve(answer([[String(count)]]));
    const from = Number(params[0] ?? -1) + 1 + Number(/OFFSET (\d+)/.exec(query)?.[1] ?? 0);
    const length = Math.max(0, Math.min(PAGE, count - from));
    return Promise.resolve(answer(Array.from({ length }, (_, at) => row(from + at))));
  };
  return { asked, run };
}

test('the first page tells how many rows there are when it is not full', async () => {
  const source = new RowSource(table, { filters: [], sorts: [] }, server(7, 100).run);
  expect([source.started, source.total, source.shownRows]).toEqual([false, undefined, 0]);
  source.start();
  await vi.waitFor(() => expect(source.total).toEqual({ rows: 7, exact: true }));
  expect(source.shownRows).toBe(7);
  expect(source.row(6)?.cells).toEqual(['6', 'v6']);
});

test('the planner says how long the bar is, and a count is exact', async () => {
  const source = new RowSource(table, { filters: [], sorts: [] }, server(1000, 900).run);
  source.start();
  await vi.waitFor(() => expect(source.total).toEqual({ rows: 900, exact: false }));
  expect(await source.count()).toBe(1000);
  expect(source.total).toEqual({ rows: 1000, exact: true });
});

test('where it is cheap rows are counted at once, and not where the first page has told it', async () => {
  const many = new RowSource(table, { filters: [], sorts: [] }, server(1000, 900, 20).run);
  many.start();
  await vi.waitFor(() => expect(many.total).toEqual({ rows: 1000, exact: true }));
  const { run, asked } = server(7, 900, 20);
  const few = new RowSource(table, { filters: [], sorts: [] }, run);
  few.start();
  await vi.waitFor(() => expect(few.total).toEqual({ rows: 7, exact: true }));
  await new Promise((resolve) => setTimeout(resolve));
  expect(asked.filter((query) => query.startsWith('SELECT count'))).toEqual([]);
});

test('what is looked at is read, behind the nearest row that is known', async () => {
  const { run, asked } = server(10_000);
  const source = new RowSource(table, { filters: [], sorts: [] }, run);
  source.start();
  await vi.waitFor(() => expect(source.started).toBe(true));
  source.look(5 * PAGE + 10, 5 * PAGE + 40);
  await vi.waitFor(() => expect(source.row(5 * PAGE + 20)?.cells[0]).toBe(String(5 * PAGE + 20)));
  expect(asked.at(-1)).toContain(`OFFSET ${4 * PAGE}`);
  expect(source.row(2 * PAGE)).toBeUndefined();
});

test('an estimate that is too low hides no rows, one beyond what a browser shows is cut', async () => {
  const low = new RowSource(table, { filters: [], sorts: [] }, server(1000, 1).run);
  low.start();
  await vi.waitFor(() => expect(low.shownRows).toBe(2 * PAGE));
  const high = new RowSource(table, { filters: [], sorts: [] }, server(2_000_000).run);
  high.start();
  await vi.waitFor(() => expect(high.shownRows).toBe(MOST_ROWS));
});

test('where the planner believes in rows that there are not, they are counted', async () => {
  const source = new RowSource(table, { filters: [], sorts: [] }, server(1000, 50_000).run);
  source.start();
  await vi.waitFor(() => expect(source.shownRows).toBe(50_000));
  source.look(49_000, 49_030);
  await vi.waitFor(() => expect(source.total).toEqual({ rows: 1000, exact: true }));
  expect(source.shownRows).toBe(1000);
});

test('a failure is told, and can be tried again', async () => {
  const { run } = server(7);
  let fails = true;
  const source = new RowSource(table, { filters: [], sorts: [] }, (query) =>
    fails ? Promise.reject(new Error('away')) : run(query),
  );
  source.start();
  await vi.waitFor(() => expect(source.error).toMatchObject({ message: 'away' }));
  fails = false;
  source.retry();
  await vi.waitFor(() => expect(source.row(0)).toBeDefined());
  expect(source.error).toBeNull();
});

async function changing(outcome: (query: Query) => Promise<SqlResult>) {
  const { run } = server(7);
  const source = new RowSource(table, { filters: [], sorts: [] }, (query) =>
    query.query.startsWith('UPDATE') ? outcome(query) : run(query),
  );
  source.start();
  await vi.waitFor(() => expect(source.started).toBe(true));
  return source;
}

test('a change is shown at once, and stays as the server says', async () => {
  const source = await changing(() => Promise.resolve(answer([['3', '3', '3', 'trimmed']])));
  const saved = source.change(3, 1, 'v3', ' trimmed ');
  expect(source.row(3)?.cells[1]).toBe(' trimmed ');
  await saved;
  expect(source.row(3)?.cells[1]).toBe('trimmed');
});

test('a change that is refused is taken back', async () => {
  const source = await changing(() => Promise.reject(new Error('refused')));
  await expect(source.change(3, 1, 'v3', null)).rejects.toThrow('refused');
  expect(source.row(3)?.cells[1]).toBe('v3');
});

test('where somebody else was faster the rows are read again', async () => {
  const source = await changing(() => Promise.resolve(answer([])));
  await expect(source.change(3, 1, 'old', 'mine')).rejects.toThrow(ChangedMeanwhile);
  expect(source.row(3)?.cells[1]).toBe('v3');
});
