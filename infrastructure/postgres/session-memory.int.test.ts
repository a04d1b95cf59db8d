import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { DatabaseLogins } from '../../application/ports/secrets.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { quietLog } from '../testing/folder.ts';
import { testServer } from '../testing/server.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import { latestTemplateVersion } from './project-template.ts';
import type { PostgresServer } from './postgres-server.ts';
import { endLargeSessions } from './session-memory.ts';

const project = newProject();
let server: PostgresServer;
let databases: PostgresDatabases;
let logins: DatabaseLogins;

beforeAll(async () => {
  server = await testServer();
  databases = new PostgresDatabases(server);
  ({ logins } = await new AesSecrets(randomBytes(32)).issue());
  await databases.ensureDatabase(project, await latestTemplateVersion());
  await databases.ensureUsers(project, logins, USUAL_BOUNDS);
});
afterAll(async () => {
  await databases.dropDatabase(project);
  await databases.removeUsers(project);
  await server.close();
});

async function session(login: 'authenticator' | 'owner'): Promise<pg.Client> {
  const { host, port } = server.address;
  const user = `${project}_${login}`;
  const client = new pg.Client({ host, port, user, password: logins[login].password, database: project });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** some ten megabytes of them */
const prepareMany = (client: pg.Client) =>
  client.query(`DO $$ BEGIN FOR i IN 1..1000 LOOP
    EXECUTE format('PREPARE p%s AS SELECT count(*), json_agg(c) FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid WHERE relname <> %L', i, i);
  END LOOP; END $$`);
const ends = (client: pg.Client) =>
  client.query('SELECT').then(
    () => false,
    () => true,
  );

test('a session of a REST API that keeps too much ends, others and an owner of the same size stay', async () => {
  // elsewhere there is no such table of processes
  if (process.platform !== 'linux') return;
  const [large, small, owner] = await Promise.all([
    session('authenticator'),
    session('authenticator'),
    session('owner'),
  ]);
  await Promise.all([prepareMany(large), prepareMany(owner)]);
  const bounds = { idleKib: 20 * 1024, anyKib: 1024 * 1024 };
  expect(await endLargeSessions(server, quietLog, { ...bounds, idleKib: 1024 * 1024 })).toEqual([]);
  const busy = large.query('SELECT pg_sleep(0.5)');
  await expect
    .poll(
      async () =>
        (
          await server.administer('look', (client) =>
            client.query(`SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND usename = $1`, [
              `${project}_authenticator`,
            ]),
          )
        ).rowCount,
    )
    .toBe(1);
  expect(await endLargeSessions(server, quietLog, bounds)).toEqual([]);
  await busy;
  expect(await endLargeSessions(server, quietLog, bounds)).toEqual([`${project}_authenticator`]);
  await expect.poll(() => ends(large)).toBe(true);
  expect(await Promise.all([small, owner].map(ends))).toEqual([false, false]);
  await Promise.all([small, owner].map((client) => client.end()));
});
