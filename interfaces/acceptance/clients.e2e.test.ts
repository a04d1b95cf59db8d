/** Other people's clients, given the URIs of the API as they are: docs/database-clients.md says what these tests do. */
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';
import { psql } from './psql.ts';

interface Item {
  readonly id: number;
  readonly title: string;
}

interface Client {
  /** makes the table `items` */
  migrate(): Promise<unknown>;
  /** all of them in one transaction, values as parameters. @throws what a row is refused for; then none is there */
  add(items: readonly Item[]): Promise<unknown>;
  titleOf(id: number): Promise<string | undefined>;
  end(): Promise<unknown>;
}

const TABLE = 'CREATE TABLE items (id int PRIMARY KEY, title text NOT NULL)';
const SOON = { timeout: 60_000, interval: 50 };
/** more than the pooler has connections for one login, so that no client keeps one for itself */
const AT_ONCE = 40;

let platform: PlatformUnderTest;
let token: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('clients');
});
afterAll(() => platform.close());

interface Project {
  readonly db_uri: string;
  readonly db_uri_pooler: string;
  rows(): Promise<unknown>;
}

async function project(name: string): Promise<Project> {
  const made = await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name } });
  const { id } = made.body;
  const { body } = await platform.call<Project & { anon_key: string }>(
    'GET',
    `/api/projects/${id}/connection`,
    { token },
  );
  const headers = { apikey: body.anon_key };
  const path = `/project/${id}/rest/v1/items?select=id,title&id=lt.1000&order=id`;
  return { ...body, rows: async () => (await platform.call<unknown>('GET', path, { headers })).body };
}

const withPsql = (uri: string): Client => ({
  migrate: () => psql(uri, TABLE),
  add: async (items) => {
    const named = items.flatMap(({ title }, at) => [[`title_${at}`, title]] as const);
    const inserts = items.map(({ id }, at) => `INSERT INTO items VALUES (${id}, :'title_${at}');`);
    await psql(uri, `BEGIN; ${inserts.join('\n')} COMMIT;`, Object.fromEntries(named));
  },
  titleOf: (id) => psql(uri, `SELECT title FROM items WHERE id = :'id'`, { id: String(id) }),
  end: async () => {},
});

function withPg(connectionString: string): Client {
  const pool = new pg.Pool({ connectionString, max: 20 });
  return {
    migrate: () => pool.query(TABLE),
    add: async (items) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        for (const { id, title } of items)
          await client.query('INSERT INTO items VALUES ($1, $2)', [id, title]);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },
    titleOf: async (id) =>
      (await pool.query<Item>('SELECT title FROM items WHERE id = $1', [id])).rows[0]?.title,
    end: () => pool.end(),
  };
}

function withPostgresJs(uri: string, prepare: boolean): Client {
  const sql = postgres(uri, { prepare, max: 20 });
  return {
    migrate: () => sql.unsafe(TABLE),
    add: (items) =>
      sql.begin(async (inside) => {
        for (const item of items) await inside`INSERT INTO items ${inside(item, 'id', 'title')}`;
      }),
    titleOf: async (id) => (await sql<Item[]>`SELECT title FROM items WHERE id = ${id}`)[0]?.title,
    end: () => sql.end(),
  };
}

/** The part of Prisma 7 that talks to PostgreSQL, asked as its client asks it: the whole needs a download to be generated. */
function withPrisma(connectionString: string): Client {
  const connected = new PrismaPg({ connectionString, max: 20 }).connect();
  const query = (sql: string, ...args: unknown[]) => ({
    sql,
    args,
    argTypes: args.map(() => ({ scalarType: 'unknown', arity: 'scalar' }) as const),
  });
  return {
    migrate: async () => (await connected).executeScript(TABLE),
    add: async (items) => {
      const transaction = await (await connected).startTransaction();
      try {
        for (const { id, title } of items)
          await transaction.executeRaw(query('INSERT INTO "public"."items" VALUES ($1, $2)', id, title));
        await transaction.executeRaw(query('COMMIT'));
        await transaction.commit();
      } catch (error) {
        await transaction.executeRaw(query('ROLLBACK'));
        await transaction.rollback();
        throw error;
      }
    },
    titleOf: async (id) => {
      const found = query(
        'SELECT "title" FROM "public"."items" WHERE "id" = $1 LIMIT $2 OFFSET $3',
        id,
        1,
        0,
      );
      const [row] = (await (await connected).queryRaw(found)).rows;
      return row?.[0] as string | undefined;
    },
    end: async () => (await connected).dispose(),
  };
}

