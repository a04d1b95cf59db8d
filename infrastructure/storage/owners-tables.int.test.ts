/** The tables of files are their project's owner's: policies work as published, and what hangs there gains nothing. */
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import { ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresMigrations } from '../postgres/postgres-migrations.ts';
import { ensureTemplate, latestTemplateVersion, PROJECT_MIGRATIONS } from '../postgres/project-template.ts';
import { PG_DUMP } from '../process/system-programs.ts';
import { testUsers } from '../testing/users.ts';

const DENIED = { code: '42501' };
/** the youngest before there were files */
const BEFORE = 14;

let harness: Awaited<ReturnType<typeof testUsers>>;
const old = newProject();
beforeAll(async () => {
  harness = await testUsers();
});
afterAll(async () => {
  await harness.databases.dropDatabase(old);
  await harness.databases.removeUsers(old);
  await harness.close();
});
afterEach(() =>
  owner(`DO $$ DECLARE p record; BEGIN
      FOR p IN SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'storage'
      LOOP EXECUTE format('DROP POLICY %I ON storage.%I', p.policyname, p.tablename); END LOOP; END $$;
    DROP FUNCTION IF EXISTS public.theirs() CASCADE; DROP TABLE IF EXISTS public.photos, public.seen CASCADE;
    SET storage.allow_delete_query = 'true'; DELETE FROM storage.s3_multipart_uploads; DELETE FROM storage.objects;
    DELETE FROM storage.buckets`),
);

const owner = (sql: string, project?: ProjectId) => harness.owner(sql, project);
/** As the storage service works: in one transaction, as the role of whoever asks. What it did is undone. */
const by = (role: string, sql: string, { sub = '', operation = '', project = harness.projects[0] } = {}) =>
  harness.as(
    'storage',
    `BEGIN; SET LOCAL ROLE ${role}; SET LOCAL storage.operation = '${operation}';
     SET LOCAL request.jwt.claims = '${JSON.stringify({ sub, role })}'; ${sql}`,
    project,
  );
/** The same, kept. */
const doneBy = (role: string, sql: string, project?: ProjectId) =>
  harness.as('storage', `BEGIN; SET LOCAL ROLE ${role}; ${sql}; COMMIT`, project);
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'it was done',
    (error: unknown) => error,
  );
const bucket = (id = 'docs') => owner(`INSERT INTO storage.buckets (id, name) VALUES ('${id}', '${id}')`);

const shapeOf = (project: ProjectId) =>
  harness.server.inDatabase(project, 'look at tables', async (client) => {
    const { rows } = await client.query<Record<string, unknown>>(
      `SELECT relname, relkind, relrowsecurity, replace(relowner::regrole::text, $1, 'ID') AS owner,
         ARRAY(SELECT replace(acl::text, $1, 'ID') FROM unnest(relacl) acl ORDER BY 1) AS acl
       FROM pg_class WHERE relnamespace = 'storage'::regnamespace AND relkind IN ('r', 'i') ORDER BY relname`,
      [project],
    );
    return rows;
  });

test('policies as people publish them: whose folder it is decides, for every operation', async () => {
  await bucket();
  await owner(`CREATE POLICY "own folder" ON storage.objects FOR ALL TO authenticated
    USING (bucket_id = 'docs' AND (storage.foldername(name))[1] = auth.uid()::text)
    WITH CHECK (bucket_id = 'docs' AND (storage.foldername(name))[1] = (SELECT auth.uid()::text)
      AND storage.extension(name) = 'pdf' AND storage.filename(name) <> 'bad.pdf' AND metadata ->> 'mimetype' = 'application/pdf')`);
  const sub = randomUUID();
  const put = (name: string) =>
    by(
      'authenticated',
      `INSERT INTO storage.objects (bucket_id, name, metadata) VALUES ('docs', '${name}', '{"mimetype": "application/pdf"}') RETURNING name, path_tokens`,
      { sub },
    );
  expect(await put(`${sub}/a/x.pdf`)).toEqual([{ name: `${sub}/a/x.pdf`, path_tokens: [sub, 'a', 'x.pdf'] }]);
  for (const name of [`${randomUUID()}/x.pdf`, `${sub}/x.txt`, `${sub}/bad.pdf`, 'x.pdf'])
    expect([name, await refusal(put(name))]).toMatchObject([name, DENIED]);
  await owner(
    `INSERT INTO storage.objects (bucket_id, name) VALUES ('docs', '${sub}/y.pdf'), ('docs', 'other/y.pdf')`,
  );
  const seen = 'SELECT name FROM storage.objects ORDER BY name';
  expect(await by('authenticated', seen, { sub })).toEqual([{ name: `${sub}/y.pdf` }]);
  expect(await by('anon', seen)).toEqual([]);
  expect(await by('service_role', seen)).toHaveLength(2);
  const remove = (where: string) =>
    by(
      'authenticated',
      `SET LOCAL storage.allow_delete_query = 'true'; DELETE FROM storage.objects WHERE name LIKE '${where}' RETURNING name`,
      { sub },
    );
  expect(await remove('other/%')).toEqual([]);
  expect(await remove('%')).toEqual([{ name: `${sub}/y.pdf` }]);
});

