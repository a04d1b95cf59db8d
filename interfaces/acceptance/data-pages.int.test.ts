/** The console's statements on a real project's database, by the same adapter that the SQL endpoint has. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import { exactJson, parseExactJson } from '../../domain/json-text.ts';
import { AesSecrets } from '../../infrastructure/crypto/aes-secrets.ts';
import { PostgresDatabases } from '../../infrastructure/postgres/postgres-databases.ts';
import { PostgresProjectSql } from '../../infrastructure/postgres/postgres-project-sql.ts';
import type { PostgresServer } from '../../infrastructure/postgres/postgres-server.ts';
import { latestTemplateVersion } from '../../infrastructure/postgres/project-template.ts';
import { testServer } from '../../infrastructure/testing/server.ts';
import { alterPolicy, createPolicy } from '../console/src/pages/policies/policy-sql.ts';
import { ownerColumn, TEMPLATES } from '../console/src/pages/policies/templates.ts';
import { touchedRows, trial, type Visitor } from '../console/src/pages/policies/try-as.ts';
import { parsePlan } from '../console/src/pages/sql/explain-tree.ts';
import * as catalogue from '../console/src/data/catalogue.ts';
import type { Policy, Schema, Table, TablePolicies, TableSummary } from '../console/src/data/catalogue.ts';
import {
  deleteQuery,
  insertQuery,
  isEditable,
  isWritable,
  updateQuery,
} from '../console/src/data/change-rows.ts';
import {
  addColumn,
  createTable,
  dropColumn,
  PLAIN_COLUMN,
  renameColumn,
} from '../console/src/data/change-tables.ts';
import { exposureOf } from '../console/src/data/exposure.ts';
import type { Filter, Operator } from '../console/src/data/filters.ts';
import {
  countQuery,
  estimateQuery,
  pageQuery,
  rowOf,
  valueQuery,
  type Anchor,
  type Query,
  type Row,
} from '../console/src/data/read-rows.ts';

const project = newProject();
let server: PostgresServer;
let databases: PostgresDatabases;
let password: string;

async function run({ query, params }: { readonly query: string; readonly params?: Query['params'] }) {
  const sql = new PostgresProjectSql(server);
  const asked = { query, ...(params && { params: [...params] }) };
  return sql.run(project, password, asked, new AbortController().signal);
}
const sql = (query: string) => run({ query });

/** as the page sees it: through JSON */
async function found<T>(query: string, params?: Query['params']): Promise<T | undefined> {
  const { result } = await run({ query, ...(params && { params }) });
  return parseExactJson(exactJson(result.rows[0]?.[0] ?? null)) as T | undefined;
}
const tableOf = async (schema: string, name: string) => {
  const table = await found<Table>(catalogue.TABLE, [schema, name]);
  if (!table) throw new Error(`there is no ${name}`);
  return table;
};
const plain = { filters: [], sorts: [] };
async function rows(
  table: Table,
  asked: Parameters<typeof pageQuery>[1],
  from = 0,
  size = 100,
  after?: Anchor,
) {
  const { result } = await run(pageQuery(table, asked, { from, size }, after));
  return result.rows.map((values) => rowOf(table, asked, values as (string | null)[]));
}

