/**
 * An unmodified postgrest-js, side by side: through our door, and straight to the project's own PostgREST. What it is
 * told is the same, and each setting of the project does what the client's documents say of it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PostgrestClient } from '@supabase/postgrest-js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readPostgrestConfig } from '../../infrastructure/postgrest/postgrest-config.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const TABLES = `
  CREATE SCHEMA shop; CREATE SCHEMA helpers;
  GRANT USAGE ON SCHEMA shop, helpers TO anon, authenticated, service_role;
  CREATE TABLE shop.orders AS SELECT n AS id FROM generate_series(1, 3) n;
  GRANT SELECT ON shop.orders TO anon, service_role;
  CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, age int, status text DEFAULT 'online');
  CREATE TABLE messages (id int PRIMARY KEY, user_id int REFERENCES users, text text);
  INSERT INTO users SELECT n, 'user ' || n, 20 + n, CASE WHEN n % 2 = 0 THEN 'away' ELSE 'online' END FROM generate_series(1, 6) n;
  INSERT INTO messages SELECT n, 1 + n % 3, repeat('x', n * 300) FROM generate_series(1, 9) n;
  CREATE FUNCTION helpers.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * n';
  CREATE FUNCTION doubled(n int) RETURNS int LANGUAGE sql STABLE AS $$ SELECT 2 * n $$;
  CREATE FUNCTION by_path(n int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN twice(n); END $$;
  CREATE FUNCTION naps(seconds float8) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT ''rested'' FROM pg_sleep(seconds)'`;

interface Settings {
  readonly data_api: Readonly<Record<string, unknown>>;
}

let platform: PlatformUnderTest;
let token: string;
let id: string;
let key: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('client');
  const headers = { prefer: 'wait=60' };
  const body = { name: 'client' };
  ({ id } = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body, headers })).body);
  await platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query: TABLES } });
  key = (await platform.call<{ service_role_key: string }>('GET', `/api/projects/${id}/keys`, { token })).body
    .service_role_key;
  // until the REST API has seen the tables
  await vi.waitFor(() => door().from('users').select('id').throwOnError(), { timeout: 60_000 });
});
afterAll(() => platform.close());

const door = () => new PostgrestClient(`${platform.url}/project/${id}/rest/v1`, { headers: { apikey: key } });

/** The project's own PostgREST, where it is a program of this machine. */
async function bare(): Promise<PostgrestClient | undefined> {
  const file = join(platform.dataDir, 'postgrest', `${id}.conf`);
  const ports = readPostgrestConfig(await readFile(file, 'utf8').catch(() => ''));
  if (!ports) return undefined;
  return new PostgrestClient(`http://127.0.0.1:${ports.port}`, {
    headers: { Authorization: `Bearer ${key}` },
  });
}

const patch = (dataApi: Settings['data_api']) =>
  platform.call<{ settings: Settings; missing_schemas: string[] | null; errors?: unknown }>(
    'PATCH',
    `/api/projects/${id}`,
    { token, body: { settings: { data_api: dataApi } } },
  );
const sql = (query: string) => platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query } });

type Asked = (
  client: PostgrestClient,
) => PromiseLike<{ status: number; data: unknown; error: unknown; count: unknown }>;

/** What the client makes of it, the same by both ways. */
async function same(asked: Asked) {
  const { status, data, error, count } = await asked(door());
  const direct = await bare();
  if (direct) {
    const reference = await asked(direct);
    const its = {
      status: reference.status,
      data: reference.data,
      error: reference.error,
      count: reference.count,
    };
    expect({ status, data, error, count }).toEqual(its);
  }
  return { status, data, error: error as { code?: string; message?: string } | null, count };
}

describe('what needs no setting', () => {
  test.each<[string, Asked]>([
    ['select', (c) => c.from('users').select('id, name').order('id')],
    ['a large answer', (c) => c.from('messages').select('*, users(name)').order('id')],
    ['filters', (c) => c.from('users').select().in('id', [1, 2]).or('age.gt.21,name.eq.x').order('id')],
    ['count', (c) => c.from('users').select('*', { count: 'exact' }).range(0, 1).order('id')],
    ['head', (c) => c.from('users').select('*', { count: 'exact', head: true })],
    ['single', (c) => c.from('users').select().eq('id', 1).single()],
    ['single of many', (c) => c.from('users').select().single()],
    ['maybeSingle of none', (c) => c.from('users').select().eq('id', 99).maybeSingle()],
    ['csv', (c) => c.from('users').select('id,name').order('id').csv()],
    ['no such table', (c) => c.from('nothing').select()],
    ['no such column', (c) => c.from('users').select('nothing')],
    ['a head that is wrong', (c) => c.from('users').select('nothing', { head: true })],
    ['rpc', (c) => c.rpc('doubled', { n: 21 })],
    ['rpc by GET', (c) => c.rpc('doubled', { n: 21 }, { get: true })],
    ['rpc by HEAD', (c) => c.rpc('doubled', { n: 21 }, { head: true })],
    ['nulls left out', (c) => c.from('users').select('id,age').eq('id', 1).stripNulls()],
    ['upsert', (c) => c.from('users').upsert({ id: 6, name: 'six', age: 26 }).select()],
    ['update', (c) => c.from('users').update({ age: 30 }).eq('id', 6).select('id,age')],
    ['a duplicate', (c) => c.from('users').insert({ id: 1, name: 'again' })],
    ['a missing value', (c) => c.from('users').insert({ id: 70 })],
    ['delete of none', (c) => c.from('users').delete().eq('id', 99)],
    ['another schema', (c) => c.schema('shop').from('orders').select()],
  ])('%s', async (_name, asked) => {
    const { status } = await same(asked);
    expect(status).toBeGreaterThanOrEqual(200);
  });
});

