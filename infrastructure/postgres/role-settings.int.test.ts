import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import { ownerRole } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import type { PostgresServer } from './postgres-server.ts';
import { latestTemplateVersion } from './project-template.ts';
import { resetSettings } from './role-settings.ts';
import { clusterAddress, testServer } from '../testing/server.ts';

const project = newProject();
const role = ownerRole(project);
let server: PostgresServer;
let owner: pg.Client;

beforeAll(async () => {
  server = await testServer();
  const databases = new PostgresDatabases(server);
  const { logins } = await new AesSecrets(randomBytes(32)).issue();
  await databases.ensureDatabase(project, await latestTemplateVersion());
  await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  const { host, port } = clusterAddress();
  owner = new pg.Client({ host, port, database: project, user: role, password: logins.owner.password });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  const databases = new PostgresDatabases(server);
  await databases.dropDatabase(project);
  await databases.removeUsers(project);
  await server.close();
});

const settingsOf = async (name: string) =>
  server.administer('look', async (client) => {
    const { rows } = await client.query<{ config: string[] }>(
      `SELECT setconfig AS config FROM pg_db_role_setting JOIN pg_roles r ON r.oid = setrole WHERE rolname = $1`,
      [name],
    );
    return rows.flatMap(({ config }) => config).sort();
  });

test('what is set for a shared role is reset, however it came there', async () => {
  await owner.query(
    `SET ROLE anon; ALTER ROLE anon SET search_path = ${pg.escapeLiteral('x'.repeat(200_000))}`,
  );
  await owner.query(`ALTER ROLE anon IN DATABASE ${project} SET work_mem = '1MB'; RESET ROLE`);
  await owner.query(`SET ROLE service_role`);
  await owner.query(
    `ALTER ROLE service_role IN DATABASE ${project} SET search_path = ${pg.escapeLiteral('x'.repeat(100_000))}; RESET ROLE`,
  );
  expect([...(await resetSettings(server))].sort()).toEqual(['anon', 'service_role']);
  // a small one for their own database is their affair
  expect(await settingsOf('anon')).toEqual(['work_mem=1MB']);
  expect(await settingsOf('service_role')).toEqual([]);
});

test("of a project's own login what is too large is reset, and the platform's stays", async () => {
  const before = await settingsOf(role);
  await owner.query(`ALTER ROLE CURRENT_USER SET work_mem = '1MB'`);
  expect(await resetSettings(server)).toEqual([]);
  const large = pg.escapeLiteral('x'.repeat(100_000));
  await owner.query(`ALTER ROLE CURRENT_USER SET search_path = ${large};
    ALTER ROLE CURRENT_USER IN DATABASE postgres SET search_path = ${large};
    ALTER ROLE CURRENT_USER IN DATABASE ${project} SET application_name = ${large}`);
  expect(await resetSettings(server)).toEqual([role, role, role]);
  expect(await settingsOf(role)).toEqual([...before, 'work_mem=1MB']);
});
