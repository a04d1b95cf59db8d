/** The schema is the owner's, by whatever connection they change it: the REST API follows, and extensions are theirs to install. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { by } from './as-client.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

let platform: PlatformUnderTest;
let token: string;
let id: string;
let uris: { readonly db_uri: string; readonly db_uri_pooler: string; readonly service_role_key: string };

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('schema');
  const body = { name: 'schema' };
  id = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body })).body.id;
  uris = (await platform.call<typeof uris>('GET', `/api/projects/${id}/connection`, { token })).body;
});
afterAll(() => platform.close());

const rest = (path: string) =>
  platform.call<unknown>('GET', `/project/${id}/rest/v1/${path}`, {
    headers: { apikey: uris.service_role_key },
  });

/** How long until it is so. The promise is 2 s on a machine with nothing else to do; here it may have. */
async function untilServed(path: string, status: number): Promise<number> {
  const startedAt = performance.now();
  await expect.poll(async () => (await rest(path)).status, { timeout: 60_000, interval: 50 }).toBe(status);
  return performance.now() - startedAt;
}

describe('the REST API follows the schema within 2 s, without a restart', () => {
  const postgrests = async () => (await platform.programs(`${id}.conf`)).map(({ pid }) => pid);

  test.each([
    ['through the pooler', () => uris.db_uri_pooler],
    ['directly', () => uris.db_uri],
  ])('after DDL %s', async (how, uri) => {
    const before = await postgrests();
    const took: number[] = [];
    await by(uri(), async (client) => {
      await client.query('CREATE TABLE IF NOT EXISTS parents (id int PRIMARY KEY)');
      await client.query('INSERT INTO parents VALUES (7) ON CONFLICT DO NOTHING');
      for (let times = 0; times < 5; times++) {
        const name = `${how.replaceAll(' ', '_')}_${times}`;
        // what is joined is known from the tables that were read, whatever release serves them
        const joined = `${name}?select=n,parents(id)`;
        expect((await rest(joined)).status).not.toBe(200);
        await client.query(`CREATE TABLE ${name} (n int PRIMARY KEY, parent int REFERENCES parents)`);
        await client.query(`INSERT INTO ${name} VALUES (1, 7)`);
        took.push(await untilServed(joined, 200));
        expect((await rest(joined)).body).toEqual([{ n: 1, parents: { id: 7 } }]);
        await client.query(`ALTER TABLE ${name} DROP COLUMN parent`);
        took.push(await untilServed(joined, 400));
      }
    });
    const middle = took.sort((a, b) => a - b)[took.length / 2] ?? Infinity;
    process.stdout.write(
      `DDL ${how}: served after ${Math.round(middle)} ms (median), ${Math.round(took.at(-1) ?? 0)} ms at most\n`,
    );
    expect(middle).toBeLessThan(2_000);
    expect(await postgrests()).toEqual(before);
  });

  test('a function that is dropped is gone', async () => {
    await by(uris.db_uri_pooler, (client) =>
      client.query('CREATE FUNCTION seven() RETURNS int STABLE LANGUAGE sql AS $$ SELECT 7 $$'),
    );
    await untilServed('rpc/seven', 200);
    await by(uris.db_uri_pooler, (client) => client.query('DROP FUNCTION seven()'));
    await untilServed('rpc/seven', 404);
  });

  test('a flood of DDL in one project does not keep another one waiting', async () => {
    const body = { name: 'neighbour' };
    const made = await platform.call<{ id: string }>('POST', '/api/projects', { token, body });
    const path = `/api/projects/${made.body.id}/connection`;
    const other = (await platform.call<typeof uris>('GET', path, { token })).body;
    let flooding = true;
    const flood = by(uris.db_uri, async (client) => {
      for (let count = 0; flooding; count++) {
        await client.query(
          `CREATE TABLE flood (n int); DROP TABLE flood; COMMENT ON SCHEMA public IS '${count}'`,
        );
      }
    });
    try {
      await by(other.db_uri_pooler, (client) =>
        client.query('CREATE FUNCTION calm() RETURNS int STABLE LANGUAGE sql AS $$ SELECT 7 $$'),
      );
      const headers = { apikey: other.service_role_key };
      const asked = () => platform.call('GET', `/project/${made.body.id}/rest/v1/rpc/calm`, { headers });
      await expect.poll(async () => (await asked()).status, { timeout: 60_000 }).toBe(200);
    } finally {
      flooding = false;
      await flood;
    }
  });
});

interface Extension {
  readonly name: string;
  readonly allowed: boolean;
  readonly installed: { readonly version: string; readonly schema: string } | null;
}
const extensions = async () =>
  (await platform.call<{ extensions: Extension[] }>('GET', `/api/projects/${id}/extensions`, { token })).body
    .extensions;
