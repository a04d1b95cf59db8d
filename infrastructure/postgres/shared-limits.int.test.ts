/** On a server of its own: its lock table is filled. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { DatabaseLogins } from '../../application/ports/secrets.ts';
import { ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { quietLog } from '../testing/folder.ts';
import { ownServer, type OwnServer } from '../testing/own-server.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import type { PostgresServer } from './postgres-server.ts';
import { ensureTemplate, latestTemplateVersion } from './project-template.ts';
import { SharedLimits } from './shared-limits.ts';
import { ensureSharedRoles } from './shared-roles.ts';

const [greedy, modest] = [newProject(), newProject()];
let own: OwnServer;
let server: PostgresServer;
let databases: PostgresDatabases;
let logins: DatabaseLogins;
let limits: SharedLimits;
let ended: string[];

beforeAll(async () => {
  own = await ownServer({ max_connections: 100 });
  ({ server } = own);
  await server.administer('prepare the server', ensureSharedRoles);
  await ensureTemplate(server, await latestTemplateVersion());
  databases = new PostgresDatabases(server);
  ({ logins } = await new AesSecrets(randomBytes(32)).issue());
  for (const project of [greedy, modest]) {
    await databases.ensureDatabase(project, await latestTemplateVersion());
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  }
});

afterAll(() => own.close());

/** Nobody has offended, and nobody is held. */
beforeEach(async () => {
  await databases.ensureUsers(greedy, logins, USUAL_BOUNDS);
  ended = [];
  limits = new SharedLimits({
    server,
    log: quietLog,
    onEnded: (over) => ended.push(over),
    sessionShare: 7,
    xidsASecond: 5_000,
  });
  await limits.enforce();
});

afterEach(async () => {
  await limits.close();
});

