import { randomBytes } from 'node:crypto';
import { readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { managedDataApisContract } from '../../application/ports/data-apis.contract.ts';
import type { DataApi } from '../../application/ports/data-apis.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { DEFAULT_DATA_API_SETTINGS } from '../../domain/project/events.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { authenticatorRole, ownerRole } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PgbouncerConnectionPools } from '../pgbouncer/pgbouncer-connection-pools.ts';
import { PostgresDatabases } from '../postgres/postgres-databases.ts';
import { latestTemplateVersion } from '../postgres/project-template.ts';
import { clusterAddress, testServer } from '../postgres/test-server.ts';
import { findPgbouncer, findPostgrest } from './binaries.ts';
import { testPort } from './test-port.ts';
import { launch } from './launch.ts';
import { ProcessDataApis } from './process-data-apis.ts';
import { isAlive, listPrograms } from './process-table.ts';
import { quietLog, testFolder } from './test-folder.ts';

const secrets = new AesSecrets(randomBytes(32));

async function runtime() {
  const folder = await testFolder();
  const cluster = await testServer();
  const databases = new PostgresDatabases(cluster);
  const made: ProjectId[] = [];
  const occupied = new Set<ProjectId>();
  const options = {
    inUse: (project: ProjectId) => Promise.resolve(occupied.has(project)),
    binary: await findPostgrest(folder.user),
    folder: folder.path,
    route: { host: '127.0.0.1', port: clusterAddress().port, pooled: false },
    user: folder.user,
    log: quietLog,
  };
  const dataApis = await ProcessDataApis.create(options);
  return {
    dataApis,
    options,
    cluster,
    databases,
    async prepare(): Promise<DataApi> {
      const project = newProject();
      const issued = await secrets.issue();
      await databases.ensureDatabase(project, await latestTemplateVersion());
      await databases.ensureUsers(project, issued);
      made.push(project);
      const { authenticator, jwtSecret } = issued;
      const settings = DEFAULT_DATA_API_SETTINGS;
      return { project, authenticatorPassword: authenticator.password, jwtSecrets: [jwtSecret], settings };
    },
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
      for (const project of made) {
        await databases.dropDatabase(project);
        await databases.removeUsers(project);
      }
      await cluster.close();
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

async function rows(dataApis: ProcessDataApis, { project }: DataApi, token?: string): Promise<number> {
  const { port } = dataApis.endpoint(project) ?? { port: 0 };
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`http://127.0.0.1:${port}/numbers`, { headers });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  return ((await response.json()) as unknown[]).length;
}

async function withTable(harness: Runtime): Promise<DataApi> {
  const api = await harness.prepare();
  await harness.cluster.inDatabase(api.project, 'make a table', async (client) => {
    await client.query('CREATE TABLE public.numbers AS SELECT generate_series(1, 20) AS n');
    await client.query('GRANT SELECT ON public.numbers TO anon');
  });
  return api;
}

/** Asks all the time; every answer must be a good one. @returns what was answered */
async function askedDuring(ask: () => Promise<number>, change: () => Promise<void>): Promise<Set<number>> {
  let changing = true;
  const answers = (async () => {
    const seen = new Set([await ask()]);
    while (changing) seen.add(await ask());
    return seen;
  })();
  await change().finally(() => (changing = false));
  return answers;
}

describe('PostgREST processes', () => {
  let harness: Runtime;
  let api: DataApi;
  let dataApis: ProcessDataApis;
  beforeAll(async () => {
    harness = await runtime();
    ({ dataApis } = harness);
    api = await withTable(harness);
    await dataApis.ensure(api);
  });
  afterAll(() => harness.close());

  const limitedTo = (maxRows: number): DataApi => ({ ...api, settings: { ...api.settings, maxRows } });

  test('a changed limit is in force when ensure returns, and no request fails meanwhile', async () => {
    const before = await pids(harness, api);
    for (const [maxRows, earlier] of [
      [3, 20],
      [5, 3],
    ] as const) {
      const answers = await askedDuring(
        () => rows(dataApis, api),
        () => dataApis.ensure(limitedTo(maxRows)),
      );
      expect([...answers].filter((count) => count !== earlier && count !== maxRows)).toEqual([]);
      expect(await rows(dataApis, api)).toBe(maxRows);
    }
    await dataApis.ensure(api);
    expect(await rows(dataApis, api)).toBe(20);
    expect(await pids(harness, api)).toEqual(before);
  });

  test('ensure waits until the process has taken up what changed', async () => {
    const [pid = 0] = await pids(harness, api);
    const file = join(harness.options.folder, `${api.project}.conf`);
    const confirmed = async () => (await readFile(file, 'utf8')).startsWith('# restart ');
    let returned = false;
    process.kill(pid, 'SIGSTOP');
    const ensured = dataApis.ensure(limitedTo(4)).then(() => (returned = true));
    try {
      await vi.waitFor(async () => expect(await confirmed()).toBe(false));
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

  test('a changed password replaces the process, and no request fails meanwhile', async () => {
    const before = await pids(harness, api);
    const login = (await secrets.issue()).authenticator;
    await harness.cluster.administer('change a password', (client) =>
      client.query(`ALTER ROLE ${authenticatorRole(api.project)} PASSWORD '${login.verifier}'`),
    );
    api = { ...api, authenticatorPassword: login.password };
    const answers = await askedDuring(
      () => rows(dataApis, api),
      () => dataApis.ensure(api),
    );
    expect([...answers]).toEqual([20]);
    const after = await pids(harness, api);
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
  });

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
    const taker = createServer();
    onTestFinished(() => new Promise<void>((resolve) => taker.close(() => resolve())));
    await vi.waitFor(
      () =>
        new Promise<void>((resolve, reject) => {
          taker.once('error', reject).listen(port, '127.0.0.1', resolve);
        }),
    );
    await vi.waitFor(async () => expect(await rows(dataApis, api)).toBe(20), { timeout: 10_000 });
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

  test('several at once', async () => {
    const many = await Promise.all([harness.prepare(), harness.prepare(), harness.prepare()]);
    await Promise.all(many.map((one) => dataApis.ensure(one)));
    await Promise.all(many.map(({ project }) => dataApis.probe(project)));
    await Promise.all(many.map(({ project }) => dataApis.remove(project)));
    expect(await dataApis.list()).toEqual([api.project]);
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
    api = await withTable(harness);
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

describe('PostgREST processes behind the pooler', () => {
  test('serve, and answer the probe only while the pooler lets them through', async () => {
    const parent = await testFolder();
    const binary = await findPgbouncer('');
    if (binary === undefined) throw new Error('PgBouncer is not installed');
    const harness = await runtime();
    const pools = new PgbouncerConnectionPools({
      program: { binary, logFile: join(parent.path, 'pgbouncer.log') },
      port: await testPort(),
      folder: parent.path,
      server: clusterAddress(),
      adminPassword: 'secret',
      user: parent.user,
      log: quietLog,
    });
    const folder = join(parent.path, 'postgrest');
    const route = { host: '127.0.0.1', port: pools.port, pooled: true };
    const dataApis = await ProcessDataApis.create({ ...harness.options, folder, route });
    onTestFinished(async () => {
      await dataApis.stop();
      await pools.stop();
      await harness.close();
      await parent.remove();
    });
    const logins = await secrets.issue();
    const { authenticator } = logins;
    const api = { ...(await withTable(harness)), authenticatorPassword: authenticator.password };
    const { project } = api;
    await harness.databases.ensureUsers(project, logins);
    await pools.restore([
      {
        project,
        logins: [
          { name: ownerRole(project), verifier: logins.owner.verifier },
          { name: authenticatorRole(project), verifier: authenticator.verifier },
        ],
      },
    ]);
    await dataApis.ensure(api);
    await dataApis.probe(project);
    expect(await rows(dataApis, api)).toBe(20);
    await pools.unregister(project);
    await expect(dataApis.probe(project)).rejects.toThrow(Unavailable);
  });
});
