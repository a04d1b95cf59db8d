/** What one project's session holds on to keeps neither another project nor the platform waiting. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { DatabaseLogins } from '../../application/ports/secrets.ts';
import { authenticatorRole, ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import type { PostgresServer } from './postgres-server.ts';
import { latestTemplateVersion } from './project-template.ts';
import { ensureSharedRoles } from './shared-roles.ts';
import { clusterAddress, testServer } from '../testing/server.ts';

let server: PostgresServer;
let databases: PostgresDatabases;
let logins: DatabaseLogins;
let neighbour: ProjectId;
const sessions: pg.Client[] = [];

beforeAll(async () => {
  server = await testServer();
  databases = new PostgresDatabases(server);
  ({ logins } = await new AesSecrets(randomBytes(32)).issue());
  neighbour = await made();
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.end()));
});
afterAll(async () => {
  await databases.dropDatabase(neighbour);
  await databases.removeUsers(neighbour);
  await databases.dropRetiredLogins();
  await server.close();
});

async function made(): Promise<ProjectId> {
  const project = newProject();
  await databases.ensureDatabase(project, await latestTemplateVersion());
  await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  return project;
}

/** The owner of a project, in the middle of what the SQL does. */
async function holding(project: ProjectId, sql: string) {
  const { host, port } = clusterAddress();
  const login = { user: ownerRole(project), password: logins.owner.password, database: project };
  const client = new pg.Client({ host, port, ...login });
  let ended = false;
  client.on('error', () => (ended = true));
  sessions.push(client);
  await client.connect();
  await client.query(sql);
  return { client, ended: () => ended };
}

const purge = async (project: ProjectId) => {
  await databases.dropDatabase(project);
  await databases.removeUsers(project);
};
const rolesOf = async (project: ProjectId) =>
  server.administer('look', async (client) => {
    const { rows } = await client.query<{ rolcanlogin: boolean }>(
      'SELECT rolcanlogin FROM pg_roles WHERE starts_with(rolname, $1)',
      [project],
    );
    return rows;
  });
const trap = (name: string, victim: ProjectId) => `CREATE TABLE ${name} (); GRANT SELECT ON ${name} TO PUBLIC;
  CREATE POLICY mine ON ${name} TO ${ownerRole(victim)}, ${authenticatorRole(victim)}`;

test.each([
  [
    'a locked table with a policy',
    (victim: ProjectId) => `${trap('locked', victim)}; BEGIN; LOCK TABLE locked`,
  ],
  ['a grant under way', (victim: ProjectId) => `BEGIN; ${trap('open', victim)}`],
])('%s for the logins of a project that is purged: it is gone, and they are later', async (_what, sql) => {
  const victim = await made();
  const { client, ended } = await holding(neighbour, sql(victim));
  await purge(victim);
  expect(await databases.list()).not.toContain(victim);
  // it had nothing to do with the purge of another
  expect(ended()).toBe(false);
  expect((await rolesOf(victim)).filter(({ rolcanlogin }) => rolcanlogin)).toEqual([]);
  await databases.dropRetiredLogins();
  expect(await rolesOf(victim)).not.toEqual([]);
  await client.query('COMMIT');
  await databases.dropRetiredLogins();
  expect(await rolesOf(victim)).toEqual([]);
});

test('six such purges at once keep nobody from the server', async () => {
  const victims = await Promise.all(Array.from({ length: 6 }, made));
  const traps = victims.map((victim, at) => trap(`many_${at}`, victim)).join(';');
  const locks = victims.map((_, at) => `LOCK TABLE many_${at}`).join(';');
  await holding(neighbour, `${traps}; BEGIN; ${locks}`);
  const purges = Promise.all(victims.map(purge));
  let over = false;
  void purges.finally(() => (over = true));
  let looks = 0;
  for (; !over; looks++) await server.connectionLimits();
  await purges;
  expect(looks).toBeGreaterThan(0);
});

test('a setting for the database of another, under way, does not keep that from being dropped', async () => {
  const victim = await made();
  const { ended } = await holding(
    neighbour,
    `BEGIN; ALTER ROLE CURRENT_USER IN DATABASE ${victim} SET work_mem = '1MB'`,
  );
  await purge(victim);
  expect(await databases.list()).not.toContain(victim);
  await expect.poll(ended).toBe(true);
});

test.each([
  ['password', `ALTER ROLE CURRENT_USER PASSWORD 'mine'`],
  ['schema', 'REVOKE ALL ON SCHEMA public FROM anon, authenticated, service_role'],
])(
  "what an owner's session does to their own %s does not keep their logins from being set",
  async (_what, sql) => {
    const project = await made();
    const { ended } = await holding(
      project,
      `${sql}; BEGIN; ${sql}; ALTER SCHEMA public RENAME TO elsewhere`,
    );
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
    if (sql.includes('PASSWORD')) await expect.poll(ended).toBe(true);
    await holding(project, 'SELECT 1');
    await purge(project);
  },
);

test('settings of the shared roles, under way, do not keep the platform from starting', async () => {
  const { ended } = await holding(neighbour, `SET ROLE anon; BEGIN; ALTER ROLE anon PASSWORD 'mine'`);
  await server.administer('prepare the server', ensureSharedRoles);
  await expect.poll(ended).toBe(true);
});
