/** On a server of its own: what it ends is everybody's who is over a limit. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { DatabaseLogins } from '../../application/ports/secrets.ts';
import { authenticatorRole, ownerRole } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { quietLog } from '../testing/folder.ts';
import { ownServer, type OwnServer } from '../testing/own-server.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import type { PostgresServer } from './postgres-server.ts';
import { ensureTemplate, latestTemplateVersion } from './project-template.ts';
import { SessionLimits } from './session-limits.ts';
import { ensureSharedRoles } from './shared-roles.ts';

const project = newProject();
const NO_LIMIT_MS = 3_600_000;
const wide = {
  statementMs: NO_LIMIT_MS,
  idleInTransactionMs: NO_LIMIT_MS,
  transactionMs: NO_LIMIT_MS,
  snapshotXids: 2 ** 31 - 1,
};
let own: OwnServer;
let server: PostgresServer;
let databases: PostgresDatabases;
let logins: DatabaseLogins;
let limits: SessionLimits;

beforeAll(async () => {
  own = await ownServer();
  ({ server } = own);
  await server.administer('prepare the server', ensureSharedRoles);
  await ensureTemplate(server, await latestTemplateVersion());
  databases = new PostgresDatabases(server);
  ({ logins } = await new AesSecrets(randomBytes(32)).issue());
  limits = new SessionLimits(server, quietLog);
  await databases.ensureDatabase(project, await latestTemplateVersion());
  await databases.ensureUsers(project, logins, USUAL_BOUNDS);
});

afterAll(() => own.close());

/** A session in the middle of what the SQL does, and how it ended. */
async function session(user: string, password: string, sql: string) {
  const { host, port } = server.address;
  const client = new pg.Client({ host, port, user, password, database: project });
  const ended = new Promise<string>((resolve) => client.on('error', ({ message }) => resolve(message)));
  await client.connect();
  for (const lifted of ['statement_timeout', 'idle_in_transaction_session_timeout'])
    await client.query(`SET ${lifted} = 0`);
  void client.query(sql).catch(() => {});
  await client.query('SELECT 1').catch(() => {});
  return { client, ended };
}

const owner = (sql: string) => session(ownerRole(project), logins.owner.password, sql);
const ofProject = (ended: readonly { login: string; over: string }[]) =>
  ended.filter(({ login }) => login.startsWith(project));

test.each(['owner', 'authenticator'] as const)(
  'an open transaction of the %s is ended at its limit',
  async (who) => {
    const role = who === 'owner' ? ownerRole(project) : authenticatorRole(project);
    const { ended } = await session(role, logins[who].password, 'BEGIN');
    expect(ofProject(await limits.enforce(wide))).toEqual([]);
    const over = await limits.enforce({ ...wide, idleInTransactionMs: 0 });
    expect(ofProject(over)).toEqual([{ login: role, over: 'idle in transaction' }]);
    expect(await ended).toMatch(/terminat/);
  },
);

test('one that keeps itself busy is ended by the limit of the whole', async () => {
  const { ended } = await owner('BEGIN; SELECT 1');
  const over = await limits.enforce({ ...wide, transactionMs: 0 });
  expect(ofProject(over)).toEqual([{ login: ownerRole(project), over: 'transaction' }]);
  expect(await ended).toMatch(/terminat/);
});

test('one that keeps an old snapshot is ended, however little time has gone by', async () => {
  const { ended } = await owner('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
  await server.administer('work on', (client) => client.query('SELECT pg_current_xact_id()'));
  expect(ofProject(await limits.enforce({ ...wide, snapshotXids: 1_000 }))).toEqual([]);
  const over = await limits.enforce({ ...wide, snapshotXids: 1 });
  expect(ofProject(over)).toEqual([{ login: ownerRole(project), over: 'snapshot' }]);
  expect(await ended).toMatch(/terminat/);
});

test('a statement that has lifted its limit is ended', async () => {
  const { host, port } = server.address;
  const login = { user: ownerRole(project), password: logins.owner.password };
  const client = new pg.Client({ host, port, database: project, ...login });
  client.on('error', () => {});
  await client.connect();
  const sleeping = client.query('SET statement_timeout = 0; SELECT pg_sleep(600)');
  sleeping.catch(() => {});
  await expect
    .poll(async () => ofProject(await limits.enforce({ ...wide, statementMs: 0 })), { timeout: 10_000 })
    .toEqual([{ login: ownerRole(project), over: 'statement' }]);
  await expect(sleeping).rejects.toThrow(/terminat/);
});

test('who has no transaction, and who is no project, is left alone', async () => {
  const { client } = await owner('SELECT 1');
  await server.inDatabase(project, 'look', async (superuser) => {
    await superuser.query('BEGIN');
    const all = { statementMs: 0, idleInTransactionMs: 0, transactionMs: 0, snapshotXids: 0 };
    expect(ofProject(await limits.enforce(all))).toEqual([]);
    expect((await superuser.query('SELECT 1')).rowCount).toBe(1);
  });
  expect((await client.query('SELECT 1')).rowCount).toBe(1);
  await client.end();
});
