import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { randomBytes } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import {
  managedConnectionPoolsContract,
  poolFor,
} from '../../application/ports/connection-pools.contract.ts';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { authenticatorRole, ownerRole } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresDatabases } from '../postgres/postgres-databases.ts';
import { latestTemplateVersion } from '../postgres/project-template.ts';
import { clusterAddress, testServer } from '../testing/server.ts';
import { findPgbouncer } from '../process/binaries.ts';
import { testPort } from '../testing/port.ts';
import { launch } from '../process/launch.ts';
import { endProcess, isAlive, listPrograms } from '../process/process-table.ts';
import { quietLog, testFolder } from '../testing/folder.ts';
import { PgbouncerConnectionPools } from './pgbouncer-connection-pools.ts';
import { FILES, type Doors } from './pgbouncer-files.ts';
import { becomeAnother } from '../testing/attacker.ts';
import { childDoors, TCP_ALONE } from '../testing/doors.ts';

const ADMIN_PASSWORD = 'the-admin-password';

async function pooler() {
  const parent = await testFolder('pgbouncer');
  const binary = await findPgbouncer('');
  if (binary === undefined) throw new Error('PgBouncer is not installed');
  const port = await testPort();
  // a blank, because people's folders have some
  const folder = join(parent.path, 'the pooler');
  const logFile = join(parent.path, 'pgbouncer.log');
  const doors: Doors = await childDoors(parent);
  const options = {
    program: { binary, logFile },
    port,
    doors,
    folder,
    servers: new Map([[MAIN_SERVER, { host: '127.0.0.1', port: clusterAddress().port }]]),
    adminPassword: ADMIN_PASSWORD,
    user: parent.user,
    log: quietLog,
  };
  const pools = new PgbouncerConnectionPools(options);
  await pools.restore([]);
  const close = async () => {
    await pools.stop();
    await parent.remove();
  };
  const workable = () => workableProject(pools, port);
  return { pools, port, folder, logFile, options, workable, close };
}

type Pooler = Awaited<ReturnType<typeof pooler>>;

/** A project with its database and logins in the cluster. */
async function realProject() {
  const cluster = await testServer();
  const databases = new PostgresDatabases(cluster);
  const secrets = new AesSecrets(randomBytes(32));
  const { logins } = await secrets.issue();
  const project = newProject();
  await databases.ensureDatabase(project, await latestTemplateVersion());
  await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  onTestFinished(async () => {
    await databases.dropDatabase(project);
    await databases.removeUsers(project);
    await cluster.close();
  });
  return { project, logins, databases, secrets };
}

async function connect(
  { port }: Pick<Pooler, 'port'>,
  project: ProjectId,
  password: string,
): Promise<pg.Client> {
  const user = ownerRole(project);
  const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: project });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function whoAmI(server: Pooler, project: ProjectId, password: string): Promise<string | undefined> {
  const client = await connect(server, project, password);
  try {
    return (await client.query<{ who: string }>('SELECT current_user AS who')).rows[0]?.who;
  } finally {
    await client.end();
  }
}

async function administer<Row extends pg.QueryResultRow>(
  { port, options }: Pick<Pooler, 'port' | 'options'>,
  command: string,
): Promise<Row[]> {
  const admin = {
    host: options.doors.socketFolder ?? '127.0.0.1',
    port,
    user: 'launchdb_admin',
    password: ADMIN_PASSWORD,
  };
  const client = new pg.Client({ ...admin, database: 'pgbouncer' });
  await client.connect();
  try {
    return (await client.query<Row>(command)).rows;
  } finally {
    await client.end();
  }
}

async function workableProject(pools: PgbouncerConnectionPools, port: number) {
  const { project, logins } = await realProject();
  await pools.register(poolFor(project, logins.owner.verifier));
  const client = await connect({ port }, project, logins.owner.password);
  const query = async () => void (await client.query('SELECT 1'));
  const begin = async () => {
    await client.query('BEGIN');
    return async () => {
      await client.query('ROLLBACK');
      await client.end();
    };
  };
  return { project, query, begin };
}

type Started = Pick<Pooler, 'options' | 'folder'>;