describe('settings', () => {
  const sum: Asked = (c) => c.from('users').select('status, age.sum()').order('status');
  const plan: Asked = (c) => c.from('users').select().explain({ analyze: true, format: 'json' });
  const undone: Asked = (c) => c.from('users').insert({ id: 80, name: 'undone' }).select().rollback();
  const path: Asked = (c) => c.rpc('by_path', { n: 4 });
  const orders: Asked = (c) => c.schema('shop').from('orders').select('id').order('id');

  test('one is changed, the others stay; null is the default again', async () => {
    const first = await patch({ schemas: ['public', 'shop'] });
    expect([first.status, first.body]).toMatchObject([
      200,
      {
        settings: { data_api: { max_rows: 1000, schemas: ['public', 'shop'], tx_end: 'commit' } },
        missing_schemas: [],
      },
    ]);
    expect(await same(orders)).toMatchObject({ status: 200, data: [{ id: 1 }, { id: 2 }, { id: 3 }] });
    expect((await patch({ max_rows: 2 })).body.settings.data_api).toMatchObject({
      max_rows: 2,
      schemas: ['public', 'shop'],
    });
    expect((await same(orders)).data).toHaveLength(2);
    expect((await patch({ max_rows: null })).body.settings.data_api).toMatchObject({ max_rows: 1000 });
    expect((await same(orders)).data).toHaveLength(3);
  });

  test('aggregates', async () => {
    expect(await same(sum)).toMatchObject({ status: 400, error: { code: 'PGRST123' } });
    await patch({ aggregates: true });
    expect(await same(sum)).toMatchObject({ status: 200, data: [{ status: 'away' }, { status: 'online' }] });
  });

  test('explain', async () => {
    // 415 by PostgREST 12, 406 by newer ones
    expect([406, 415]).toContain((await door().from('users').select().explain()).status);
    await patch({ explain: true });
    const { status, data } = await plan(door());
    expect([status, data]).toMatchObject([200, [{ Plan: { 'Node Type': expect.any(String) as string } }]]);
  });

  test('tx_end', async () => {
    const there = () => door().from('users').select('id').eq('id', 80);
    await patch({ tx_end: 'commit-allow-override' });
    expect(await same(undone)).toMatchObject({ status: 201, data: [{ id: 80 }] });
    expect((await there()).data).toEqual([]);
    await patch({ tx_end: null });
    expect((await undone(door())).status).toBe(201);
    expect((await there()).data).toEqual([{ id: 80 }]);
  });

  test('extra_search_path', async () => {
    expect((await same(path)).status).toBe(404);
    await patch({ extra_search_path: ['public', 'extensions', 'helpers'] });
    expect(await same(path)).toMatchObject({ status: 200, data: 8 });
  });

  test('statement_timeout_s: shorter and longer than 8 s, from the next request on', async () => {
    const nap =
      (seconds: number): Asked =>
      (c) =>
        c.rpc('naps', { seconds });
    const { status } = await patch({ statement_timeout_s: 1 });
    expect(status).toBe(200);
    expect(await nap(2)(door())).toMatchObject({ status: 500, error: { code: '57014' } });
    await patch({ statement_timeout_s: 30 });
    expect(await nap(8.5)(door())).toMatchObject({ status: 200, data: 'rested' });
    await patch({ statement_timeout_s: null });
    expect(await nap(8.5)(door())).toMatchObject({ status: 500, error: { code: '57014' } });
  });

  test('bounds hold', async () => {
    for (const wrong of [
      { statement_timeout_s: 101 },
      { statement_timeout_s: 0 },
      { tx_end: 'never' },
      { aggregates: 'yes' },
      { extra_search_path: ['pg_catalog'] },
      { extra_search_path: ['a b'] },
      { schemas: [] },
      { schemas: ['shop'] },
      { unknown: 1 },
    ]) {
      expect([wrong, (await patch(wrong)).status]).toEqual([wrong, 400]);
    }
  });

  test('a schema has to be there; of one that is dropped later the owner hears, and the others are served on', async () => {
    const refused = await patch({ schemas: ['public', 'no_such'] });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      400,
      expect.stringContaining('no_such') as string,
    ]);
    const shown = () => platform.call<{ missing_schemas: unknown }>('GET', `/api/projects/${id}`, { token });
    await sql('ALTER SCHEMA shop RENAME TO closed');
    await vi.waitFor(
      async () => expect(await same(orders)).toMatchObject({ status: 406, error: { code: 'PGRST106' } }),
      {
        timeout: 60_000,
        interval: 100,
      },
    );
    expect((await shown()).body.missing_schemas).toEqual(['shop']);
    expect((await same((c) => c.from('users').select('id'))).status).toBe(200);
    // other settings can be changed meanwhile
    expect((await patch({ max_rows: 500 })).status).toBe(200);
    await sql('ALTER SCHEMA closed RENAME TO shop');
    await vi.waitFor(async () => expect((await same(orders)).data).toHaveLength(3), {
      timeout: 60_000,
      interval: 100,
    });
    expect((await shown()).body.missing_schemas).toEqual([]);
  });
});
