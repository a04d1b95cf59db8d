/** Projects that exist are brought to the template of a later release while they serve, with a platform that is killed. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { earlierRelease, LaterRelease } from './later-release.ts';
import { PlatformUnderTest } from './platform-under-test.ts';
import { patience } from './patience.ts';

const PROJECTS = 7;
const PATIENCE = patience(100);
/** of the release before there were users */
const BEFORE_USERS = 11;
/** long enough to be met in the middle of it */
const GREETING = `CREATE FUNCTION public.greeting() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'hello'::text $$;
  SELECT pg_sleep(1);`;

interface Project {
  readonly id: string;
  readonly apikey: string;
}
interface Shown {
  readonly id: string;
  readonly status: string;
  readonly template_version: number;
}

let platform: PlatformUnderTest;
let release: LaterRelease;
let token: string;
/** oldest first; the last one is paused */
const projects: Project[] = [];
/** made by the later release */
let fresh: Project;
const [canary, paused] = [() => projects[0]!, () => projects.at(-1)!];

const call = <T = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
  platform.call<T>(method, `/api/projects${path}`, { token, ...(body !== undefined && { body }) });
const shown = async ({ id }: Project) => (await call<Shown>('GET', `/${id}`)).body;
const versions = () => Promise.all(projects.map(async (one) => (await shown(one)).template_version));
const rest = ({ id, apikey }: Project, path: string) =>
  platform.call<unknown>('GET', `/project/${id}/rest/v1/${path}`, { headers: { apikey } });
const restart = async () => {
  await platform.kill();
  await platform.start();
};
const migratedTo = async ({ id }: Project, version: number) => {
  const { body } = await call<{ entries: { data: { version: number } }[] }>(
    'GET',
    `/${id}/audit?type=SchemaMigrated`,
  );
  return body.entries.filter(({ data }) => data.version === version).length;
};

async function create(name: string): Promise<Project> {
  const { id } = (await call<{ id: string }>('POST', '', { name })).body;
  await call('POST', `/${id}/sql`, { query: 'CREATE TABLE kept AS SELECT 42 AS n' });
  const { anon_key: apikey } = (await call<{ anon_key: string }>('GET', `/${id}/keys`)).body;
  return { id, apikey };
}

/** Asks each project again and again. @returns ends it, and says which answers were not right */
function asking(those: readonly Project[]): () => Promise<{ asked: number; wrong: unknown[] }> {
  const wrong: unknown[] = [];
  let [asked, on] = [0, true];
  const lanes = those.map(async (project) => {
    while (on) {
      const answer = await rest(project, 'kept').catch((error: unknown) => ({
        status: 0,
        body: String(error),
      }));
      asked++;
      if (answer.status !== 200) wrong.push(answer);
      await sleep(20);
    }
  });
  return async () => {
    on = false;
    await Promise.all(lanes);
    return { asked, wrong };
  };
}

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await earlierRelease(platform, BEFORE_USERS);
  await platform.start();
  token = await platform.owner('upgrades');
  projects.push(await create('canary'));
  const names = Array.from({ length: PROJECTS - 1 }, (_, nth) => `project-${nth}`);
  for (let at = 0; at < names.length; at += 4)
    projects.push(...(await Promise.all(names.slice(at, at + 4).map(create))));
  await call('POST', `/${paused().id}/pause`);
  await platform.stop();
  release = await LaterRelease.of(platform);
  await release.add('greeting', GREETING);
  await platform.start();
});
afterAll(() => platform.close());

test('a later release serves the projects as they are; the plan tells what is to come and changes nothing', async () => {
  await vi.waitFor(async () => expect((await rest(canary(), 'kept')).body).toEqual([{ n: 42 }]), PATIENCE);
  const { code, output } = await platform.launchdb('upgrade', '--plan');
  expect(code).toBe(0);
  const lines = output.trim().split('\n');
  expect(lines).toHaveLength(PROJECTS);
  expect(lines[0]).toMatch(
    new RegExp(
      `^${canary().id} +canary +active +${BEFORE_USERS} -> ${release.version} +upgraded first and alone`,
    ),
  );
  expect(lines.find((line) => line.startsWith(paused().id))).toContain('later: when it is resumed');
  expect(await versions()).toEqual(projects.map(() => BEFORE_USERS));
});