test('without a policy nobody but the service role does anything, and the login itself nothing at all', async () => {
  await bucket();
  const put = `INSERT INTO storage.objects (bucket_id, name) VALUES ('docs', 'x')`;
  for (const role of ['anon', 'authenticated']) {
    expect(await refusal(by(role, put))).toMatchObject(DENIED);
    expect(await by(role, 'SELECT * FROM storage.buckets')).toEqual([]);
    for (const table of ['objects', 'buckets', 's3_multipart_uploads', 's3_multipart_uploads_parts'])
      expect(await refusal(by(role, `TRUNCATE storage.${table} CASCADE`))).toMatchObject(DENIED);
  }
  await by('service_role', put);
  for (const sql of [
    'SELECT * FROM storage.objects',
    put,
    'SELECT * FROM launchdb.migrations',
    'CREATE TABLE public.x ()',
  ])
    expect([sql, await refusal(harness.as('storage', sql))]).toMatchObject([sql, DENIED]);
});

test('policies may ask what is being done, with or without the prefix', async () => {
  const asked = async (operation: string, sql: string) =>
    (await by('anon', `SELECT ${sql} AS yes`, { operation }))[0]?.['yes'];
  const upload = 'storage.object.upload';
  expect(await asked(upload, 'storage.operation()')).toBe(upload);
  expect(await asked(upload, `storage.allow_only_operation('object.upload')`)).toBe(true);
  expect(await asked(upload, `storage.allow_only_operation('${upload}')`)).toBe(true);
  expect(await asked(upload, `storage.allow_only_operation('object.uploaded')`)).toBe(false);
  expect(await asked(upload, `storage.allow_any_operation(ARRAY['object.list', 'object.upload'])`)).toBe(
    true,
  );
  expect(await asked(upload, `storage.allow_any_operation(ARRAY['object.list'])`)).toBe(false);
  for (const list of [`ARRAY[]::text[]`, 'NULL', `ARRAY[NULL, '']`]) {
    expect(await asked(upload, `storage.allow_any_operation(${list})`)).toBe(false);
    expect(await asked('', `storage.allow_any_operation(${list})`)).toBe(false);
  }
  const [nobody] = await owner(
    `SELECT storage.allow_only_operation('object.upload') AS yes, storage.operation() AS operation`,
  );
  expect(nobody).toEqual({ yes: false, operation: null });
});

test('rows go by the service alone, or by who says that they know', async () => {
  await bucket();
  await owner(`INSERT INTO storage.objects (bucket_id, name) VALUES ('docs', 'x')`);
  for (const table of ['objects', 'buckets']) {
    expect(await refusal(owner(`DELETE FROM storage.${table}`))).toMatchObject(DENIED);
    expect(await refusal(by('service_role', `DELETE FROM storage.${table}`))).toMatchObject(DENIED);
  }
  const known = `SET storage.allow_delete_query = 'true'; DELETE FROM storage.objects RETURNING name`;
  expect(await owner(known)).toEqual([{ name: 'x' }]);
});

test('a row that is written says when', async () => {
  await bucket();
  const before = `INSERT INTO storage.objects (bucket_id, name, updated_at, created_at) VALUES ('docs', 'x', '2000-01-01', '2000-01-01')`;
  await owner(before);
  const [row] = await owner(
    `UPDATE storage.objects SET name = 'y' RETURNING updated_at > created_at AS later, path_tokens`,
  );
  expect(row).toEqual({ later: true, path_tokens: ['y'] });
});