beforeAll(async () => {
  server = await testServer();
  databases = new PostgresDatabases(server);
  const { logins } = await new AesSecrets(randomBytes(32)).issue();
  password = logins.owner.password;
  await databases.ensureDatabase(project, await latestTemplateVersion());
  await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  await sql(`
    CREATE TYPE mood AS ENUM ('sad', 'so "so"', 'glad');
    CREATE DOMAIN name_of AS text NOT NULL;
    CREATE TABLE people (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name name_of, mood mood DEFAULT 'glad');
    CREATE TABLE "Odd "" one" (
      a int, "b.c" numeric(40, 20), j jsonb, js json, arr text[], at timestamptz, bytes bytea, long text,
      doubled bigint GENERATED ALWAYS AS (a * 2) STORED, person bigint REFERENCES people (id) ON DELETE CASCADE,
      flag boolean, UNIQUE (a)
    );
    COMMENT ON TABLE people IS 'who is who';
    COMMENT ON COLUMN people.name IS 'as they say it';
    CREATE INDEX ON people (lower(name));
    ALTER TABLE people ENABLE ROW LEVEL SECURITY;
    CREATE POLICY mine ON people FOR SELECT TO anon, authenticated USING (id = 1);
    CREATE VIEW everybody AS SELECT * FROM people;
    CREATE VIEW careful WITH (security_invoker = true) AS SELECT * FROM people;
    CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM people;
    CREATE TABLE parts (at date, what text) PARTITION BY RANGE (at);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
    INSERT INTO parts VALUES ('2026-05-01', 'a'), ('2027-05-01', 'b');
    CREATE SCHEMA inside;
    CREATE TABLE inside.secrets (id int);
    INSERT INTO people (name) VALUES ('Ann'), ('Bob');
    INSERT INTO "Odd "" one" (a, "b.c", j, js, arr, at, bytes, long, person) VALUES
      (1, 12345678901234567890.12345678901234567890, '{"n": 12345678901234567890}', '{"a" :  1}', '{a,NULL,"b c"}',
       '2026-11-29 12:00:00.123456+02', '\\x00ff', repeat('ä', 5000), 1),
      (NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL)`);
});

afterAll(async () => {
  await databases.dropDatabase(project);
  await databases.removeUsers(project);
  await server.close();
});

describe('the catalogue', () => {
  test('lists tables with who reaches them', async () => {
    const tables = (await found<TableSummary[]>(catalogue.TABLES)) ?? [];
    const byName = new Map(tables.map((table) => [`${table.schema}.${table.name}`, table]));
    const exposure = (name: string) => {
      const table = byName.get(name);
      return table && exposureOf(table, ['public']);
    };
    expect(byName.get('public.people')).toMatchObject({
      kind: 'table',
      own: true,
      rls: true,
      policies: 1,
      comment: 'who is who',
      anon: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    });
    expect(byName.get('public.people')?.bytes).toBeGreaterThan(0);
    expect(byName.get('public.parts')).toMatchObject({ kind: 'partitioned' });
    expect(byName.get('public.parts')?.bytes).toBeGreaterThan(0);
    expect(byName.get('public.parts_1')).toMatchObject({ partition_of: 'parts' });
    expect(byName.get('auth.users')).toMatchObject({ own: false });
    expect(exposure('public.people')).toBe('by-policies');
    expect(exposure('public.Odd " one')).toBe('open');
    expect(exposure('public.everybody')).toBe('view-past-policies');
    expect(exposure('public.careful')).toBe('by-policies');
    expect(exposure('public.counted')).toBe('open');
    expect(exposure('inside.secrets')).toBe('closed');
    expect(tables.some(({ schema }) => schema.startsWith('pg_'))).toBe(false);
    const schemas = await found<Schema[]>(catalogue.SCHEMAS);
    expect(schemas).toContainEqual({ name: 'public', own: true });
    expect(schemas).toContainEqual({ name: 'auth', own: false });
  });

  test('tells all of a table', async () => {
    const people = await tableOf('public', 'people');
    expect(people.columns).toMatchObject([
      { name: 'id', type: 'bigint', base: 'int8', not_null: true, identity: 'always', generated: false },
      {
        name: 'name',
        type: 'name_of',
        base: 'text',
        not_null: true,
        comment: 'as they say it',
        labels: null,
      },
      { name: 'mood', base: 'mood', default: "'glad'::mood", labels: ['sad', 'so "so"', 'glad'] },
    ]);
    expect(people.key).toEqual(['id']);
    expect(people.constraints).toContainEqual({
      name: 'people_pkey',
      kind: 'primary',
      definition: 'PRIMARY KEY (id)',
    });
    expect(people.indexes.map(({ name }) => name)).toEqual(['people_lower_idx', 'people_pkey']);
    expect(people.policy_list).toEqual([
      {
        name: 'mine',
        command: 'SELECT',
        permissive: true,
        roles: ['anon', 'authenticated'],
        using: '(id = 1)',
        check: null,
      },
    ]);
    const odd = await tableOf('public', 'Odd " one');
    const key = {
      name: 'Odd " one_person_fkey',
      columns: ['person'],
      to_table: 'people',
      to_columns: ['id'],
    };
    expect(odd.foreign_keys).toMatchObject([key]);
    expect(people.referenced_by).toMatchObject([key]);
    // a unique column that may be NULL tells no rows apart
    expect(odd.key).toEqual([]);
    expect(odd.columns.find(({ name }) => name === 'doubled')).toMatchObject({ generated: true });
    expect(odd.columns.find(({ name }) => name === 'b.c')).toMatchObject({ type: 'numeric(40,20)' });
    expect(await found(catalogue.TABLE, ['public', 'nope'])).toBeNull();
  });

  test('gives an editor its words, the policies of all tables and the names of types', async () => {
    const words = await found<catalogue.TableNames[]>(catalogue.COMPLETIONS);
    expect(words).toContainEqual({ schema: 'public', name: 'people', columns: ['id', 'name', 'mood'] });
    const policies = (await found<TablePolicies[]>(catalogue.ALL_POLICIES)) ?? [];
    expect(policies.map(({ name }) => name)).toContain('people');
    expect(policies.some(({ schema }) => schema === 'auth')).toBe(false);
    const oid = await found<string>("SELECT 'mood'::regtype::oid::text");
    expect(await found(catalogue.TYPE_NAMES, [`{20,${oid}}`])).toEqual({ 20: 'bigint', [oid ?? '']: 'mood' });
  });
});

