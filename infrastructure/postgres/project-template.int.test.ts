import { afterAll, beforeAll, expect, test } from 'vitest';
import { newProject } from '../../application/ports/databases.contract.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import type { PostgresServer } from './postgres-server.ts';
import { latestTemplateVersion } from './project-template.ts';
import { testServer } from '../testing/server.ts';

const project = newProject();
let server: PostgresServer;

beforeAll(async () => {
  server = await testServer();
  await new PostgresDatabases(server).ensureDatabase(project, await latestTemplateVersion());
});

afterAll(async () => {
  await new PostgresDatabases(server).dropDatabase(project);
  await server.close();
});

const value = (expression: string, claims: string | null = null): Promise<unknown> =>
  server.inDatabase(project, 'ask', async (client) => {
    if (claims !== null) await client.query(`SELECT set_config('request.jwt.claims', $1, false)`, [claims]);
    return (await client.query<{ value: unknown }>(`SELECT ${expression} AS value`)).rows[0]?.value;
  });

const user = '11111111-1111-4111-8111-111111111111';
const claims = JSON.stringify({ sub: user, role: 'authenticated', email: 'a@b.example' });

test.each([
  ['auth.uid()', user],
  ['auth.role()', 'authenticated'],
  ['auth.email()', 'a@b.example'],
  [`auth.jwt() ->> 'sub'`, user],
])('%s says what the verified token says', async (expression, expected) => {
  expect(await value(expression, claims)).toBe(expected);
});

test.each([null, '', '{}'])('without a token (%j) nobody is asking', async (empty) => {
  for (const who of ['auth.uid()', 'auth.role()', 'auth.email()']) expect(await value(who, empty)).toBeNull();
  expect(await value('auth.jwt()', empty)).toEqual({});
});

test.each([
  [`storage.foldername('a/b/c.tar.gz')`, ['a', 'b']],
  [`storage.foldername('c.png')`, []],
  [`storage.filename('a/b/c.tar.gz')`, 'c.tar.gz'],
  [`storage.extension('a/b/c.tar.gz')`, 'gz'],
])('%s', async (expression, expected) => {
  expect(await value(expression)).toEqual(expected);
});

test('what the platform keeps there is closed to the shared roles', async () => {
  const rights = `SELECT bool_or(has_schema_privilege(role, schema, right_)) AS value
    FROM unnest(ARRAY['public', 'anon', 'authenticated', 'service_role']) role,
         unnest(ARRAY['USAGE', 'CREATE']) right_, unnest(ARRAY['launchdb']) schema`;
  expect(await value(`(${rights})`)).toBe(false);
  const create = `SELECT bool_or(has_schema_privilege(role, schema, 'CREATE'))
    FROM unnest(ARRAY['public', 'anon', 'authenticated', 'service_role']) role,
         unnest(ARRAY['public', 'auth', 'storage', 'extensions']) schema`;
  expect(await value(`(${create})`)).toBe(false);
});

test('the names of time zones are told without a look at their files, the rest is as PostgreSQL tells it', async () => {
  const { plan, differences, zones } = await server.inDatabase(project, 'ask', async (client) => {
    const explained = await client.query<{ 'QUERY PLAN': string }>(
      'EXPLAIN SELECT name FROM pg_timezone_names',
    );
    const compared = await client.query<{ differences: number; zones: number }>(
      `SELECT count(*) FILTER (WHERE ours IS DISTINCT FROM theirs)::int AS differences, count(*)::int AS zones
       FROM pg_timezone_names ours FULL JOIN pg_timezone_names() theirs USING (name)`,
    );
    return { plan: explained.rows.map((row) => row['QUERY PLAN']).join('\n'), ...compared.rows[0] };
  });
  expect(plan).not.toContain('pg_timezone_names');
  expect(differences).toBe(0);
  expect(zones).toBeGreaterThan(500);
});