async function session(project: ProjectId): Promise<pg.Client> {
  const { host, port } = server.address;
  const login = { user: ownerRole(project), password: logins.owner.password, database: project };
  const client = new pg.Client({ host, port, ...login });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function heldAtOneOfTheNextLooks(): Promise<void> {
  const refusal = () =>
    session(greedy).then(
      (open) => open.end(),
      ({ code }: pg.DatabaseError) => code,
    );
  await expect
    .poll(async () => {
      await limits.enforce();
      return refusal();
    })
    .toBe('53300');
}

const state = async () => (await databases.state(greedy, logins, USUAL_BOUNDS)).users;

test('who fills the table of locks is ended though it is full, and held when it happens again', async () => {
  const other = await session(modest);
  for (const [round, held] of [false, true].entries()) {
    const hog = await session(greedy);
    // what the server remembers of this login is void
    await hog.query(`ALTER ROLE CURRENT_USER SET work_mem = '${64 + round}kB'`);
    const taken = hog.query('SELECT count(pg_advisory_lock(1, g)) FROM generate_series(1, 1000000) g');
    await expect(taken).rejects.toMatchObject({ code: '53200' });
    const lock = () => other.query('SELECT pg_advisory_lock(7), pg_advisory_unlock(7)');
    await expect(lock()).rejects.toMatchObject({ code: '53200' });
    expect(await limits.enforce()).toEqual([ownerRole(greedy)]);
    await expect.poll(lock).toBeDefined();
    await expect(hog.query('SELECT 1')).rejects.toThrow();
    if (held) await heldAtOneOfTheNextLooks();
    else await (await session(greedy)).end();
  }
  await other.end();
  expect(ended).toEqual(['locks', 'locks']);
  // nothing that has to be repaired, until the time is over
  expect(await state()).toBe('as-wanted');
  await server.administer('let time pass', (client) =>
    client.query(
      `ALTER ROLE ${ownerRole(greedy)} IN DATABASE ${greedy} SET launchdb.held_until = 1000000000000`,
    ),
  );
  expect(await state()).toBe('different');
  await databases.ensureUsers(greedy, logins, USUAL_BOUNDS);
  expect(await state()).toBe('as-wanted');
  await (await session(greedy)).end();
});

test.each([
  ['without end', '', 100],
  ['in bursts', 'PERFORM pg_sleep(0.05);', 300],
])('who takes transaction ids %s is ended, and not who writes much beside', async (_, rest, interval) => {
  const [taker, writer] = [await session(greedy), await session(modest)];
  await writer.query('CREATE TABLE IF NOT EXISTS written (n int)');
  await taker.query('CREATE UNLOGGED TABLE IF NOT EXISTS taken (n int)');
  let writing = true;
  const writes = async () => {
    for (let n = 0; writing; n++) {
      await writer.query('INSERT INTO written VALUES ($1)', [n]);
      if (n % 10 === 0) await sleep(5);
    }
  };
  const written = writes().then(() => 'all', String);
  const taking = taker.query(`DO $$ BEGIN LOOP
      FOR n IN 1..3000 LOOP
        BEGIN INSERT INTO taken VALUES (1); EXCEPTION WHEN OTHERS THEN NULL; END;
      END LOOP;
      ${rest}
    END LOOP; END $$`);
  const over = taking.then(() => 'went on', String);
  try {
    await expect.poll(() => limits.enforce(), { timeout: 25_000, interval }).toEqual([ownerRole(greedy)]);
    expect(await over).toMatch(/terminat/);
  } finally {
    writing = false;
  }
  expect(await written).toBe('all');
  await writer.end();
  expect(ended.at(-1)).toBe('transaction ids');
});

test("what projects' SQL says, and the values of their rows, stay out of the server's log", async () => {
  const loud = await session(modest);
  await loud.query(`DO $$ BEGIN RAISE LOG 'told-by-sql'; END $$`);
  await loud.query(`SET debug_print_plan = on; SELECT 'told-by-plan'; RESET debug_print_plan`);
  await loud.query('CREATE TABLE IF NOT EXISTS unique_values (v text PRIMARY KEY)');
  const insert = () => loud.query(`INSERT INTO unique_values VALUES ('told-by-detail')`);
  await insert();
  await expect(insert()).rejects.toThrow(/duplicate/);
  await expect(loud.query('SET log_min_messages = debug5')).rejects.toThrow(/permission denied/);
  await loud.query(`ALTER ROLE CURRENT_USER IN DATABASE ${modest} RESET ALL`);
  await loud.end();
  const again = await session(modest);
  await again.query(`DO $$ BEGIN RAISE LOG 'told-again'; END $$`);
  await again.end();
  const unique = (client: pg.ClientBase) =>
    client.query(`CREATE TEMP TABLE u (v text UNIQUE); INSERT INTO u VALUES ('told-by-us'), ('told-by-us')`);
  await expect(server.administer('break a key', unique)).rejects.toThrow('could not break a key');
  const log = await own.log();
  expect(log).toContain('duplicate key');
  expect(log).not.toContain('told-');
});

test('who fills the queue of notifications while somebody does not listen, or the disk, is ended', async () => {
  const [deaf, filler, sorter] = [await session(greedy), await session(greedy), await session(modest)];
  await deaf.query('LISTEN flood');
  await deaf.query('BEGIN');
  await filler.query(`SELECT pg_notify('flood', repeat('x', 7000) || g) FROM generate_series(1, 2000) g`);
  const wide = { temporaryBytes: 2 ** 40, queueShare: 1 };
  expect(await limits.enforceFiles(wide)).toEqual([]);
  expect(await limits.enforceFiles({ ...wide, queueShare: 0.0001 })).toEqual([ownerRole(greedy)]);
  await expect.poll(() => limits.enforceFiles({ ...wide, queueShare: 0.0001 })).toEqual([]);
  await sorter.query(`SET work_mem = '64kB'; BEGIN;
    DECLARE sorted CURSOR FOR SELECT g FROM generate_series(1, 300000) g ORDER BY md5(g::text); FETCH sorted`);
  expect(await limits.enforceFiles(wide)).toEqual([]);
  expect(await limits.enforceFiles({ ...wide, temporaryBytes: 1_000_000 })).toEqual([ownerRole(modest)]);
  for (const one of [deaf, filler, sorter]) await expect(one.query('SELECT 1')).rejects.toThrow();
  expect(ended.slice(-2)).toEqual(['notifications', 'temporary files']);
});