test('owners hang on them what they like: triggers, foreign keys, columns, and take it away again', async () => {
  await bucket();
  await owner(`CREATE TABLE public.photos (id uuid REFERENCES storage.objects ON DELETE CASCADE, name text);
    CREATE FUNCTION public.theirs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
      $f$ BEGIN INSERT INTO public.photos VALUES (new.id, new.name); RETURN new; END $f$;
    CREATE TRIGGER theirs AFTER INSERT ON storage.objects FOR EACH ROW EXECUTE FUNCTION public.theirs();
    CREATE POLICY "all of them" ON storage.objects FOR SELECT TO anon USING (true);
    ALTER POLICY "all of them" ON storage.objects TO authenticated;
    ALTER TABLE storage.objects ADD COLUMN theirs int; ALTER TABLE storage.objects DROP COLUMN theirs`);
  await doneBy('service_role', `INSERT INTO storage.objects (bucket_id, name) VALUES ('docs', 'x')`);
  expect(await owner('SELECT name FROM public.photos')).toEqual([{ name: 'x' }]);
  await doneBy('service_role', `SET LOCAL storage.allow_delete_query = 'true'; DELETE FROM storage.objects`);
  expect(await owner('SELECT * FROM public.photos')).toEqual([]);
  await owner(`DROP TRIGGER theirs ON storage.objects; DROP POLICY "all of them" ON storage.objects`);
});

