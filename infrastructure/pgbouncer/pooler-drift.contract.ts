/** Everything that can befall the pooler's files, its process and its console, done to the real ones. */
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Refused, Unavailable } from '../../application/errors.ts';
import { poolFor } from '../../application/ports/connection-pools.contract.ts';
import type { PoolDrift } from '../../application/ports/connection-pools.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { findPgbouncer } from '../process/binaries.ts';
import { launch, type Launched } from '../process/launch.ts';
import { quietLog, testFolder } from '../testing/folder.ts';
import { testPort } from '../testing/port.ts';
import { PgbouncerConnectionPools } from './pgbouncer-connection-pools.ts';
import { FILES, type Doors } from './pgbouncer-files.ts';
import { childDoors, TCP_ALONE } from '../testing/doors.ts';

const ADMIN_PASSWORD = 'the-admin-password';
/** the bound, with room for a busy machine in what is not ours: starting processes */
const WITHIN = { timeout: 10_000, interval: 100 };
const NAMES = Object.values(FILES);

export async function makePooler(runsBy: 'us' | 'somebody else') {
  const parent = await testFolder('pgbouncer');
  const binary = await findPgbouncer('');
  if (binary === undefined) throw new Error('PgBouncer is not installed');
  const logFile = join(parent.path, 'pgbouncer.log');
  const folder = join(parent.path, 'pooler');
  const options = {
    port: await testPort(),
    doors: (runsBy === 'us' ? await childDoors(parent) : TCP_ALONE) as Doors,
    folder,
    servers: new Map([[MAIN_SERVER, { host: '127.0.0.1', port: 5432 }]]),
    adminPassword: ADMIN_PASSWORD,
    user: parent.user,
    log: quietLog,
    // nothing here depends on how long it waits
    pace: { reloadEveryMs: 40, lookEveryMs: 150, askEveryMs: 750, answersWithinMs: 2_000 },
    ...(runsBy === 'us' && { program: { binary, logFile } }),
  };
  const pools = new PgbouncerConnectionPools(options);
  const seen: PoolDrift[] = [];
  pools.onDisturbed((drift) => seen.push(drift));
  const file = (name: string) => join(folder, name);
  let alone: Launched | undefined;
  const start = async () => {
    const args = [file('pgbouncer.ini')];
    alone = await launch({ command: binary, args, cwd: folder, logFile, user: parent.user });
  };
  const pid = () => (runsBy === 'us' ? pools.pid : alone?.pid) ?? 0;
  const kill = async () => {
    process.kill(pid(), 'SIGKILL');
    await alone?.ended;
    alone = undefined;
  };
  const restored = pools.restore([]);
  if (runsBy === 'somebody else') {
    await vi.waitFor(() => readFile(file('pgbouncer.ini')), WITHIN);
    await start();
  }
  await restored;
  return {
    pools,
    options,
    seen,
    file,
    start,
    pid,
    kill,
    text: (name: string) => readFile(file(name), 'utf8'),
    close: async () => {
      if (alone) await kill();
      await pools.stop();
      await parent.remove();
    },
  };
}
const TCP = { host: '127.0.0.1', password: 'none' };
type Pooler = Awaited<ReturnType<typeof makePooler>>;

