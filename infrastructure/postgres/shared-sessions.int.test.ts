/** On a server of its own: all of its sessions are taken. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import { ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { quietLog } from '../testing/folder.ts';
import { ownServer, type OwnServer } from '../testing/own-server.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import type { PostgresServer } from './postgres-server.ts';
import { ensureTemplate, latestTemplateVersion } from './project-template.ts';
import { SharedLimits } from './shared-limits.ts';
import { ensureSharedRoles } from './shared-roles.ts';

const SHARE = 7;
/** 100 - 40 reserved - 25 of the platform's */
const ROOM = 35;
const [greedy, second, modest] = [newProject(), newProject(), newProject()];
let own: OwnServer;
let server: PostgresServer;
let databases: PostgresDatabases;
let logins: Awaited<ReturnType<AesSecrets['issue']>>['logins'];
let limits: SharedLimits;
const ended: string[] = [];
const told: unknown[] = [];

beforeAll(async () => {
  own = await ownServer({ max_connections: 100, superuser_reserved_connections: 40 });
  ({ server } = own);
  await server.administer('prepare the server', ensureSharedRoles);
  await ensureTemplate(server, await latestTemplateVersion());
  databases = new PostgresDatabases(server);
  ({ logins } = await new AesSecrets(randomBytes(32)).issue());
  for (const project of [greedy, second, modest]) {
    await databases.ensureDatabase(project, await latestTemplateVersion());
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  }
  limits = new SharedLimits({
    server,
    log: { ...quietLog, warn: (fields) => told.push(fields) },
    onEnded: (over) => ended.push(over),
    sessionShare: SHARE,
  });
  await limits.enforce();
});

afterAll(async () => {
  await limits.close();
  await own.close();
});

async function session(project: ProjectId): Promise<pg.Client> {
  const { host, port } = server.address;
  const login = { user: ownerRole(project), password: logins.owner.password, database: project };
  const client = new pg.Client({ host, port, ...login });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** As many as there are to be had. @returns the oldest first, and why there are no more */
async function takeAll(project: ProjectId): Promise<{ taken: pg.Client[]; refused: string }> {
  const taken: pg.Client[] = [];
  for (;;) {
    try {
      taken.push(await session(project));
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      expect(code).toBe('53300');
      return { taken, refused: message };
    }
  }
}

const answers = async (clients: readonly pg.Client[]): Promise<boolean[]> =>
  Promise.all(
    clients.map((client) =>
      client.query('SELECT 1').then(
        () => true,
        () => false,
      ),
    ),
  );
const end = (clients: readonly pg.Client[]) => Promise.all(clients.map((client) => client.end()));
const looks = async () => expect.poll(() => limits.enforce(), { timeout: 20_000 }).toEqual([]);

test('sessions of all projects leave the platform its own, and whoever is furthest over loses the newest', async () => {
  const usual = await Promise.all(Array.from({ length: 5 }, () => session(modest)));
  const most = await takeAll(greedy);
  expect([most.taken.length, most.refused]).toEqual([
    30,
    expect.stringMatching(/too many connections for role/),
  ]);
  const rest = await takeAll(second);
  expect(rest.refused).toMatch(/slots are reserved/);
  await expect(session(modest)).rejects.toMatchObject({ code: '53300' });

  // before anybody has looked
  const inside = () => server.inDatabase(greedy, 'look', (client) => client.query('SELECT pg_sleep(0.2)'));
  await Promise.all(Array.from({ length: 30 }, inside));

  expect(await limits.enforce()).toEqual([ownerRole(greedy), ownerRole(second)]);
  await looks();
  const [mine, others] = [await answers(most.taken), await answers(rest.taken)];
  const left = (all: readonly boolean[]) => all.filter(Boolean).length;
  expect(left(mine) + left(others)).toBe(ROOM - usual.length);
  expect(left(mine)).toBe(left(others));
  // the oldest stay
  expect(mine).toEqual(mine.toSorted((one, other) => Number(other) - Number(one)));
  expect(await answers(usual)).not.toContain(false);
  const another = await session(modest);
  expect(ended).toEqual(['sessions', 'sessions']);
  expect(told).toEqual([
    { login: ownerRole(greedy), over: 'sessions', heldMs: 0 },
    { login: ownerRole(second), over: 'sessions', heldMs: 0 },
  ]);
  await end([...usual, another, ...most.taken, ...rest.taken]);
});

test('who takes them again has no more than their share for a while, and keeps that', async () => {
  const [first, rest] = [await takeAll(greedy), await takeAll(second)];
  expect(await limits.enforce()).toContain(ownerRole(greedy));
  await looks();
  expect(await answers(first.taken)).toContain(true);
  await end([...first.taken, ...rest.taken]);
  await expect.poll(async () => (await takeAllAndEnd(greedy)).length).toBe(SHARE);
  const state = async () => (await databases.state(greedy, logins, USUAL_BOUNDS)).users;
  // nothing that has to be repaired, until the time is over
  expect(await state()).toBe('as-wanted');
  await server.administer('let time pass', (client) =>
    client.query(
      `ALTER ROLE ${ownerRole(greedy)} IN DATABASE ${greedy} SET launchdb.held_until = 1000000000000`,
    ),
  );
  expect(await state()).toBe('different');
});

async function takeAllAndEnd(project: ProjectId): Promise<readonly pg.Client[]> {
  const { taken } = await takeAll(project);
  await end(taken);
  return taken;
}