/** As a run of ours leaves it behind that was killed, or as somebody else runs it: nobody watches over it. */
/** @param by what makes way for it */
async function startAlone({ options, folder }: Started, by: readonly string[] = []): Promise<number> {
  const { program, user } = options;
  const [command, ...args] = [...by, program.binary, join(folder, 'pgbouncer.ini')] as const;
  return (await launch({ command, args, cwd: folder, logFile: program.logFile, user })).pid;
}

const endAlone = (pid: number) => endProcess(pid, [{ signal: 'SIGKILL', waitMs: 5_000 }]);

/** A pooler that is not our child: the files are ours, and its console. */
async function foreignPooler() {
  const { pools: own, ...server } = await pooler();
  await own.stop();
  await rm(server.folder, { recursive: true });
  const { program: _, ...child } = server.options;
  const options = { ...child, doors: TCP_ALONE };
  const pools = new PgbouncerConnectionPools(options);
  const restored = pools.restore([]);
  const main = join(server.folder, 'pgbouncer.ini');
  await vi.waitFor(() => stat(main), { timeout: 10_000 });
  let pid = await startAlone(server);
  await restored;
  return {
    ...server,
    pools,
    workable: () => workableProject(pools, server.port),
    kill: () => endAlone(pid),
    start: async () => (pid = await startAlone(server)),
    close: async () => {
      await endAlone(pid);
      await pools.stop();
      await server.close();
    },
  };
}

managedConnectionPoolsContract('PgBouncer', pooler);
managedConnectionPoolsContract('PgBouncer that somebody else runs', foreignPooler);

