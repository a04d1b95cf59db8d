import { expect, test } from 'vitest';
import { migrationName, nextVersion, versionOf } from './migration-name.ts';

test('the next one comes after all that there are', () => {
  expect([nextVersion([]), nextVersion([1, 7, 3]), nextVersion([9_999])]).toEqual([1, 8, undefined]);
});

test.each([
  [1, 'Make the todos!', '0001_make_the_todos.sql'],
  [12, 'Größe der Fläche', '0012_gro_e_der_flache.sql'],
  [3, 'a.sql', '0003_a.sql'],
  [4, '!!!', ''],
  [5, 'x'.repeat(200), `0005_${'x'.repeat(91)}.sql`],
])('%d and %j are %j', (version, what, name) => {
  expect(migrationName(version, what)).toBe(name);
  if (name !== '') expect(versionOf(name)).toBe(version);
});

test.each(['0000_a.sql', '1_a.sql', '0001_A.sql', '0001_.sql', '0001_a.txt'])('%j is no name', (name) => {
  expect(versionOf(name)).toBeUndefined();
});
