import { expect, test } from 'vitest';
import { roomSettings } from './room-settings.ts';

test('few sessions have what PostgreSQL gives them, and no table of many is smaller than one of few', () => {
  const sizes = [70, 800, 3_200, 3_201, 11_200, 20_000].map((sessions) => {
    const { max_locks_per_transaction: locks, max_pred_locks_per_transaction: predicates } =
      roomSettings(sessions);
    expect(predicates).toBe(locks);
    return [locks, locks * sessions] as const;
  });
  expect(sizes.map(([each]) => each)).toEqual([64, 64, 64, 64, 19, 16]);
  const tables = sizes.map(([, table]) => table);
  expect(tables.slice(2).every((table) => table >= 204_800)).toBe(true);
});

test('a database is visited once a minute, and of many no more than three a second', () => {
  const naps = [70, 800, 2_200, 2_211, 11_065, 20_000].map(
    (sessions) => roomSettings(sessions).autovacuum_naptime,
  );
  expect(naps).toEqual([60, 60, 60, 61, 302, 546]);
});