describe('rows', () => {
  test('come without any loss, long ones clipped', async () => {
    const odd = await tableOf('public', 'Odd " one');
    const [first, second] = await rows(odd, plain);
    expect(first?.cells.slice(0, 7)).toEqual([
      '1',
      '12345678901234567890.12345678901234567890',
      '{"n": 12345678901234567890}',
      '{"a" :  1}',
      '{a,NULL,"b c"}',
      expect.stringMatching(/^2026-11-29 1\d:\d\d:00.123456[+-]\d\d$/),
      '\\x00ff',
    ]);
    expect(first?.cells[7]).toBe('ä'.repeat(301));
    expect(await found(valueQuery(odd, first!, 'long').query, first!.id)).toBe('ä'.repeat(5000));
    expect(second?.cells.slice(6, 8)).toEqual([null, '']);
  });

  test('are paged by key, by place, and by counting', async () => {
    await sql(
      'CREATE TABLE many AS SELECT n AS id, n % 7 AS r, n % 3 AS maybe FROM generate_series(1, 1000) n',
    );
    const places = await tableOf('public', 'many');
    const [first] = await rows(places, plain, 0, 1);
    const tenth = await rows(places, plain, 10, 1, { index: 0, place: first!.place });
    expect(tenth[0]?.cells[0]).toBe('11');
    await sql('ALTER TABLE many ADD PRIMARY KEY (id), ALTER r SET NOT NULL');
    const many = await tableOf('public', 'many');
    for (const column of ['id', 'r', 'maybe'])
      for (const descending of [false, true]) {
        const asked = { filters: [], sorts: [{ column, descending }] };
        const all = await rows(many, asked, 0, 1000);
        const [anchor] = all.slice(199);
        const sought = await rows(many, asked, 400, 50, { index: 199, place: anchor!.place });
        expect(sought).toEqual(all.slice(400, 450));
      }
    const parts = await tableOf('public', 'parts');
    expect((await rows(parts, plain)).map(({ cells }) => cells[1])).toEqual(['a', 'b']);
    const view = await tableOf('public', 'everybody');
    expect(await rows(view, plain, 1, 5)).toHaveLength(1);
  });

  test('are filtered and counted', async () => {
    const people = await tableOf('public', 'people');
    const names = async (column: string, operator: Operator, value = '') => {
      const filters: Filter[] = [{ column, operator, value }];
      const found = (await rows(people, { filters, sorts: [] })).map(({ cells }) => cells[1]);
      const { result } = await run(countQuery(people, { filters, sorts: [] }));
      expect(Number(result.rows[0]?.[0])).toBe(found.length);
      return found;
    };
    expect(await names('name', 'contains', 'N')).toEqual(['Ann']);
    expect(await names('name', 'contains', '%')).toEqual([]);
    expect(await names('id', 'gt', '1')).toEqual(['Bob']);
    expect(await names('mood', 'eq', 'glad')).toEqual(['Ann', 'Bob']);
    expect(await names('mood', 'null')).toEqual([]);
    const odd = await tableOf('public', 'Odd " one');
    expect(
      await rows(odd, { filters: [{ column: 'js', operator: 'eq', value: '{"a" :  1}' }], sorts: [] }),
    ).toHaveLength(1);
    await expect(names('id', 'eq', 'x')).rejects.toMatchObject({ code: '22P02' });
    const estimated = (await run(estimateQuery(people, plain))).result.rows[0]?.[0];
    expect(parsePlan(parseExactJson(exactJson(estimated)))?.root.plannedRows).toBeGreaterThan(0);
  });

  test('are put in, changed where nobody was faster, and deleted', async () => {
    const people = await tableOf('public', 'people');
    const [id, name] = people.columns;
    expect(isEditable(people)).toBe(true);
    expect([isWritable(id!), isWritable(name!)]).toEqual([false, true]);
    expect((await run(insertQuery(people, new Map([['name', '']])))).result.rowCount).toBe(1);
    const asked = { filters: [{ column: 'name', operator: 'eq', value: '' }] as Filter[], sorts: [] };
    const [row] = await rows(people, asked);
    const change = (from: string | null, to: string | null) =>
      run(updateQuery(people, plain, row as Row, name!, { from, to })).then(({ result }) => result.rowCount);
    expect(await change('somebody else', 'x')).toBe(0);
    expect(await change('', 'Cid')).toBe(1);
    await expect(change('Cid', null)).rejects.toMatchObject({ code: '23502' });
    expect((await run(deleteQuery(people, [row as Row]))).result.rowCount).toBe(1);
    const odd = await tableOf('public', 'Odd " one');
    const [first] = await rows(odd, plain);
    const byPlace = updateQuery(odd, plain, first as Row, odd.columns[2]!, {
      from: first!.cells[2]!,
      to: '[1.50]',
    });
    expect((await run(byPlace)).result.rowCount).toBe(1);
    await expect(run(insertQuery(odd, new Map([['a', '1']])))).rejects.toMatchObject({ code: '23505' });
    const parts = await tableOf('public', 'parts');
    const [, second] = await rows(parts, plain);
    expect((await run(deleteQuery(parts, [second as Row]))).result.rowCount).toBe(1);
    expect((await rows(parts, plain)).map(({ cells }) => cells[1])).toEqual(['a']);
  });
});

