import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { randomBytes } from 'node:crypto';
import { readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { limitedTo, managedDataApisContract } from '../../application/ports/data-apis.contract.ts';
import type { DataApi } from '../../application/ports/data-apis.ts';
import { authenticatorRole, ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import type { SigningKey } from '../../domain/project/events.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { AesSigningKeys } from '../crypto/aes-signing-keys.ts';
import { PgbouncerConnectionPools } from '../pgbouncer/pgbouncer-connection-pools.ts';
import { childDoors } from '../testing/doors.ts';
import { clusterAddress } from '../testing/server.ts';
import type { DatabaseRoute } from '../postgrest/postgrest-config.ts';
import { pause } from '../../application/background/pause.ts';
import { servedRows, testProjects } from '../testing/projects.ts';
import { findPgbouncer, findPostgrest } from './binaries.ts';
import { testPort } from '../testing/port.ts';
import { launch } from './launch.ts';
import { ProcessDataApis } from './process-data-apis.ts';
import { isAlive, listPrograms } from './process-table.ts';
import { quietLog, testFolder } from '../testing/folder.ts';

async function runtime(route?: DatabaseRoute, onLogins?: Parameters<typeof testProjects>[0]) {
  const folder = await testFolder();
  const occupied = new Set<ProjectId>();
  const projects = await testProjects(onLogins);
  const options = {
    inUse: (project: ProjectId) => Promise.resolve(occupied.has(project)),
    binary: await findPostgrest(folder.user),
    folder: folder.path,
    routeOf: () => route ?? { host: '127.0.0.1', port: clusterAddress().port, pooled: false, connections: 5 },
    user: folder.user,
    log: quietLog,
  };
  const dataApis = await ProcessDataApis.create(options);
  return {
    ...projects,
    dataApis,
    options,
    rows: (project: ProjectId) => servedRows(dataApis, project),
    async kill(project: ProjectId) {
      const file = join(options.folder, `${project}.conf`);
      const running = (await listPrograms()).filter(({ command }) => command.endsWith(` ${file}`));
      for (const { pid } of running) process.kill(pid, 'SIGKILL');
    },
    occupy(project: ProjectId) {
      occupied.add(project);
      return () => void occupied.delete(project);
    },
    async close() {
      await dataApis.stop();
      await projects.close();
      await folder.remove();
    },
  };
}

managedDataApisContract('PostgREST processes', runtime);

type Runtime = Awaited<ReturnType<typeof runtime>>;

const pids = async ({ options }: Runtime, { project }: DataApi): Promise<number[]> => {
  const file = join(options.folder, `${project}.conf`);
  return (await listPrograms()).filter(({ command }) => command.endsWith(` ${file}`)).map(({ pid }) => pid);
};

const rows = (dataApis: ProcessDataApis, { project }: DataApi, token?: string): Promise<number> =>
  servedRows(dataApis, project, token);

describe('PostgREST processes', () => {
  let harness: Runtime;
  let api: DataApi;
  let dataApis: ProcessDataApis;
  beforeAll(async () => {
    harness = await runtime();
    ({ dataApis } = harness);
    api = await harness.prepare();
    await dataApis.ensure(api);
  });
  afterAll(() => harness.close());

  test('ensure waits until the process has taken up what changed', async () => {
    const [pid = 0] = await pids(harness, api);
    const file = join(harness.options.folder, `${api.project}.conf`);
    const confirmed = async () => (await readFile(file, 'utf8')).startsWith('# restart ');
    let returned = false;
    process.kill(pid, 'SIGSTOP');
    const ensured = dataApis.ensure(limitedTo(api, 4)).then(() => (returned = true));
    try {
      await vi.waitFor(async () => expect(await confirmed()).toBe(false), { timeout: 30_000 });
      // long enough for whoever would not wait
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(returned).toBe(false);
      expect(await confirmed()).toBe(false);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await ensured;
    expect(await rows(dataApis, api)).toBe(4);
    await dataApis.ensure(api);
  });

  test('a changed JWT secret is in force when ensure returns', async () => {
    const before = await pids(harness, api);
    const tokenOf = ({ jwtSecrets: [secret] }: DataApi) =>
      new SignJWT({ role: 'anon' })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode(secret));
    const changed: DataApi = { ...api, jwtSecrets: ['x'.repeat(40)] };
    const overlapping: DataApi = { ...api, jwtSecrets: ['x'.repeat(40), api.jwtSecrets[0]] };
    expect(await rows(dataApis, api, await tokenOf(api))).toBe(20);
    await dataApis.ensure(overlapping);
    for (const one of [api, changed]) expect(await rows(dataApis, api, await tokenOf(one))).toBe(20);
    await dataApis.ensure(changed);
    expect(await rows(dataApis, api, await tokenOf(changed))).toBe(20);
    await expect(rows(dataApis, api, await tokenOf(api))).rejects.toThrow('401');
    await dataApis.ensure(api);
    expect(await pids(harness, api)).toEqual(before);
  });

  test("keys of users' tokens are in force when ensure returns, each for what it is", async () => {
    const before = await pids(harness, api);
    const vault = new AesSigningKeys(randomBytes(32));
    const [ec, rsa, foreign] = await Promise.all([
      vault.make(api.project, 'ES256'),
      vault.make(api.project, 'RS256'),
      vault.make(api.project, 'RS256'),
    ]);
    const [secret] = api.jwtSecrets;
    const sign = (header: { alg: string; kid?: string }, by: SigningKey | string) =>
      new SignJWT({ role: 'anon' })
        .setProtectedHeader(header)
        .sign(typeof by === 'string' ? new TextEncoder().encode(by) : vault.open(api.project, by).jwk);
    const named = ({ publicKey: { kid, alg } }: SigningKey) => ({ kid, alg });
    const good = [
      await sign(named(ec), ec),
      await sign(named(rsa), rsa),
      await sign({ alg: 'HS256' }, secret),
    ];
    await dataApis.ensure({ ...api, publicKeys: [ec.publicKey, rsa.publicKey] });
    for (const token of good) expect(await rows(dataApis, api, token)).toBe(20);
    const { kid } = rsa.publicKey;
    const wrong = [
      await sign(named(foreign), foreign),
      await sign({ alg: 'RS256', kid }, foreign),
      await sign({ alg: 'HS256', kid }, JSON.stringify(rsa.publicKey)),
      await sign({ alg: 'HS256' }, JSON.stringify(rsa.publicKey)),
      await sign({ alg: 'HS256', kid: ec.publicKey.kid }, ec.publicKey.kid),
    ];
    const judge = new AesSecrets(randomBytes(32));
    for (const token of wrong) {
      await expect(rows(dataApis, api, token)).rejects.toThrow('401');
      const keys = { jwtSecrets: [secret], publicKeys: [ec.publicKey, rsa.publicKey] };
      expect(await judge.judge(token, keys)).toBe('wrong');
    }
    await dataApis.ensure({ ...api, publicKeys: [rsa.publicKey] });
    await expect(rows(dataApis, api, good[0])).rejects.toThrow('401');
    expect(await rows(dataApis, api, good[1])).toBe(20);
    await dataApis.ensure(api);
    expect(await pids(harness, api)).toEqual(before);
  });

  test('changed tables are served after reloadSchema', async () => {
    const { port } = dataApis.endpoint(api.project) ?? { port: 0 };
    const call = async () => (await fetch(`http://127.0.0.1:${port}/rpc/made_later`)).status;
    expect(await call()).toBe(404);
    await harness.cluster.inDatabase(api.project, 'make a function', async (client) => {
      await client.query(
        'CREATE FUNCTION public.made_later() RETURNS int LANGUAGE sql STABLE AS $$ SELECT 1 $$',
      );
    });
    expect(await call()).toBe(404);
    await dataApis.reloadSchema(api.project);
    await vi.waitFor(async () => expect(await call()).toBe(200), { timeout: 10_000 });
  });

  test('settings change in the process that runs, a password in a new one', async () => {
    const before = await pids(harness, api);
    await dataApis.ensure(limitedTo(api, 4));
    expect(await pids(harness, api)).toEqual(before);
    api = await harness.changePassword(api);
    await dataApis.ensure(api);
    const after = await pids(harness, api);
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
  });

  test('a schema with 60 MB of comments is more than one may take, and nobody else notices', async () => {
    const large = await harness.prepare();
    await harness.cluster.inDatabase(large.project, 'make a table', (client) =>
      client.query(`DO $$ BEGIN
        EXECUTE 'CREATE TABLE public.told (' || (SELECT string_agg('c' || n || ' int', ',') FROM generate_series(1, 1000) n) || ')';
        FOR n IN 1..1000 LOOP
          EXECUTE format('COMMENT ON COLUMN public.told.c%s IS %L', n, repeat(md5(n::text), 1900));
        END LOOP;
        ALTER ROLE ${authenticatorRole(large.project)} IN DATABASE ${large.project} SET statement_timeout = 0; END $$`),
    );
    try {
      await expect(dataApis.ensure(large)).rejects.toThrow(Unavailable);
      expect(await rows(dataApis, api)).toBe(20);
    } finally {
      await dataApis.remove(large.project);
    }
  }, 90_000);

  test('the probe asks the database', async () => {
    await dataApis.probe(api.project);
    await harness.databases.refuseConnections(api.project);
    await expect(dataApis.probe(api.project)).rejects.toThrow(Unavailable);
    await harness.databases.allowConnections(api.project);
    await vi.waitFor(() => dataApis.probe(api.project), { timeout: 15_000, interval: 100 });
  });

  test('killed, it comes back, also when somebody else took its port meanwhile', async () => {
    const [pid = 0] = await pids(harness, api);
    const { port } = dataApis.endpoint(api.project) ?? { port: 0 };
    process.kill(pid, 'SIGKILL');
    // a request may be on its way to where it was a moment ago: it must not hang there
    const taker = createServer((socket) => socket.destroy());
    onTestFinished(() => new Promise<void>((resolve) => taker.close(() => resolve())));
    await vi.waitFor(
      () =>
        new Promise<void>((resolve, reject) => {
          taker.once('error', reject).listen(port, '127.0.0.1', resolve);
        }),
      { timeout: 30_000 },
    );
    await vi.waitFor(async () => expect(await rows(dataApis, api)).toBe(20), { timeout: 20_000 });
    expect(dataApis.endpoint(api.project)?.port).not.toBe(port);
    expect(await dataApis.list()).toEqual([api.project]);
    const now = await pids(harness, api);
    await dataApis.ensure(api);
    expect(await pids(harness, api)).toEqual(now);
  });

  test('a login that PostgreSQL refuses is Unavailable, and nothing is left running', async () => {
    const wrong = { ...(await harness.prepare()), authenticatorPassword: 'wrong' };
    await expect(dataApis.ensure(wrong)).rejects.toThrow(Unavailable);
    expect(await pids(harness, wrong)).toEqual([]);
    expect(await dataApis.list()).toEqual([api.project]);
    await dataApis.remove(wrong.project);
  });

  test('secrets are in no command line and no log, and the files are private', async () => {
    const commands = (await listPrograms()).map(({ command }) => command).join('\n');
    expect(commands).not.toContain(api.jwtSecrets[0]);
    expect(commands).not.toContain(api.authenticatorPassword);
    const names = await readdir(harness.options.folder);
    expect(names.sort()).toEqual([`${api.project}.conf`, `${api.project}.log`]);
    for (const name of names) {
      const file = join(harness.options.folder, name);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      if (!name.endsWith('.log')) continue;
      const log = await readFile(file, 'utf8');
      expect(log).not.toContain(api.authenticatorPassword);
      expect(log).not.toContain(api.jwtSecrets[0]);
    }
  });
});

describe('PostgREST processes that an earlier run left', () => {
  let harness: Runtime;
  let api: DataApi;
  beforeAll(async () => {
    harness = await runtime();
    api = await harness.prepare();
  });
  afterAll(() => harness.close());

  const file = () => join(harness.options.folder, `${api.project}.conf`);

  /** As a run of ours that was killed leaves it: nobody watches over it. @returns its pid */
  async function leave(command: string = harness.options.binary): Promise<number> {
    await harness.dataApis.ensure(api);
    const port = harness.dataApis.endpoint(api.project)?.port;
    await harness.dataApis.stop();
    const { folder, user } = harness.options;
    const logFile = join(folder, `${api.project}.log`);
    const { pid } = await launch({ command, args: [file()], cwd: folder, logFile, user });
    await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/`), { timeout: 10_000 });
    return pid;
  }

  async function nextRun(): Promise<ProcessDataApis> {
    const next = await ProcessDataApis.create(harness.options);
    onTestFinished(() => next.stop());
    expect(await next.list()).toEqual([api.project]);
    return next;
  }

  test('are adopted, and watched over', async () => {
    const pid = await leave();
    const next = await nextRun();
    await next.ensure(api);
    expect(await pids(harness, api)).toEqual([pid]);
    expect(await rows(next, api)).toBe(20);
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect(await rows(next, api)).toBe(20), { timeout: 10_000 });
  });

  test('are adopted and reloaded when they are to have other settings', async () => {
    const pid = await leave();
    const next = await nextRun();
    await next.ensure({ ...api, settings: { ...api.settings, maxRows: 2 } });
    expect(await pids(harness, api)).toEqual([pid]);
    expect(await rows(next, api)).toBe(2);
  });

  test('are replaced when they were left in the middle of a change', async () => {
    const pid = await leave();
    const text = await readFile(file(), 'utf8');
    await writeFile(file(), text.replace(/^#.*\n/, '# not taken up yet\n'));
    const next = await nextRun();
    await next.ensure(api);
    expect(await isAlive(pid)).toBe(false);
    expect(await rows(next, api)).toBe(20);
  });

  test('are replaced when they run from another place', async () => {
    const parent = await testFolder();
    onTestFinished(() => parent.remove());
    const binary = join(parent.path, 'postgrest');
    await symlink(harness.options.binary, binary);
    const pid = await leave(binary);
    const next = await nextRun();
    await next.ensure(api);
    expect(await isAlive(pid)).toBe(false);
    expect(await rows(next, api)).toBe(20);
  });

  test('are removed, with their files', async () => {
    const pid = await leave();
    const next = await nextRun();
    await next.remove(api.project);
    await next.remove(api.project);
    expect(await isAlive(pid)).toBe(false);
    expect(await next.list()).toEqual([]);
    expect(await readdir(harness.options.folder)).toEqual([]);
  });

  test('end with us', async () => {
    const pid = await leave();
    await (await nextRun()).stop();
    expect(await isAlive(pid)).toBe(false);
  });
});

async function behindThePooler() {
  const parent = await testFolder();
  const binary = await findPgbouncer('');
  if (binary === undefined) throw new Error('PgBouncer is not installed');
  const doors = { ...(await childDoors(parent)), addresses: [], clientsFrom: [] };
  const pools = new PgbouncerConnectionPools({
    program: { binary, logFile: join(parent.path, 'pgbouncer.log') },
    doors,
    port: await testPort(),
    folder: parent.path,
    servers: new Map([[MAIN_SERVER, clusterAddress()]]),
    adminPassword: 'secret',
    user: parent.user,
    log: quietLog,
  });
  await pools.restore([]);
  const route = { host: doors.socketFolder, port: pools.port, pooled: true, connections: 8 };
  const harness = await runtime(route, (pool) => pools.register(pool));
  onTestFinished(async () => {
    await harness.close();
    await pools.stop();
    await parent.remove();
  });
  return { harness, pools, doors };
}

describe('PostgREST processes behind the pooler', () => {
  test('serve while the owner’s applications hold all connections that they can get', async () => {
    const { harness, doors, pools } = await behindThePooler();
    const { cluster, dataApis } = harness;
    const api = await harness.prepare();
    const { project } = api;
    await dataApis.ensure(api);
    const login = { user: ownerRole(project), password: harness.ownerPassword(project) };
    const address = { host: doors.socketFolder, port: pools.port, database: project, ...login };
    const clients = Array.from({ length: 10 }, () => new pg.Client(address as pg.ClientConfig));
    for (const client of clients) {
      client.on('error', () => {});
      await client.connect();
      client.query('SELECT pg_sleep(60)').catch(() => {});
    }
    const slow = async () => {
      const active = `SELECT count(*)::int AS slow FROM pg_stat_activity WHERE usename = $1 AND state = 'active'`;
      return (await cluster.administer('count', (client) => client.query(active, [login.user]))).rows[0];
    };
    await vi.waitFor(async () => expect(await slow()).toEqual({ slow: 5 }), { timeout: 10_000 });
    // whatever is held back for those who wait long would be given out by now
    await pause(6_500);
    expect(await Promise.all([1, 2, 3, 4].map(() => rows(dataApis, api)))).toEqual([20, 20, 20, 20]);
    expect(await slow()).toEqual({ slow: 5 });
    await Promise.all(clients.map((client) => client.end()));
  });

  test('serve, and answer the probe only while the pooler lets them through', async () => {
    const { harness, pools } = await behindThePooler();
    const { dataApis } = harness;
    const api = await harness.prepare();
    const { project } = api;
    await dataApis.ensure(api);
    await dataApis.probe(project);
    expect(await rows(dataApis, api)).toBe(20);
    await pools.unregister(project);
    await expect(dataApis.probe(project)).rejects.toThrow(Unavailable);
  });
});