const extension = async (name: string) => (await extensions()).find((one) => one.name === name);

describe('extensions', () => {
  test.each([
    ['pgcrypto', `SELECT length(gen_salt('bf')) > 0 AS good`],
    ['uuid-ossp', 'SELECT uuid_generate_v4() IS NOT NULL AS good'],
    ['pg_trgm', `SELECT similarity('word', 'word') = 1 AS good`],
    ['citext', `SELECT 'A'::citext = 'a'::citext AS good`],
    ['hstore', `SELECT ('a=>1'::hstore -> 'a') = '1' AS good`],
    ['ltree', `SELECT 'a.b'::ltree <@ 'a'::ltree AS good`],
  ])('%s is installed by its owner and found without a schema', async (name, query) => {
    expect(await extension(name)).toMatchObject({ allowed: true, installed: null });
    const { rows } = await by(uris.db_uri_pooler, async (client) => {
      await client.query(`CREATE EXTENSION IF NOT EXISTS "${name}"`);
      await client.query(`CREATE EXTENSION IF NOT EXISTS "${name}"`);
      return client.query<{ good: boolean }>(query);
    });
    expect(rows).toEqual([{ good: true }]);
    expect(await extension(name)).toMatchObject({ allowed: true, installed: { schema: 'extensions' } });
    await by(uris.db_uri, (client) => client.query(`DROP EXTENSION "${name}"`));
    expect(await extension(name)).toMatchObject({ installed: null });
  });

  test('hostile names on the way change nothing', async () => {
    await by(uris.db_uri, async (client) => {
      await client.query(`CREATE SCHEMA evil; SET search_path = evil, pg_temp, pg_catalog;
        CREATE FUNCTION evil.format(text, name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'in ours'; END $$;
        CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'in ours'; END $$`);
      await client.query('CREATE EXTENSION citext');
    });
    expect(await extension('citext')).toMatchObject({ installed: { schema: 'extensions' } });
    await by(uris.db_uri, (client) => client.query('DROP EXTENSION citext; DROP SCHEMA evil CASCADE'));
  });

  test.each([
    ['dblink', 'CREATE EXTENSION dblink'],
    ['postgres_fdw', 'create extension if not exists "postgres_fdw" with schema public'],
    ['file_fdw', 'CREATE EXTENSION file_fdw CASCADE'],
    ['seg (trusted, and not on the list)', 'CREATE EXTENSION seg'],
    ['plperl', 'CREATE EXTENSION plperl'],
    ['plperl as a language', 'CREATE LANGUAGE plperl'],
    ['plpython3u', 'CREATE EXTENSION plpython3u'],
    ['seg from a function', `DO $$ BEGIN EXECUTE 'CREATE EXT' || 'ENSION se' || 'g'; END $$`],
    [
      'seg in a subtransaction',
      `DO $$ BEGIN BEGIN EXECUTE 'CREATE EXTENSION "s' || 'eg"'; EXCEPTION WHEN division_by_zero THEN NULL; END; END $$`,
    ],
    ['seg behind an allowed one', `CREATE EXTENSION citext; CREATE EXTENSION seg`],
  ])('%s is refused', async (_title, query) => {
    const refusal = by(uris.db_uri, (client) => client.query(query));
    await expect(refusal).rejects.toMatchObject({
      code: expect.stringMatching(/^(42501|0A000|58P01)$/) as string,
    });
    const { rows } = await by(uris.db_uri, (client) => client.query('SELECT extname FROM pg_extension'));
    expect(rows).toEqual([{ extname: 'plpgsql' }]);
  });

  test('the refusal names those that are allowed', async () => {
    for (const query of ['CREATE EXTENSION dblink', 'CREATE EXTENSION seg']) {
      const answer = await platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query } });
      expect(answer).toMatchObject({
        status: 422,
        body: {
          sqlstate: '42501',
          detail: expect.stringContaining('permission denied for the extension') as string,
          hint: expect.stringMatching(/Allowed are: pgcrypto, uuid-ossp, pg_trgm,/) as string,
        },
      });
    }
  });

  test('what an operator installs is there to see, and in nobody’s way', async () => {
    await platform.sql('CREATE EXTENSION seg SCHEMA extensions', [], id);
    expect(await extension('seg')).toMatchObject({ allowed: false, installed: { schema: 'extensions' } });
    await by(uris.db_uri, (client) => client.query('CREATE EXTENSION hstore'));
    const drop = by(uris.db_uri, (client) => client.query('DROP EXTENSION seg'));
    await expect(drop).rejects.toMatchObject({ code: '42501' });
  });
});