describe('PgBouncer', () => {
  let server: Pooler;
  beforeAll(async () => {
    server = await pooler();
  });
  afterAll(() => server.close());

  test('takes the SCRAM login that PostgreSQL has, and keeps no password', async () => {
    const { project, logins } = await realProject();
    await server.pools.register(poolFor(project, logins.owner.verifier));
    expect(await whoAmI(server, project, logins.owner.password)).toBe(ownerRole(project));
    await expect(whoAmI(server, project, 'wrong')).rejects.toThrow();
    for (const name of Object.values(FILES)) {
      const text = await readFile(join(server.folder, name), 'utf8');
      expect(text).not.toContain(logins.owner.password);
      expect(text).not.toContain(ADMIN_PASSWORD);
      expect((await stat(join(server.folder, name))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(server.folder)).mode & 0o777).toBe(0o700);
    expect((await listPrograms()).map(({ command }) => command).join()).not.toContain(ADMIN_PASSWORD);
    await server.pools.unregister(project);
    await expect(whoAmI(server, project, logins.owner.password)).rejects.toThrow();
  });

  test('a changed verifier is taken up', async () => {
    const { project, logins, databases, secrets } = await realProject();
    await server.pools.register(poolFor(project, logins.owner.verifier));
    const { logins: next } = await secrets.issue();
    await databases.ensureUsers(project, next, USUAL_BOUNDS);
    await server.pools.register(poolFor(project, next.owner.verifier));
    expect(await whoAmI(server, project, next.owner.password)).toBe(ownerRole(project));
    await expect(whoAmI(server, project, logins.owner.password)).rejects.toThrow();
    await server.pools.unregister(project);
  });

  test('an entry that gets fewer connections gives up those that are too many, and cuts nobody off', async () => {
    const { project, logins } = await realProject();
    const cluster = await testServer();
    onTestFinished(() => cluster.close());
    const pool = poolFor(project, logins.owner.verifier);
    await server.pools.register(pool);
    const held = async () =>
      cluster.administer('count sessions', async (client) => {
        const text = 'SELECT 1 FROM pg_stat_activity WHERE usename = $1';
        return (await client.query(text, [ownerRole(project)])).rowCount;
      });
    const clients = await Promise.all(
      Array.from({ length: 5 }, () => connect(server, project, logins.owner.password)),
    );
    await Promise.all(clients.map((client) => client.query('BEGIN')));
    expect(await held()).toBe(5);
    const [stays, ...others] = clients;
    await Promise.all(others.map((client) => client.query('COMMIT')));
    await server.pools.register({ ...pool, connections: 2 });
    await expect.poll(held).toBe(1);
    await stays?.query('COMMIT');
    await expect.poll(held).toBe(0);
    // each goes on, with one of the two
    await Promise.all(clients.map((client) => client.query('SELECT pg_sleep(0.01)')));
    expect(await held()).toBeLessThanOrEqual(2);
    await Promise.all(clients.map((client) => client.end()));
    await server.pools.unregister(project);
  });

  test('an entry that is served as wanted is not reloaded for it', async () => {
    const reloads = async () =>
      (await readFile(server.logFile, 'utf8')).split('RELOAD command issued').length;
    const pool = poolFor(newProject());
    await server.pools.register(pool);
    const before = await reloads();
    await server.pools.register(pool);
    expect(await reloads()).toBe(before);
    await server.pools.register({ ...pool, connections: 6 });
    expect(await reloads()).toBeGreaterThan(before);
    await server.pools.unregister(pool.project);
  });

  test('unregistered, open connections end', async () => {
    const { project, logins } = await realProject();
    await server.pools.register(poolFor(project, logins.owner.verifier));
    const client = await connect(server, project, logins.owner.password);
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    await client.query('BEGIN');
    await server.pools.unregister(project);
    await ended;
  });

  test('cut off by an unregistering that broke off, it is served when it is wanted again', async () => {
    const { project, logins } = await realProject();
    const pool = poolFor(project, logins.owner.verifier);
    await server.pools.register(pool);
    await administer(server, `DISABLE ${project}`);
    await administer(server, `KILL ${project}`);
    await server.pools.register(pool);
    expect(await whoAmI(server, project, logins.owner.password)).toBe(ownerRole(project));
    await server.pools.unregister(project);
  });

  test('fifty changes at once cost a few reloads', async () => {
    const log = () => readFile(server.logFile, 'utf8');
    const reloads = async () => (await log()).split('RELOAD command issued').length;
    const before = await reloads();
    const many = Array.from({ length: 50 }, newProject);
    await Promise.all(many.map((project) => server.pools.register(poolFor(project))));
    expect((await reloads()) - before).toBeGreaterThan(0);
    expect((await reloads()) - before).toBeLessThanOrEqual(3);
    await server.pools.restore([]);
  });

  test('killed, it comes back with its pools', async () => {
    const project = newProject();
    await server.pools.register(poolFor(project));
    const { pid } = server.pools;
    if (pid === undefined) throw new Error('not running');
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(server.pools.pid).not.toBe(pid), { timeout: 10_000 });
    await vi.waitFor(async () => expect(await server.pools.list()).toEqual([project]), { timeout: 10_000 });
    await server.pools.unregister(project);
  });

  test('a pool that cannot be written is refused and harms no other', async () => {
    const pool = poolFor(newProject(), 'plain password');
    await expect(server.pools.register(pool)).rejects.toThrow(TypeError);
    const project = newProject();
    await server.pools.register(poolFor(project));
    expect(await server.pools.list()).toEqual([project]);
    await server.pools.unregister(project);
  });

  test('nothing is written before the pools were restored', async () => {
    const fresh = new PgbouncerConnectionPools(server.options);
    await expect(fresh.register(poolFor(newProject()))).rejects.toThrow(Unavailable);
    await expect(fresh.unregister(newProject())).rejects.toThrow(Unavailable);
  });

  test('a login is let into its own database, and cannot become another on the way (CVE-2026-107350)', async () => {
    const [own, other] = [await realProject(), await realProject()];
    for (const { project, logins } of [own, other]) {
      const names = { owner: ownerRole(project), authenticator: authenticatorRole(project) };
      await server.pools.register({
        project,
        server: MAIN_SERVER,
        logins: (['owner', 'authenticator'] as const).map((kind) => ({
          name: names[kind],
          verifier: logins[kind].verifier,
        })),
        connections: 7,
      });
    }
    const me = { user: ownerRole(own.project), password: own.logins.owner.password };
    const { port, options } = server;
    for (const host of ['127.0.0.1', options.doors.socketFolder ?? '']) {
      for (const user of [ownerRole(other.project), authenticatorRole(other.project)]) {
        const victim = { user, database: other.project };
        expect(await becomeAnother({ host, port }, me, victim, 'SELECT current_user')).toBeUndefined();
      }
      const console = { user: 'launchdb_admin', database: 'pgbouncer' };
      expect(await becomeAnother({ host, port }, me, console, 'SHOW VERSION')).toBeUndefined();
      for (const database of [other.project, 'pgbouncer', 'postgres']) {
        const client = new pg.Client({ host, port, ...me, database });
        client.on('error', () => {});
        await expect(client.connect()).rejects.toThrow();
      }
    }
    const admin = { host: '127.0.0.1', port, user: 'launchdb_admin', password: ADMIN_PASSWORD };
    const outside = new pg.Client({ ...admin, database: 'pgbouncer' });
    outside.on('error', () => {});
    await expect(outside.connect()).rejects.toThrow(/no such|not|reject|denied/);
    expect(await whoAmI(server, own.project, me.password)).toBe(me.user);
    for (const { project } of [own, other]) await server.pools.unregister(project);
  });

  test('there is no way to a database that is not listed', async () => {
    const { project, logins } = await realProject();
    await expect(whoAmI(server, project, logins.owner.password)).rejects.toThrow();
  });
});

