import { expect, test } from 'vitest';
import { factsOf, rowOf } from './facts.ts';

test('a fact is a column of the same name, and its value is left alone', () => {
  const facts = { id: 1, ownerId: 'o', previousKeysUntil: null, dataApi: { maxRows: 5 } };
  const row = rowOf(facts);
  expect(row).toEqual({ id: 1, owner_id: 'o', previous_keys_until: null, data_api: { maxRows: 5 } });
  expect(row.data_api).toBe(facts.dataApi);
  expect(factsOf(row)).toEqual(facts);
});