test('the functions stay ours, and nobody else makes anything in the schema', async () => {
  for (const sql of [
    `CREATE OR REPLACE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE sql AS 'SELECT NULL::text[]'`,
    `CREATE FUNCTION storage.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    'DROP FUNCTION storage.protect_delete() CASCADE',
    'ALTER FUNCTION storage.operation() SECURITY DEFINER',
    'CREATE TABLE storage.mine ()',
    'ALTER TABLE storage.objects RENAME TO mine',
    `ALTER TYPE storage.buckettype ADD VALUE 'mine'`,
    'DROP SCHEMA storage CASCADE',
  ])
    expect([sql, await refusal(owner(sql))]).toMatchObject([sql, DENIED]);
});

test('what hangs there runs as a login of its own project, and becomes nobody else', async () => {
  await bucket();
  const [mine, other] = harness.projects;
  await owner(`CREATE TABLE public.seen (who text, said text);
    GRANT ALL ON public.seen TO PUBLIC;
    CREATE FUNCTION public.theirs() RETURNS trigger LANGUAGE plpgsql AS $f$
    DECLARE tried text;
    BEGIN
      RESET ROLE;
      INSERT INTO public.seen VALUES (current_user || ' ' || session_user, 'reset');
      FOREACH tried IN ARRAY ARRAY['SET ROLE postgres', 'SET ROLE ${other}_owner', 'SET ROLE ${mine}_owner',
        'SET ROLE launchdb_tables', 'ALTER ROLE ${mine}_storage SUPERUSER', 'SELECT * FROM launchdb.migrations',
        'SELECT rolpassword FROM pg_authid', 'CREATE TABLE public.mine ()', 'SET SESSION AUTHORIZATION postgres']
      LOOP
        BEGIN
          EXECUTE tried;
          INSERT INTO public.seen VALUES (current_user, tried);
        EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL;
        END;
      END LOOP;
      RETURN NULL;
    END $f$;
    GRANT USAGE ON SCHEMA public TO ${mine}_storage;
    CREATE TRIGGER theirs AFTER INSERT OR DELETE ON storage.objects FOR EACH ROW EXECUTE FUNCTION public.theirs()`);
  await doneBy('service_role', `INSERT INTO storage.objects (bucket_id, name) VALUES ('docs', 'x')`);
  const runs = { who: `${mine}_storage ${mine}_storage`, said: 'reset' };
  expect(await owner('SELECT * FROM public.seen')).toEqual([runs]);
  // what the platform does to a project runs nothing of it
  await harness.databases.ensureUsers(mine, harness.logins, USUAL_BOUNDS);
  expect(await owner('SELECT * FROM public.seen')).toEqual([runs]);
});

test('the data of one project goes into another one', async () => {
  const [, there] = harness.projects;
  await bucket();
  await owner(`INSERT INTO storage.objects (bucket_id, name, metadata) VALUES ('docs', 'x', '{"size": 1}')`);
  const { host, port } = harness.server.address;
  const [mine] = harness.projects;
  const uri = `postgresql://${ownerRole(mine)}:${harness.logins.owner.password}@${host}:${port}/${mine}`;
  const pgDump = (await PG_DUMP.find('/usr/local/bin:/usr/bin:/bin')) ?? '';
  const dumped = await promisify(execFile)(pgDump, ['-a', '--inserts', '-n', 'storage', uri]);
  await owner(dumped.stdout.replace(/^\\(un)?restrict .*$/gm, ''), there);
  expect(await owner('SELECT bucket_id, name, metadata FROM storage.objects', there)).toEqual([
    { bucket_id: 'docs', name: 'x', metadata: { size: 1 } },
  ]);
});

test('a list in the order of bytes comes from an index', async () => {
  const plan =
    await owner(`SET enable_seqscan = off; SET enable_sort = off; EXPLAIN SELECT name FROM storage.objects
    WHERE bucket_id = 'docs' AND name COLLATE "C" >= 'a/' AND name COLLATE "C" < 'a0' ORDER BY name COLLATE "C" LIMIT 100`);
  const text = JSON.stringify(plan);
  expect(text).toContain('idx_objects_bucket_id_name');
  expect(text).not.toContain('Sort');
});

test('one that is cut off is read, and not written', async () => {
  const [mine] = harness.projects;
  await bucket();
  const bounded = (connections: number) =>
    harness.databases.ensureUsers(mine, harness.logins, {
      ...USUAL_BOUNDS,
      readOnly: connections === 0,
      connections,
    });
  await bounded(0);
  const put = `INSERT INTO storage.objects (bucket_id, name) VALUES ('docs', 'x')`;
  expect(await refusal(by('service_role', put))).toMatchObject({ code: '25006' });
  expect(await by('service_role', 'SELECT id FROM storage.buckets')).toEqual([{ id: 'docs' }]);
  await bounded(USUAL_BOUNDS.connections);
  // over the limit only: as the owner may, too
  await harness.databases.ensureUsers(mine, harness.logins, { ...USUAL_BOUNDS, readOnly: true });
  await by('service_role', put);
  await harness.databases.ensureUsers(mine, harness.logins, USUAL_BOUNDS);
});

test('a project from before has after its upgrade what a new one has', async () => {
  await ensureTemplate(harness.server, BEFORE);
  const { logins } = await new AesSecrets(randomBytes(32)).issue();
  await harness.databases.ensureDatabase(old, BEFORE);
  const { storage: _, ...before } = logins;
  await harness.databases.ensureUsers(old, before as typeof logins, USUAL_BOUNDS);
  await harness.databases.ensureUsers(old, logins, USUAL_BOUNDS);
  const latest = await latestTemplateVersion();
  await new PostgresMigrations(harness.server, latest).migrate(old, latest);
  const [mine] = harness.projects;
  const shape = await shapeOf(old);
  expect(shape).toEqual(await shapeOf(mine));
  const tables = shape.filter(({ relkind }) => relkind === 'r');
  expect(tables.map(({ relname, relrowsecurity, owner: of }) => [relname, relrowsecurity, of])).toEqual(
    ['buckets', 'objects', 's3_multipart_uploads', 's3_multipart_uploads_parts'].map((name) => [
      name,
      true,
      'ID_owner',
    ]),
  );
});

test('an owner who drops a table has their own project broken, and a later version says why it cannot come', async () => {
  const latest = await latestTemplateVersion();
  const folder = await mkdtemp(join(tmpdir(), 'template-'));
  await cp(PROJECT_MIGRATIONS, folder, { recursive: true });
  const file = `${String(latest + 1).padStart(4, '0')}_more.sql`;
  await writeFile(join(folder, file), 'ALTER TABLE storage.objects ADD COLUMN more int');
  await harness.server.inDatabase(old, 'as its owner', (session) =>
    session.query(`SET ROLE ${ownerRole(old)}; DROP TABLE storage.objects; RESET ROLE`),
  );
  const { logins } = await new AesSecrets(randomBytes(32)).issue();
  await harness.databases.ensureUsers(old, logins, USUAL_BOUNDS);
  await expect(
    new PostgresMigrations(harness.server, latest + 1, folder).migrate(old, latest + 1),
  ).rejects.toThrow(/relation "storage.objects" does not exist/);
  expect(await by('service_role', 'SELECT count(*)::int AS n FROM storage.objects')).toEqual([{ n: 0 }]);
  await rm(folder, { recursive: true });
});
