import { expect, test } from 'vitest';
import { QueryStore } from './query-store.ts';

function storage(full = false) {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    removeItem: (key: string) => void kept.delete(key),
    setItem(key: string, value: string) {
      if (full) throw new Error('QuotaExceededError');
      kept.set(key, value);
    },
  };
}
const query = (sql: string) => ({ sql, at: '2026-11-29T12:00:00Z', failed: false });

test('the last query is first, the same one is there once, and projects have their own', () => {
  const kept = storage();
  const store = new QueryStore(kept, 'proj_a');
  store.ran(query('SELECT 1'));
  store.ran(query('SELECT 2'));
  store.ran(query('SELECT 1'));
  expect(store.past.map(({ sql }) => sql)).toEqual(['SELECT 1', 'SELECT 2']);
  expect(new QueryStore(kept, 'proj_b').past).toEqual([]);
  store.forgetPast();
  expect(store.past).toEqual([]);
});

test('what seems to hold a secret, or is very long, is not kept', () => {
  const store = new QueryStore(storage(), 'proj_a');
  store.ran(query("ALTER ROLE a PASSWORD 'x'"));
  store.ran(query(`SELECT '${'x'.repeat(30_000)}'`));
  expect(store.past).toEqual([]);
});

test('no more than a hundred are kept', () => {
  const store = new QueryStore(storage(), 'proj_a');
  for (let count = 0; count < 130; count++) store.ran(query(`SELECT ${count}`));
  expect(store.past).toHaveLength(100);
  expect(store.past[0]?.sql).toBe('SELECT 129');
});

test('queries are saved by name', () => {
  const store = new QueryStore(storage(), 'proj_a');
  store.save({ name: 'b', sql: 'SELECT 1' });
  store.save({ name: 'a', sql: 'SELECT 2' });
  store.save({ name: 'b', sql: 'SELECT 3' });
  expect(store.saved).toEqual([
    { name: 'a', sql: 'SELECT 2' },
    { name: 'b', sql: 'SELECT 3' },
  ]);
  expect(store.remove('a').map(({ name }) => name)).toEqual(['b']);
});

test('what somebody else wrote there is as good as nothing, and a full storage is no error', () => {
  const kept = storage();
  kept.kept.set('launchdb.sql.proj_a.past', 'not json');
  kept.kept.set(
    'launchdb.sql.proj_a.saved',
    '[1, {"name": 2, "sql": "x"}, null, {"name":"a","sql":"SELECT 1"}]',
  );
  const store = new QueryStore(kept, 'proj_a');
  expect(store.past).toEqual([]);
  expect(store.saved).toEqual([{ name: 'a', sql: 'SELECT 1' }]);
  const full = new QueryStore(storage(true), 'proj_a');
  expect(full.ran(query('SELECT 1'))).toHaveLength(1);
});