const CLIENTS: readonly (readonly [string, 'db_uri' | 'db_uri_pooler', (uri: string) => Client])[] = [
  ['psql', 'db_uri', withPsql],
  ['psql', 'db_uri_pooler', withPsql],
  ['pg', 'db_uri', withPg],
  ['pg', 'db_uri_pooler', withPg],
  ['postgres.js', 'db_uri', (uri) => withPostgresJs(uri, true)],
  ['Prisma', 'db_uri', withPrisma],
  ['Prisma', 'db_uri_pooler', withPrisma],
  ['postgres.js with prepare: false', 'db_uri_pooler', (uri) => withPostgresJs(uri, false)],
];

describe.each(CLIENTS)('%s by %s', (name, which, connected) => {
  test('makes a table, adds rows in transactions, asks many times at once; REST has them', async () => {
    const of = await project(`${name.replaceAll(/[^a-z]/g, '')}-${which}`);
    const client = connected(of[which]);
    const items = [
      { id: 1, title: 'milk' },
      { id: 2, title: `it's "bread" \\ $1 – ü` },
    ];
    try {
      await client.migrate();
      await client.add(items);
      await expect(client.add([{ id: 3, title: 'undone' }, ...items])).rejects.toThrow(
        /duplicate key|Unique/,
      );
      const times = Array.from({ length: name === 'psql' ? 2 : AT_ONCE }, (_, at) => at);
      const titles = await Promise.all(
        times.map(async (at) => {
          const title = await client.titleOf(1 + (at % 2));
          await client.add([{ id: 1000 + at, title: 'one of many' }]);
          return title;
        }),
      );
      expect(new Set(titles)).toEqual(new Set(items.map(({ title }) => title)));
    } finally {
      await client.end();
    }
    await vi.waitFor(async () => expect(await of.rows()).toEqual(items), SOON);
  });
});

describe('what needs a session is done by db_uri:', () => {
  let sql: postgres.Sql;
  beforeAll(async () => {
    sql = postgres((await project('sessions')).db_uri, { max: 3 });
  });
  afterAll(() => sql.end());

  test('notifications', async () => {
    const heard: string[] = [];
    await sql.listen('doorbell', (said) => heard.push(said));
    await sql.notify('doorbell', 'ding');
    await vi.waitFor(() => expect(heard).toEqual(['ding']), SOON);
  });

  test('settings, temporary tables, advisory locks, cursors and named statements that outlive a transaction', async () => {
    const session = await sql.reserve();
    try {
      await session`SET statement_timeout = '7s'`;
      await session`CREATE TEMPORARY TABLE scratch AS SELECT generate_series(1, 3) AS n`;
      await session`SELECT pg_advisory_lock(7)`;
      await session.unsafe('PREPARE doubled (int) AS SELECT $1 * 2 AS n');
      await session.unsafe('DECLARE numbers CURSOR WITH HOLD FOR SELECT n FROM scratch ORDER BY n');
      // others on the same login, meanwhile
      await Promise.all(Array.from({ length: AT_ONCE }, () => sql`SELECT pg_sleep(0.01)`));
      expect(await session`SHOW statement_timeout`).toEqual([{ statement_timeout: '7s' }]);
      expect(await session`SELECT count(*)::int AS n FROM scratch`).toEqual([{ n: 3 }]);
      expect(await session`SELECT pg_advisory_unlock(7) AS held`).toEqual([{ held: true }]);
      expect(await session.unsafe('EXECUTE doubled (21)')).toEqual([{ n: 42 }]);
      expect(await session.unsafe('FETCH 2 FROM numbers')).toEqual([{ n: 1 }, { n: 2 }]);
    } finally {
      session.release();
    }
  });
});