describe('PgBouncer, left running by an earlier run,', () => {
  let server: Pooler;
  let left: number;
  beforeEach(async () => {
    server = await pooler();
    await server.pools.restore([poolFor(newProject())]);
    await server.pools.stop();
    left = await startAlone(server);
    await vi.waitFor(() => administer(server, 'SHOW VERSION'), { timeout: 10_000 });
  });

  test('is adopted, and serves what is desired then', async () => {
    const project = newProject();
    onTestFinished(() => server.close());
    await server.pools.restore([poolFor(project)]);
    expect(server.pools.pid).toBe(left);
    expect(await server.pools.list()).toEqual([project]);
  });

  test.each([
    { setting: 'client_login_timeout', theirs: '77', isReplaced: true },
    // what it takes up as it runs
    { setting: 'max_client_conn', theirs: '77', isReplaced: false },
  ])('when its own $setting has changed: replaced: $isReplaced', async ({ setting, theirs, isReplaced }) => {
    onTestFinished(() => server.close());
    await endAlone(left);
    const main = join(server.folder, 'pgbouncer.ini');
    const text = await readFile(main, 'utf8');
    await writeFile(main, text.replace(new RegExp(`${setting} = \\d+`), `${setting} = ${theirs}`));
    left = await startAlone(server);
    const value = async () => {
      const settings = await administer<{ key: string; value: string }>(server, 'SHOW CONFIG');
      return settings.find(({ key }) => key === setting)?.value;
    };
    await vi.waitFor(async () => expect(await value()).toBe(theirs), { timeout: 10_000 });
    const project = newProject();
    await server.pools.restore([poolFor(project)]);
    expect(await server.pools.list()).toEqual([project]);
    expect(await isAlive(left)).toBe(!isReplaced);
    expect(await value()).not.toBe(theirs);
  });

  test('that may open too few files is kept, and that is told', async () => {
    onTestFinished(() => server.close());
    await endAlone(left);
    left = await startAlone(server, ['/bin/sh', '-c', 'ulimit -n 1000; exec "$0" "$@"']);
    await vi.waitFor(() => administer(server, 'SHOW VERSION'), { timeout: 10_000 });
    const told: unknown[] = [];
    const log = { ...quietLog, warn: (fields: unknown) => void told.push(fields) };
    const next = new PgbouncerConnectionPools({ ...server.options, log });
    onTestFinished(() => next.stop());
    await next.restore([{ ...poolFor(newProject()), connections: 7 }]);
    expect(next.pid).toBe(left);
    // nobody can tell it elsewhere
    const fewer = process.platform === 'linux' ? [{ limit: 1_000, mayNeed: 5_000 + 7 + 20 }] : [];
    expect(told).toEqual(fewer);
  });

  test('is replaced when it listens elsewhere', async () => {
    const next = new PgbouncerConnectionPools({ ...server.options, port: await testPort() });
    onTestFinished(async () => {
      await next.stop();
      await server.close();
    });
    const project = newProject();
    await next.restore([poolFor(project)]);
    expect(await next.list()).toEqual([project]);
    expect(await isAlive(left)).toBe(false);
  });

  test('is replaced when it does not let us in', async () => {
    const project = newProject();
    const next = new PgbouncerConnectionPools({ ...server.options, adminPassword: 'another' });
    onTestFinished(async () => {
      await next.stop();
      await server.close();
    });
    await next.restore([poolFor(project)]);
    expect(await next.list()).toEqual([project]);
    expect(await isAlive(left)).toBe(false);
  });
});
