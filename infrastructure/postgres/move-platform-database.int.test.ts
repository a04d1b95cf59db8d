/** The platform's database moves to a server of its own, and is lost at no point of a crash. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ownServer, type OwnServer } from '../testing/own-server.ts';
import { movePlatformDatabase, type MovePoint } from './move-platform-database.ts';
import { PLATFORM_ROLE, preparePlatformDatabase, prepareProjectsServer } from './platform-database.ts';
import { PostgresServer } from './postgres-server.ts';

const KEY = 'the platform password';
let own: readonly [OwnServer, OwnServer];
let from: PostgresServer;
let to: PostgresServer;
let told: string[] = [];

beforeAll(async () => {
  own = await Promise.all([ownServer(), ownServer()]);
  [from, to] = [own[0].server, own[1].server];
});
afterAll(() => Promise.all(own.map((one) => one.close())));

/** As commit 30b3945 left it: everything on one server. */
beforeEach(async () => {
  told = [];
  for (const server of [from, to])
    for (const name of ['launchdb', 'launchdb_moved', 'launchdb_draft'])
      await server.administer('clean', (client) =>
        client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
      );
  await from.administer('clean', (client) => client.query(`DROP ROLE IF EXISTS ${PLATFORM_ROLE}`));
  const connection = await preparePlatformDatabase(from, KEY);
  await prepareProjectsServer(from, KEY, 'here');
  await query(connection, () => [
    ...[1, 2, 3].map((n) => appended(`project-${n}`)),
    `INSERT INTO accounts.sessions VALUES ('${randomUUID()}', 'own_0123456789abcdef', now(), now(), NULL)`,
    'CREATE SCHEMA view_project_list CREATE TABLE projects (id text)',
    `INSERT INTO view_project_list.projects VALUES ('follows from the log')`,
  ]);
});

const appended = (stream: string) =>
  `SELECT * FROM log.append(ARRAY['${stream}'], ARRAY[1], ARRAY['any'], ARRAY[1], ARRAY['${randomUUID()}']::uuid[],
     ARRAY['Happened'], ARRAY[1], ARRAY['{"text":"Müller \\\\ ''x''\t"}'], ARRAY['{}'])`;

async function query(connection: pg.ClientConfig, statements: () => readonly string[]): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    // before its owner, whom references want to be there
    await from.inDatabase('launchdb', 'make an owner', (superuser) =>
      superuser.query(
        `INSERT INTO accounts.owners VALUES ('own_0123456789abcdef', 'me@example.com', 'x', now())`,
      ),
    );
    for (const statement of statements()) await client.query(statement);
  } finally {
    await client.end();
  }
}

const move = (observe: (point: MovePoint) => void = () => {}) =>
  movePlatformDatabase({ from, to, platformPassword: KEY, tell: (line) => told.push(line), observe });

const databases = (server: PostgresServer) =>
  server.administer('look', async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      `SELECT datname FROM pg_database WHERE datname ^@ 'launchdb' ORDER BY 1`,
    );
    return rows.map(({ datname }) => datname);
  });

const kept = (server: PostgresServer) =>
  server.inDatabase('launchdb', 'read', async (client) => ({
    events: (await client.query('SELECT * FROM log.events ORDER BY position')).rows,
    owners: (await client.query('SELECT * FROM accounts.owners')).rows,
    sessions: (await client.query('SELECT * FROM accounts.sessions')).rows,
  }));

/** After it: the log goes on there, and nobody logs in to the platform's database on the projects' server. */
async function expectMoved(before: unknown): Promise<void> {
  expect(await kept(to)).toEqual(before);
  expect(await databases(from)).toEqual(['launchdb_moved']);
  expect(await databases(to)).toEqual(['launchdb']);
  const connection = await preparePlatformDatabase(to, KEY);
  await prepareProjectsServer(from, KEY, 'elsewhere');
  const client = new pg.Client(connection);
  await client.connect();
  await client.query(appended('project-1'));
  const { rows } = await client.query('SELECT position, revision FROM log.events ORDER BY 1 DESC LIMIT 1');
  expect(rows).toEqual([{ position: '4', revision: 1 }]);
  await client.end();
  const login = await from.administer('look', (session) =>
    session.query('SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = $1', [PLATFORM_ROLE]),
  );
  expect(login.rows).toEqual([{ rolcanlogin: false, rolpassword: null }]);
}

test('everything that is kept comes along, and the old one goes at the next start', async () => {
  const before = await kept(from);
  expect(before.events).toHaveLength(3);
  await move();
  expect(told).toEqual([expect.stringContaining('Moving'), expect.stringContaining('Moved.')]);
  await expectMoved(before);
  await move();
  expect(await databases(from)).toEqual([]);
  await move();
  expect(told).toHaveLength(3);
});

test.each<MovePoint>(['old-closed', 'drafted', 'copied', 'named', 'old-renamed'])(
  'cut short when it is at "%s", it is finished by the next start',
  async (point) => {
    const before = await kept(from);
    const cutShort = move((reached) => {
      if (reached === point) throw new Error('cut short');
    });
    await expect(cutShort).rejects.toThrow();
    if (point !== 'old-renamed') await move();
    await expectMoved(before);
  },
);

test('several processes that start at once move it once', async () => {
  const before = await kept(from);
  await Promise.all([move(), move(), move()]);
  expect(told.filter((line) => line.startsWith('Moving'))).toHaveLength(1);
  // those who came second found it moved, and dropped the old one
  expect(await kept(to)).toEqual(before);
});

test('cut short, and then a release from before ran: both are left alone, and it says so', async () => {
  await expect(
    move((point) => {
      if (point === 'named') throw new Error('cut short');
    }),
  ).rejects.toThrow();
  await from.inDatabase('launchdb', 'run', (client) => client.query(appended('project-9')));
  await expect(move()).rejects.toThrow(/they differ .*log\.events: 4.*log\.events: 3/);
  expect(await databases(from)).toEqual(['launchdb']);
  expect(await databases(to)).toEqual(['launchdb']);
});

test('the server that it was moved to is not there: no empty one is made in its place', async () => {
  await move();
  await prepareProjectsServer(from, KEY, 'elsewhere');
  await to.administer('lose', (client) => client.query('DROP DATABASE launchdb'));
  await expect(move()).rejects.toThrow(/is not on the one that is configured now/);
  expect(await databases(from)).toEqual(['launchdb_moved']);
  // nor later on, when the old one is gone
  await from.administer('drop', (client) => client.query('DROP DATABASE launchdb_moved'));
  await expect(move()).rejects.toThrow(/is not on the one that is configured now/);
  // nor on the projects' server, when the platform's is not told any more
  await expect(preparePlatformDatabase(from, KEY)).rejects.toThrow(/Set PLATFORM_DATABASE_URL/);
});

test("a database of somebody else's with the draft's name is left alone", async () => {
  await to.administer('be somebody', (client) => client.query('CREATE DATABASE launchdb_draft'));
  await expect(move()).rejects.toThrow('that LaunchDB did not make');
  expect(await databases(from)).toEqual(['launchdb']);
});

test('one server under two names is one server', async () => {
  const again = new PostgresServer({ ...from.address, host: 'localhost' });
  expect(await from.isSameAs(again)).toBe(true);
  expect(await from.isSameAs(to)).toBe(false);
  await again.close();
});