describe('tables and policies', () => {
  const place = { schema: 'public', table: 'notes' };

  test('are made as they are shown', async () => {
    await sql(
      createTable({
        schema: 'public',
        name: 'notes',
        comment: "ours; it's",
        rls: true,
        columns: [
          { ...PLAIN_COLUMN, name: 'id', type: 'bigint', inKey: true, identity: true },
          { ...PLAIN_COLUMN, name: 'user_id', type: 'uuid', default: 'auth.uid()' },
          { ...PLAIN_COLUMN, name: 'team_id', type: 'int', notNull: true, default: '1' },
        ],
      }),
    );
    await sql(addColumn('public', 'notes', { ...PLAIN_COLUMN, name: 'text' }));
    await sql(renameColumn('public', 'notes', 'text', 'Body "x"'));
    await sql(addColumn('public', 'notes', { ...PLAIN_COLUMN, name: 'gone' }));
    await sql(dropColumn('public', 'notes', 'gone'));
    const notes = await tableOf('public', 'notes');
    expect(notes).toMatchObject({ rls: true, comment: "ours; it's", key: ['id'] });
    expect(notes.columns.map(({ name }) => name)).toEqual(['id', 'user_id', 'team_id', 'Body "x"']);
  });

  test('every template is a policy that PostgreSQL takes, and changes to the next one', async () => {
    await sql('CREATE TABLE members (team_id int, user_id uuid)');
    const { columns } = await tableOf('public', 'notes');
    const [all, uuids] = [columns, columns.filter(({ base }) => base === 'uuid')].map((some) =>
      some.map(({ name }) => name),
    );
    for (const { make, name, needsColumn } of TEMPLATES) {
      const column =
        name === 'members' ? 'team_id' : needsColumn ? (ownerColumn(all ?? [], uuids ?? []) ?? '') : '';
      await sql(createPolicy(place, { ...make(column), name: make('').name || 'blank' }));
    }
    const policies = (await tableOf('public', 'notes')).policy_list;
    expect(policies).toHaveLength(TEMPLATES.length);
    const found = policies.find((policy) => policy.name === 'Own rows') as Policy;
    const changes: Policy[] = [
      { ...found, name: 'Mine', using: 'true' },
      { ...found, name: 'Mine', using: 'true', command: 'SELECT', check: null },
      { ...found, name: 'Mine', using: 'false', command: 'SELECT', check: null, roles: ['public'] },
    ];
    let before = found;
    for (const after of changes) {
      await sql(alterPolicy(place, before, after));
      const now = (await tableOf('public', 'notes')).policy_list.find(({ name }) => name === 'Mine');
      expect(now).toEqual(after);
      before = after;
    }
    for (const { name } of (await tableOf('public', 'notes')).policy_list)
      await sql(`DROP POLICY "${name}" ON notes`);
  });

  test('a visitor sees by policies, and nothing of what they try stays', async () => {
    const ann = '6f1d0c1e-0000-4000-8000-000000000001';
    const visitor: Visitor = {
      role: 'authenticated',
      id: ann,
      email: "o'hara@example.com",
      appMetadata: {},
      userMetadata: {},
      aal: 'aal1',
    };
    const own = TEMPLATES.find(({ name }) => name === 'own-rows')?.make('user_id') as Policy;
    await sql(createPolicy(place, own));
    await sql(`INSERT INTO notes (user_id) VALUES ('${ann}'), (gen_random_uuid())`);
    const attempt = async (who: Visitor, text: string) => {
      const sent = trial(who, text);
      if (sent.kind === 'refused') throw new Error(sent.reason);
      return sql(sent.sql);
    };
    const seen = await attempt(visitor, 'SELECT id, auth.email() FROM notes');
    expect(seen.result.rows).toEqual([['1', "o'hara@example.com"]]);
    expect((await attempt({ role: 'anon' }, 'SELECT * FROM notes')).result.rows).toEqual([]);
    expect((await attempt({ role: 'service_role' }, 'SELECT * FROM notes')).result.rows).toHaveLength(2);
    const touched = await attempt(visitor, "UPDATE notes SET team_id = 7 WHERE 'a' <> $$b'$$");
    expect(touchedRows(touched.notices)).toBe(1);
    expect((await sql('SELECT 1 FROM notes WHERE team_id = 7')).result.rows).toEqual([]);
    const stolen = attempt(visitor, 'UPDATE notes SET user_id = gen_random_uuid()');
    await expect(stolen).rejects.toMatchObject({ code: '42501' });
    const written = attempt(visitor, 'WITH gone AS (DELETE FROM notes RETURNING 1) SELECT * FROM gone');
    await expect(written).rejects.toMatchObject({ code: '25006' });
    await expect(attempt(visitor, 'COMMIT')).rejects.toMatchObject({ code: '0A000' });
    const wrong = trial(visitor, 'SELECT nope FROM notes');
    if (wrong.kind !== 'reads') throw new Error(wrong.kind);
    await expect(sql(wrong.sql)).rejects.toMatchObject({ position: wrong.before + 'SELECT '.length + 1 });
  });
});