/** Asks the console. */
export async function ask(server: Pooler, command: string): Promise<Record<string, unknown>[]> {
  const admin = {
    host: server.options.doors.socketFolder ?? '127.0.0.1',
    port: server.options.port,
    user: 'launchdb_admin',
    password: ADMIN_PASSWORD,
  };
  const client = new pg.Client({ ...admin, database: 'pgbouncer' });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(command)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

const setting = async (server: Pooler, name: string) =>
  (await ask(server, 'SHOW CONFIG')).find(({ key }) => key === name)?.['value'];
const entry = async (server: Pooler, name: string) =>
  (await ask(server, 'SHOW DATABASES')).find((row) => row['name'] === name);
const told = (server: Pooler) => server.seen.map(({ project, what, actual }) => [project, what, actual]);

/** Runs the tests on a pooler that is our child, or one that somebody else runs on a folder shared with us. */
export function poolerDriftContract(runsBy: 'us' | 'somebody else'): void {
  describe(`PgBouncer, run by ${runsBy},`, () => {
    let server: Pooler;
    let project: ProjectId;
    const inService = () =>
      vi.waitFor(async () => expect(await server.pools.list()).toEqual([project]), WITHIN);
    beforeAll(async () => {
      server = await makePooler(runsBy);
    });
    afterAll(() => server.close());
    beforeEach(async () => {
      project = newProject();
      await server.pools.restore([poolFor(project)]);
      server.seen.length = 0;
    });

    test.each(NAMES)('lost %s: it is written again, and the log of drift says whose it was', async (name) => {
      const before = await server.text(name);
      await rm(server.file(name));
      await vi.waitFor(async () => expect(await server.text(name)).toBe(before), WITHIN);
      await inService();
      const whose = name === 'databases.ini' ? [project, 'pool'] : [undefined, name];
      // a file is back a moment before it is told
      await vi.waitFor(() => expect(told(server)).toContainEqual([...whose, 'absent']), WITHIN);
      await Promise.all(server.seen.map(({ mended }) => mended));
    });

    test.each(NAMES)('%s cut short: nothing of it is lost, not even the operator’s lines', async (name) => {
      const line = name === 'userlist.txt' ? '"operator" "md5abc"\n' : '; the operator’s own line\n';
      await appendFile(server.file(name), line);
      const before = await server.text(name);
      // noticed, as any change of theirs
      await vi.waitFor(async () => {
        const backups = await readdir(server.file('backups'));
        const texts = await Promise.all(
          backups.filter((one) => one.startsWith(name)).map((one) => server.text(join('backups', one))),
        );
        expect(texts).toContain(before);
      }, WITHIN);
      for (const bytes of [0, 10, before.indexOf('end') - 20]) {
        await truncate(server.file(name), bytes);
        await vi.waitFor(async () => expect(await server.text(name)).toBe(before), WITHIN);
      }
      await inService();
      await writeFile(server.file(name), before.replace(line, ''));
      await vi.waitFor(async () => expect(await server.text(name)).not.toContain(line), WITHIN);
    });

    test('the whole folder lost and PgBouncer killed: all is back', async () => {
      await rm(server.options.folder, { recursive: true });
      await server.kill();
      if (runsBy === 'somebody else') {
        await vi.waitFor(() => server.text('pgbouncer.ini'), WITHIN);
        await server.start();
      }
      await inService();
    });

    test('an entry changed by hand and taken up is put right', async () => {
      const name = 'databases.ini';
      await writeFile(server.file(name), (await server.text(name)).replace('pool_size=5', 'pool_size=50'));
      await ask(server, 'RELOAD');
      await vi.waitFor(
        async () => expect(await entry(server, project)).toMatchObject({ pool_size: 5 }),
        WITHIN,
      );
      expect(await server.text(name)).not.toContain('pool_size=50');
      await vi.waitFor(() => expect(told(server)).toContainEqual([project, 'pool', 'different']), WITHIN);
    });

    test('an entry served otherwise than the files say is put right', async () => {
      await ask(server, `DISABLE ${project}`);
      await vi.waitFor(
        async () => expect(await entry(server, project)).toMatchObject({ disabled: 0 }),
        WITHIN,
      );
      await vi.waitFor(() => expect(told(server)).toEqual([[project, 'pool', 'cut off']]), WITHIN);
    });

    test('settings of ours changed by hand, and lines put among ours, are put right', async () => {
      const name = 'pgbouncer.ini';
      const text = await server.text(name);
      await writeFile(server.file(name), text.replace('max_client_conn = 5000', 'max_client_conn = 77'));
      await ask(server, 'RELOAD');
      await vi.waitFor(async () => expect(await setting(server, 'max_client_conn')).toBe('5000'), WITHIN);
      const entries = await server.text('databases.ini');
      await writeFile(
        server.file('databases.ini'),
        entries.replace('[databases]', '[databases]\nevil = host=h'),
      );
      await vi.waitFor(async () => expect(await server.text('databases.ini')).toBe(entries), WITHIN);
      await vi.waitFor(
        () =>
          expect(told(server)).toEqual([
            [undefined, name, 'different'],
            [undefined, 'databases.ini', 'different'],
          ]),
        WITHIN,
      );
      expect(await entry(server, 'evil')).toBeUndefined();
    });

    test('settings changed on the console are put right', async () => {
      await ask(server, 'SET auth_type = trust');
      await ask(server, 'SET max_client_conn = 77');
      await vi.waitFor(async () => expect(await setting(server, 'auth_type')).toBe('hba'), WITHIN);
      expect(await setting(server, 'max_client_conn')).toBe('5000');
      const drift = [undefined, 'pgbouncer.ini', 'changed on the console'];
      await vi.waitFor(() => expect(told(server)).toEqual([drift]), WITHIN);
    });

    test('somebody let in by hand, into a project or everywhere, is put out again', async () => {
      const text = await server.text('access.conf');
      const line = `host ${project} ${project}_owner`;
      await writeFile(server.file('access.conf'), text.replace(line, `host ${project} all`));
      await ask(server, 'RELOAD');
      await vi.waitFor(async () => expect(await server.text('access.conf')).toBe(text), WITHIN);
      await vi.waitFor(() => expect(told(server)).toContainEqual([project, 'pool', 'different']), WITHIN);
      await writeFile(server.file('access.conf'), text.replace('\n', '\nhost all all 0.0.0.0/0 trust\n'));
      await ask(server, 'RELOAD');
      await vi.waitFor(async () => expect(await server.text('access.conf')).toBe(text), WITHIN);
      const drift = [undefined, 'access.conf', 'different'];
      await vi.waitFor(() => expect(told(server)).toContainEqual(drift), WITHIN);
      // it is not the file alone that is put right
      await inService();
      const stranger = new pg.Client({
        ...TCP,
        port: server.options.port,
        user: 'stranger',
        database: project,
      });
      stranger.on('error', () => {});
      await vi.waitFor(() => expect(stranger.connect()).rejects.toThrow(), WITHIN);
    });

    test('the operator’s own databases, settings and logins are kept for ever, and served', async () => {
      await appendFile(
        server.file('pgbouncer.ini'),
        'max_client_conn = 88\n[databases]\nhis = host=127.0.0.1 port=1\n',
      );
      await appendFile(server.file('userlist.txt'), '"operator" "md5abc"\n');
      await vi.waitFor(async () => expect(await setting(server, 'max_client_conn')).toBe('88'), WITHIN);
      expect(await entry(server, 'his')).toMatchObject({ port: 1 });
      const next = newProject();
      await server.pools.register(poolFor(next));
      await server.pools.unregister(next);
      await server.pools.restore([poolFor(project)]);
      expect(await entry(server, 'his')).toMatchObject({ port: 1 });
      expect((await ask(server, 'SHOW USERS')).map((row) => row['name'])).toContain('operator');
      expect(await server.text('pgbouncer.ini')).toMatch(
        /end\nmax_client_conn = 88\n\[databases\]\nhis = .*\n$/,
      );
      expect(server.seen).toEqual([]);
      for (const name of ['pgbouncer.ini', 'userlist.txt']) {
        await writeFile(server.file(name), (await server.text(name)).replace(/(launchdb: end\n)[^]*/, '$1'));
      }
    });

    test('an entry of the operator’s under a project’s name is refused and left alone', async () => {
      const stranger = newProject();
      const line = `${stranger} = host=127.0.0.1 port=1\n`;
      await appendFile(server.file('databases.ini'), line);
      await expect(server.pools.register(poolFor(stranger))).rejects.toThrow(Refused);
      await server.pools.unregister(stranger);
      expect(await entry(server, stranger)).toMatchObject({ port: 1, disabled: 0 });
      await inService();
      await writeFile(server.file('databases.ini'), (await server.text('databases.ini')).replace(line, ''));
      await vi.waitFor(async () => expect(await entry(server, stranger)).toBeUndefined(), WITHIN);
    });

    test('the console’s own login taken out and taken up by somebody: it does not lock us out', async () => {
      await writeFile(server.file('userlist.txt'), '"launchdb_admin" "somebody else’s"\n');
      await ask(server, 'RELOAD');
      await vi.waitFor(() => ask(server, 'SHOW VERSION'), WITHIN);
      await inService();
      const next = newProject();
      await server.pools.register(poolFor(next));
      await writeFile(server.file('userlist.txt'), '');
      await vi.waitFor(async () => expect(await server.text('userlist.txt')).toContain(next), WITHIN);
    });

    test('a line of the operator’s that stops it from reading on is noticed, and made up for without it', async () => {
      const [name, next] = ['pgbouncer.ini', newProject()];
      const text = await server.text(name);
      // 1.18 stops at the missing file, says success and serves what it had
      await writeFile(server.file(name), `%include /nowhere\n${text}`);
      await expect(server.pools.register(poolFor(next))).rejects.toThrow(Unavailable);
      await writeFile(server.file(name), text);
      await vi.waitFor(async () => expect(await server.pools.list()).toContain(next), WITHIN);
    });

    test('while it does not answer a change is Unavailable, and is made up for when it does', async () => {
      const next = newProject();
      const pid = server.pid();
      process.kill(pid, 'SIGSTOP');
      onTestFinished(() => void process.kill(pid, 'SIGCONT'));
      await expect(server.pools.register(poolFor(next))).rejects.toThrow(Unavailable);
      await expect(server.pools.unregister(project)).rejects.toThrow(Unavailable);
      process.kill(pid, 'SIGCONT');
      await vi.waitFor(async () => expect(await server.pools.list()).toEqual([next]), WITHIN);
    });

    test('killed again and again while projects come and go, it serves exactly what is wanted', async () => {
      const many = Array.from({ length: 20 }, newProject);
      const changes = many.map((one) => server.pools.register(poolFor(one)).catch(() => {}));
      await server.kill();
      if (runsBy === 'somebody else') await server.start();
      await Promise.all(changes);
      const wanted = [project, ...many].sort();
      await vi.waitFor(async () => expect([...(await server.pools.list())].sort()).toEqual(wanted), WITHIN);
    });

    test('backups are kept, and not too many; nothing is written when nothing changes', async () => {
      for (let i = 0; i < 25; i++) {
        const next = newProject();
        await server.pools.register(poolFor(next));
      }
      const count = async () =>
        (await readdir(server.file('backups'))).filter((one) => one.startsWith('databases.ini.')).length;
      expect(await count()).toBe(20);
      const before = await readdir(server.file('backups'));
      await server.pools.register(poolFor(project));
      expect(await readdir(server.file('backups'))).toEqual(before);
    });
  });
}
