import { expect, test } from 'vitest';
import type { Policy } from '../../data/catalogue.ts';
import { alterPolicy, createPolicy, dropPolicy } from './policy-sql.ts';
import { freeName, ownerColumn, TEMPLATES } from './templates.ts';
import { claimsOf, touchedRows, trial } from './try-as.ts';

const place = { schema: 'public', table: 'todos' };
const own: Policy = {
  name: 'Own rows',
  command: 'ALL',
  permissive: true,
  roles: ['authenticated'],
  using: 'a',
  check: 'b',
};

test('a policy is made and dropped', () => {
  expect(createPolicy(place, own)).toBe(
    'CREATE POLICY "Own rows" ON "public"."todos"\n  AS PERMISSIVE FOR ALL TO "authenticated"\n  USING (a)\n  WITH CHECK (b);',
  );
  expect(createPolicy(place, { ...own, command: 'INSERT', roles: ['public'] })).toBe(
    'CREATE POLICY "Own rows" ON "public"."todos"\n  AS PERMISSIVE FOR INSERT TO public\n  WITH CHECK (b);',
  );
  expect(createPolicy(place, { ...own, command: 'DELETE', permissive: false })).not.toContain('CHECK');
  expect(dropPolicy(place, 'a"b')).toBe('DROP POLICY "a""b" ON "public"."todos";');
});

test('only what is different is altered', () => {
  expect(alterPolicy(place, own, own)).toBe('');
  expect(alterPolicy(place, own, { ...own, name: 'Mine', using: 'c' })).toBe(
    'ALTER POLICY "Own rows" ON "public"."todos"\n  USING (c);\nALTER POLICY "Own rows" ON "public"."todos" RENAME TO "Mine";',
  );
  expect(alterPolicy(place, own, { ...own, roles: ['anon', 'authenticated'] })).toBe(
    'ALTER POLICY "Own rows" ON "public"."todos"\n  TO "anon", "authenticated";',
  );
});

test('what ALTER POLICY cannot change takes a new one in its place', () => {
  const select = { ...own, command: 'SELECT' as const };
  expect(alterPolicy(place, own, select)).toBe(
    `${dropPolicy(place, own.name)}\n${createPolicy(place, select)}`,
  );
  expect(alterPolicy(place, own, { ...own, check: '' })).toMatch(/^DROP POLICY/);
});

test('each template makes a policy that says what it is for', () => {
  const made = TEMPLATES.map(({ make }) => make('user_id'));
  for (const policy of made) expect(createPolicy(place, policy)).toMatch(/USING|WITH CHECK/);
  expect(new Set(made.map(({ name }) => name)).size).toBe(TEMPLATES.length);
});

test('the column of a row’s owner is guessed, names that are taken are not used again', () => {
  expect(ownerColumn(['id', 'team_id', 'user_id'], ['id', 'team_id', 'user_id'])).toBe('user_id');
  // a number is compared with no user
  expect(ownerColumn(['id', 'owner_id', 'reader'], ['id', 'reader'])).toBe('reader');
  expect(ownerColumn(['id', 'owner'], ['id'])).toBe('owner');
  expect(ownerColumn(['name', 'team_id'], [])).toBe('team_id');
  expect(ownerColumn([], [])).toBeUndefined();
  expect(freeName('Own rows', ['Own rows', 'Own rows 2'])).toBe('Own rows 3');
});

const ann = {
  role: 'authenticated',
  id: '6f1d',
  email: "o'hara@example.com",
  appMetadata: { role: 'admin' },
  userMetadata: null,
  aal: 'aal1',
} as const;

test('claims are those of the visitor’s token', () => {
  expect(JSON.parse(claimsOf({ role: 'anon' }))).toEqual({ role: 'anon' });
  expect(JSON.parse(claimsOf(ann))).toEqual({
    role: 'authenticated',
    aud: 'authenticated',
    sub: '6f1d',
    email: "o'hara@example.com",
    app_metadata: { role: 'admin' },
    user_metadata: {},
    aal: 'aal1',
  });
});

test('a statement that reads is sent behind the role, in a transaction that only reads', () => {
  const sent = trial(ann, ' SELECT * FROM todos; ');
  if (sent.kind !== 'reads') throw new Error(sent.kind);
  expect(sent.sql.slice(sent.before)).toBe('SELECT * FROM todos');
  expect(sent.sql).toMatch(/^SET TRANSACTION READ ONLY;/);
  expect(sent.sql).toContain("o''hara@example.com");
});

test('any other one is taken back, and no text of it gets out of its block', () => {
  const sent = trial({ role: 'anon' }, "DELETE FROM todos WHERE a = $sql$ $sql_$ '; COMMIT; $sql$");
  if (sent.kind !== 'writes') throw new Error(sent.kind);
  expect(sent.sql.endsWith(';\nROLLBACK')).toBe(true);
  expect(sent.sql.match(/^DO (\$sql_*\$)/m)?.[1]).toBeDefined();
});

test('several statements at once are not tried', () => {
  expect(trial({ role: 'anon' }, 'SELECT 1; RESET ROLE')).toEqual({ kind: 'refused', reason: 'several' });
  expect(trial({ role: 'anon' }, ' -- nothing')).toEqual({ kind: 'refused', reason: 'none' });
});

test('the last count is the one', () => {
  expect(touchedRows(['hello', 'launchdb: rows 3'])).toBe(3);
  expect(touchedRows(['hello'])).toBeNull();
});