test('killed in the middle it goes on by itself; nobody is refused meanwhile, and each is migrated once', async () => {
  const served = projects.slice(0, -1);
  const before = asking(served.slice(0, 3));
  const child = platform.launchdbProcess('upgrade', '--all');
  let said = '';
  child.stdout?.on('data', (text: Buffer) => (said += text.toString()));
  await vi.waitFor(() => expect(said).toContain('goes first, on its own'), PATIENCE);
  const meanwhile = platform.launchdb('upgrade', '--plan');
  child.kill('SIGINT');
  await once(child, 'close');
  expect([child.exitCode, said]).toEqual([0, expect.stringContaining('It goes on without you')]);
  expect((await meanwhile).output).toMatch(
    new RegExp(`to version ${release.version} is under way: \\d of ${served.length} projects are done`),
  );
  await vi.waitFor(
    async () => {
      const done = (await versions()).filter((version) => version === release.version);
      expect(done.length).toBeGreaterThanOrEqual(2);
      expect(done.length).toBeLessThan(served.length);
    },
    { ...PATIENCE, interval: 20 },
  );
  const first = await before();
  await platform.kill();
  await platform.start();
  const after = asking(served.slice(0, 3));
  const ended = await platform.launchdb('upgrade', '--all');
  expect(ended).toMatchObject({ code: 0 });
  expect(ended.output).toContain(`Every project in service is at version ${release.version}`);
  const second = await after();
  for (const { asked, wrong } of [first, second]) {
    expect(asked).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  }
  for (const project of served) {
    await vi.waitFor(
      async () => expect(await rest(project, 'rpc/greeting')).toMatchObject({ status: 200, body: 'hello' }),
      PATIENCE,
    );
    expect(await shown(project)).toMatchObject({ status: 'active', template_version: release.version });
    expect(await migratedTo(project, release.version)).toBe(1);
  }
  expect(await migratedTo(paused(), release.version)).toBe(0);
});

/** What its owner and the auth service's login may do with the tables of users. */
const rightsOnUsers = ({ id }: Project) =>
  platform.sql<{ login: string; name: string; may: string }>(
    `SELECT login, relname AS name, string_agg(may, ' ' ORDER BY place) AS may
     FROM pg_class, unnest(ARRAY['owner', 'auth']) login,
       unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'REFERENCES', 'TRIGGER', 'TRUNCATE'])
         WITH ORDINALITY rights (may, place)
     WHERE relnamespace = 'auth'::regnamespace AND relkind = 'r' AND has_table_privilege($1 || '_' || login, pg_class.oid, may)
     GROUP BY 1, 2 ORDER BY 1, 2`,
    [id],
    id,
  );

test('projects from before there were users have the tables, and the rights of new ones', async () => {
  const [rights, made] = [await rightsOnUsers(canary()), (fresh = await create('has-users'))];
  expect(rights).toEqual(await rightsOnUsers(made));
  const [auth, owner] = ['auth', 'owner'].map((login) => rights.find((row) => row.login === login));
  expect(auth?.may).toBe('SELECT INSERT UPDATE DELETE');
  expect(owner?.may).toBe('SELECT INSERT UPDATE DELETE REFERENCES TRIGGER');
  expect(new Set(rights.map(({ may }) => may)).size).toBe(2);
  const query = 'CREATE TABLE profiles (id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE)';
  for (const { id } of [canary(), made])
    expect(await call('POST', `/${id}/sql`, { query })).toMatchObject({ status: 200 });
});

test('they have a place for files as new ones do, whose tables are the owner’s, and store some', async () => {
  const tablesOf = ({ id }: Project) =>
    platform.sql(
      `SELECT relname, replace(relowner::regrole::text, current_database(), '') AS owner, relrowsecurity,
         replace(relacl::text, current_database(), '') AS acl
       FROM pg_class WHERE relnamespace = 'storage'::regnamespace AND relkind = 'r' ORDER BY 1`,
      [],
      id,
    );
  const made = fresh;
  const tables = await tablesOf(canary());
  expect(tables).toEqual(await tablesOf(made));
  expect(tables).toHaveLength(4);
  expect(new Set(tables.map(({ owner }) => owner as string))).toEqual(new Set(['_owner']));
  for (const { id } of [canary(), made]) {
    const keys = await call<{ service_role_key: string }>('GET', `/${id}/keys`);
    const options = { token: keys.body.service_role_key, body: { id: 'docs', name: 'docs', public: true } };
    const place = `/project/${id}/storage/v1`;
    expect((await platform.call('POST', `${place}/bucket`, options)).status).toBe(200);
    const kept = await platform.call('POST', `${place}/object/docs/a.json`, { ...options, body: { id } });
    expect(kept.status).toBe(200);
    const served = await platform.call('GET', `${place}/object/public/docs/a.json`);
    expect([served.status, served.body]).toEqual([200, { id }]);
  }
});

