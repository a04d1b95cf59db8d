import { expect, test } from 'vitest';
import { lockTables } from './lock-tables.ts';

test('few sessions have what PostgreSQL gives them, and no table of many is smaller than one of few', () => {
  const sizes = [70, 800, 3_200, 3_201, 11_200, 20_000].map((sessions) => {
    const { max_locks_per_transaction: locks, max_pred_locks_per_transaction: predicates } =
      lockTables(sessions);
    expect(predicates).toBe(locks);
    return [locks, locks * sessions] as const;
  });
  expect(sizes.map(([each]) => each)).toEqual([64, 64, 64, 64, 19, 16]);
  const tables = sizes.map(([, table]) => table);
  expect(tables.slice(2).every((table) => table >= 204_800)).toBe(true);
});
