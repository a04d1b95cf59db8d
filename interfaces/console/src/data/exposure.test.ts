import { expect, test } from 'vitest';
import type { TableSummary } from './catalogue.ts';
import { exposureOf, isDangerous, type Exposure } from './exposure.ts';

const table: TableSummary = {
  schema: 'public',
  name: 'todos',
  kind: 'table',
  partition_of: null,
  comment: null,
  estimate: null,
  bytes: 0,
  own: true,
  rls: true,
  policies: 1,
  as_invoker: false,
  anon: ['SELECT'],
};

test.each<[Exposure, boolean, Partial<TableSummary>]>([
  ['by-policies', false, {}],
  ['no-policies', false, { policies: 0 }],
  ['open', true, { rls: false, policies: 0 }],
  ['policies-off', true, { rls: false }],
  ['closed', false, { rls: false, anon: [] }],
  ['closed', false, { rls: false, schema: 'private' }],
  ['view-past-policies', true, { kind: 'view', rls: false, policies: 0 }],
  ['by-policies', false, { kind: 'view', rls: false, policies: 0, as_invoker: true }],
  ['open', true, { kind: 'materialized', rls: false, policies: 0 }],
])('%s (dangerous: %s): %o', (expected, dangerous, change) => {
  const exposure = exposureOf({ ...table, ...change }, ['public', 'shop']);
  expect(exposure).toBe(expected);
  expect(isDangerous(exposure)).toBe(dangerous);
});
