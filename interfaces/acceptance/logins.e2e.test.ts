/** A later release has a login more in its table: projects that exist get it by the upgrade, and new ones at once. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { SealedSecrets } from '../../domain/project/events.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { PROJECT_LOGINS } from '../../domain/project/project-logins.ts';
import { AesSecrets } from '../../infrastructure/crypto/aes-secrets.ts';
import { LaterRelease } from './later-release.ts';
import { MASTER_KEY, PlatformUnderTest } from './platform-under-test.ts';
import { patience } from './patience.ts';

const PATIENCE = patience(100);

let platform: PlatformUnderTest;
let release: LaterRelease;
let token: string;
let old: string;
let apikey: string;

const call = <T = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
  platform.call<T>(method, `/api/projects${path}`, { token, ...(body !== undefined && { body }) });
const create = async (name: string) => (await call<{ id: string }>('POST', '', { name })).body.id;

/** As they stand in the view, and so in the log. */
async function secretsOf(id: string): Promise<SealedSecrets> {
  const [row] = await platform.sql<{ secrets: SealedSecrets }>(
    'SELECT secrets FROM view_desired_projects.projects WHERE project_id = $1',
    [id],
    'launchdb',
  );
  if (!row) throw new Error('no such project');
  return row.secrets;
}

async function works(id: string): Promise<unknown[]> {
  const { logins } = new AesSecrets(Buffer.from(MASTER_KEY, 'hex')).open(projectId(id), await secretsOf(id));
  const { db_uri_pooler: uri } = (await call<{ db_uri_pooler: string }>('GET', `/${id}/connection`)).body;
  const { hostname: host, port } = new URL(uri);
  const login = { user: `${id}_people`, password: logins['people']?.password ?? 'none', database: id };
  const client = new pg.Client({ host, port: Number(port), ...login });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('INSERT INTO auth.people DEFAULT VALUES');
    return (await client.query('SELECT current_user AS who, count(*)::int AS n FROM auth.people')).rows;
  } finally {
    await client.end();
  }
}
const events = async (id: string) =>
  (
    await call<{ entries: { type: string; data: Record<string, unknown> }[] }>(
      'GET',
      `/${id}/audit?limit=200`,
    )
  ).body.entries;
const rest = (id: string) => platform.call('GET', `/project/${id}/rest/v1/kept`, { headers: { apikey } });

/** What the guard has counted. */
async function guarded(): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${platform.environment['MANAGER_PORT']}/metrics`);
  return (await answer.text()).match(/^\S*pooler_guard_connections_total.*$/gm)?.join('\n') ?? '';
}

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('logins');
  old = await create('old');
  await call('POST', `/${old}/sql`, { query: 'CREATE TABLE kept AS SELECT 42 AS n' });
  apikey = (await call<{ anon_key: string }>('GET', `/${old}/keys`)).body.anon_key;
  await platform.stop();
  release = await LaterRelease.of(platform);
  await release.add('people', 'CREATE TABLE auth.people (id int GENERATED ALWAYS AS IDENTITY)');
  platform.environment['LATER_LOGIN'] = `${release.version} people auth`;
  await platform.start();
});
afterAll(() => platform.close());

test('a project that exists goes on without it, and nothing is amiss', async () => {
  await vi.waitFor(async () => expect(await rest(old)).toMatchObject({ status: 200 }), PATIENCE);
  expect((await secretsOf(old)).version).toBeLessThan(release.version);
  await expect(works(old)).rejects.toThrow();
  const { output } = await platform.launchdb('rebuild', '--dry-run');
  expect(output).toContain('Nothing is missing.');
});

test('a new one has it at once', async () => {
  const fresh = await create('fresh');
  expect(await secretsOf(fresh)).toMatchObject({ version: release.version });
  expect(await works(fresh)).toEqual([{ who: `${fresh}_people`, n: 1 }]);
  // its owner changes their own password, and the login keeps its own
  await call('POST', `/${fresh}/database-password/rotate`);
  expect(await works(fresh)).toEqual([{ who: `${fresh}_people`, n: 2 }]);
});

test('the upgrade brings it to the one that exists, also when the platform dies in the middle', async () => {
  await platform.crashAt('upgrade/register-pool/do/before-effect');
  const child = platform.launchdbProcess('upgrade', '--all');
  await platform.ended();
  child.kill('SIGKILL');
  await platform.start();
  const { code, output } = await platform.launchdb('upgrade', '--all');
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(await secretsOf(old)).toMatchObject({ keyVersion: 1, version: release.version });
  await vi.waitFor(async () => expect(await works(old)).toMatchObject([{ who: `${old}_people` }]), PATIENCE);
  expect(await rest(old)).toMatchObject({ status: 200, body: [{ n: 42 }] });
  const seen = await events(old);
  expect(seen.find(({ type }) => type === 'DatabaseUsersCreated')?.data).toEqual({
    roles: [...PROJECT_LOGINS.map(({ name }) => `${old}_${name}`), `${old}_people`],
  });
  // it was never missed where it was not to be yet, and no password is told
  expect(seen.filter(({ type }) => type === 'DriftDetected')).toEqual([]);
  expect(JSON.stringify(seen)).not.toContain('ciphertext');
});

test('what is done to it by hand comes back, and it goes with its project', async () => {
  await platform.sql(`ALTER ROLE ${old}_people NOLOGIN`);
  // the next look at everything finds it
  const repaired = async () => (await events(old)).map(({ type }) => type);
  await vi.waitFor(async () => {
    expect(await repaired()).toContain('DriftRepaired');
    const [role] = await platform.sql(`SELECT rolcanlogin FROM pg_roles WHERE rolname = '${old}_people'`);
    expect(role).toEqual({ rolcanlogin: true });
  }, PATIENCE);
  // the platform's own work, by sessions that are kept: they follow the project
  const extensions = async () => (await call('GET', `/${old}/extensions`)).status;
  const before = await guarded();
  expect(before).toContain('outcome="session"');
  expect(await extensions()).toBe(200);
  // a process of its own reaches the pooler as a tenant does
  if (!platform.separate) expect(await guarded()).toEqual(before);
  await call('POST', `/${old}/pause`);
  await expect(works(old)).rejects.toThrow();
  expect(await extensions()).toBe(409);
  await call('POST', `/${old}/resume`);
  expect(await extensions()).toBe(200);
  await vi.waitFor(async () => expect(await works(old)).toMatchObject([{ who: `${old}_people` }]), PATIENCE);
  await call('DELETE', `/${old}?purge=true`, { name: 'old' });
  const left = async () => platform.sql(`SELECT rolname FROM pg_roles WHERE rolname ^@ '${old}'`);
  await vi.waitFor(async () => expect(await left()).toEqual([]), PATIENCE);
});