test('one that was paused follows when it is back; a new one is at the new version by itself', async () => {
  await call('POST', `/${paused().id}/resume`);
  const version = release.version;
  await vi.waitFor(async () => expect((await shown(paused())).template_version).toBe(version), PATIENCE);
  await vi.waitFor(async () => expect((await rest(paused(), 'rpc/greeting')).body).toBe('hello'), PATIENCE);
  const made = await create('new');
  expect(await shown(made)).toMatchObject({ status: 'active', template_version: version });
  expect((await rest(made, 'rpc/greeting')).body).toBe('hello');
  const plan = await platform.launchdb('upgrade', '--plan');
  expect(plan.output).toBe(`Every project is at version ${version} of the template.\n`);
});

test('a canary that fails stops it: it serves on, nobody else is touched, file and line are told', async () => {
  const before = release.version;
  const file = await release.add(
    'broken',
    `-- fine in a new project, and not in one whose owner has such a table\nSELECT 1;\nCREATE TABLE public.kept (n int);`,
  );
  await restart();
  const ended = asking([canary()]);
  const { code, output } = await platform.launchdb('upgrade', '--all', '--canary', canary().id);
  const reason = `could not apply ${file}, line 3: relation "kept" already exists`;
  expect(code).toBe(1);
  expect(output).toContain(`STOPPED at ${canary().id}: migrate-schema: ${reason}`);
  expect(output).toContain(`0 are at version ${release.version}, ${PROJECTS + 2} are as they were`);
  expect((await ended()).wrong).toEqual([]);
  expect(await versions()).toEqual(projects.map(() => before));
  expect((await shown(canary())).status).toBe('active');
  const why = await platform.launchdb('why', canary().id);
  expect(why.output).toContain(`failed at migrate-schema (${reason})`);
  expect(why.output).toContain(`"npm run launchdb -- upgrade --project ${canary().id}"`);
  const progress = await call<{ processes: { process: string; state: string }[] }>(
    'GET',
    `/${canary().id}/progress`,
  );
  expect(progress.body.processes[0]).toMatchObject({ process: 'upgrade', state: 'failed' });
  for (const { id } of projects.slice(1))
    expect((await call<Shown>('GET', `/${id}`)).body.status).toBe('active');
  const { body } = await call<{ entries: unknown[] }>(
    'GET',
    `/${projects[1]!.id}/audit?type=ProjectUpgradeRequested`,
  );
  expect(body.entries).toHaveLength(1);
  const plan = await platform.launchdb('upgrade', '--plan');
  expect(plan.output).toContain(`the last try failed at migrate-schema: ${reason}`);
  expect(plan.output).toContain(`stopped at ${canary().id}`);
});

test('what was mended is upgraded alone, also when the platform dies in the middle of the migration', async () => {
  await call('POST', `/${canary().id}/sql`, { query: 'ALTER TABLE kept RENAME TO mine' });
  await platform.crashAt('upgrade/migrate-schema/do/after-effect');
  const child = platform.launchdbProcess('upgrade', '--project', canary().id);
  await platform.ended();
  child.kill('SIGKILL');
  await once(child, 'close');
  await platform.start();
  const { code, output } = await platform.launchdb('upgrade', '--project', canary().id);
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toContain(`${canary().id} is at version ${release.version}.`);
  expect(await migratedTo(canary(), release.version)).toBe(1);
  const next = projects[1]!;
  const failed = await platform.launchdb('upgrade', '--project', next.id);
  expect(failed.code).toBe(1);
  expect(failed.output).toContain('The project serves on as it was.');
  expect((await platform.launchdb('upgrade', '--project', 'proj_0123456789abcdef')).code).toBe(1);
});
