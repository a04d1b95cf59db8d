import { expect, test } from 'vitest';
import type { ForeignKey } from '../../data/catalogue.ts';
import type { ReadTable } from '../../data/read-rows.ts';
import { referenceLinks } from './reference-links.ts';

const table = { columns: [{ name: 'id' }, { name: 'shop' }, { name: 'customer' }] } as unknown as ReadTable;
const key = {
  columns: ['shop', 'customer'],
  to_schema: 'public',
  to_table: 'customers',
  to_columns: ['shop_id', 'number'],
} as unknown as ForeignKey;
const link = referenceLinks('proj_a', table, [key]);
const row = (...cells: (string | null)[]) => ({ id: [], place: [], cells });

test('every part of a reference becomes a condition', () => {
  const to = '/projects/proj_a/tables/public/customers?filter=shop_id.eq.1&filter=number.eq.7';
  expect(link(row('9', '1', '7'), 1)).toEqual({ to, table: 'customers' });
  expect(link(row('9', '1', '7'), 2)?.to).toBe(to);
});

test('what is no reference, or is NULL in a part, leads nowhere', () => {
  expect(link(row('9', '1', '7'), 0)).toBeUndefined();
  expect(link(row('9', '1', null), 1)).toBeUndefined();
});
