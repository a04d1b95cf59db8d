/** The guard in front of a real PgBouncer: what ends the installed one does not get there, and drivers notice nothing. */
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { poolFor } from '../../application/ports/connection-pools.contract.ts';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { Log } from '../../application/ports/log.ts';
import { ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { serverCertificate } from '../testing/esdb-server/server-certificate.ts';
import { PgbouncerConnectionPools } from '../pgbouncer/pgbouncer-connection-pools.ts';
import { childDoors } from '../testing/doors.ts';
import { PostgresDatabases } from '../postgres/postgres-databases.ts';
import { latestTemplateVersion } from '../postgres/project-template.ts';
import { clusterAddress, testServer } from '../testing/server.ts';
import { findPgbouncer } from '../process/binaries.ts';
import { quietLog, testFolder, type TestFolder } from '../testing/folder.ts';
import { testPort } from '../testing/port.ts';
import type { GuardOptions, PoolerAddress } from './guard-options.ts';
import { GuardThread } from './guard-thread.ts';
import { PoolerGuard } from './pooler-guard.ts';
import {
  final,
  first,
  GSS_REQUEST,
  LET_IN,
  NONCE,
  proven,
  READY,
  startup,
  TestClient,
  TLS_REQUEST,
  WRONG_PROOF,
} from '../testing/guard-client.ts';
import { cString, int32, message, packet } from './wire.ts';

interface Login {
  readonly project: ProjectId;
  readonly user: string;
  readonly password: string;
}

let folder: TestFolder;
let pools: PgbouncerConnectionPools;
let pooler: PoolerAddress;
let owner: Login;
let other: Login;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const cluster = await testServer();
  const databases = new PostgresDatabases(cluster);
  const secrets = new AesSecrets(randomBytes(32));
  folder = await testFolder();
  const binary = await findPgbouncer('');
  if (binary === undefined) throw new Error('PgBouncer is not installed');
  const port = await testPort();
  const doors = await childDoors(folder);
  pooler = { path: join(doors.socketFolder, `.s.PGSQL.${port}`) };
  pools = new PgbouncerConnectionPools({
    program: { binary, logFile: join(folder.path, 'log') },
    port,
    folder: join(folder.path, 'pooler'),
    doors: { ...doors, addresses: [], clientsFrom: [] },
    servers: new Map([[MAIN_SERVER, { host: '127.0.0.1', port: clusterAddress().port }]]),
    adminPassword: 'the-admin-password',
    user: folder.user,
    log: quietLog,
  });
  await pools.restore([]);
  const made = async (): Promise<Login> => {
    const [project, { logins }] = [newProject(), await secrets.issue()];
    await databases.ensureDatabase(project, await latestTemplateVersion());
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
    await pools.register(poolFor(project, logins.owner.verifier));
    closing.unshift(async () => {
      await databases.dropDatabase(project);
      await databases.removeUsers(project);
    });
    return { project, user: ownerRole(project), password: logins.owner.password };
  };
  closing.push(() => cluster.close());
  [owner, other] = [await made(), await made()];
});

afterAll(async () => {
  await pools.stop();
  for (const close of closing) await close();
  await folder.remove();
});

async function guarded(options: Partial<GuardOptions> = {}, log: Log = quietLog) {
  const guard = new PoolerGuard(
    {
      addresses: [{ host: '127.0.0.1', port: 0 }],
      pooler,
      ...options,
    },
    log,
  );
  await guard.start();
  onTestFinished(() => guard.stop());
  return { guard, port: guard.ports[0] as number };
}

const settings = (port: number, { project, user, password }: Login = owner) => ({
  host: '127.0.0.1',
  port,
  user,
  password,
  database: project,
});

async function client(port: number, more: pg.ClientConfig = {}, login = owner): Promise<pg.Client> {
  const one = new pg.Client({ ...settings(port, login), connectionTimeoutMillis: 10_000, ...more });
  one.on('error', () => {});
  await one.connect();
  return one;
}

async function whoAmI(port: number, more: pg.ClientConfig = {}, login = owner): Promise<unknown> {
  const one = await client(port, more, login);
  try {
    return (await one.query<{ who: string }>('SELECT current_user AS who')).rows[0]?.who;
  } finally {
    await one.end();
  }
}

/** What a stranger says, up to the moment before their last message. */
async function challenged(port: number, user = owner.user, database: string = owner.project) {
  const stranger = await TestClient.connect(port);
  stranger.say(startup(user, database));
  await stranger.until(/SCRAM-SHA-256\0\0/);
  stranger.say(first());
  return { stranger, challenge: await stranger.until(/i=\d+$/) };
}

describe('drivers', () => {
  test('log in, ask, and are told of a wrong password in the pooler’s words', async () => {
    const { port, guard } = await guarded();
    expect(await whoAmI(port)).toBe(owner.user);
    expect(await whoAmI(port, { options: '-c TimeZone=UTC', application_name: 'shop' })).toBe(owner.user);
    const sql = postgres({ ...settings(port), username: owner.user, prepare: false, max: 10 });
    const many = await Promise.all(Array.from({ length: 40 }, (_, n) => sql`SELECT ${n}::int AS n`));
    expect(many.map(([row]) => row?.['n'] as number)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    await sql.end();
    await expect(whoAmI(port, { password: 'guessed' })).rejects.toThrow(/authentication/);
    await expect(whoAmI(port, { database: other.project })).rejects.toMatchObject({ code: '28000' });
    await expect(whoAmI(port, { database: 'pgbouncer' })).rejects.toMatchObject({ code: '3D000' });
    await expect(whoAmI(port, { statement_timeout: 1 })).rejects.toMatchObject({ code: '0A000' });
    await vi.waitFor(
      () =>
        expect(guard.usage).toMatchObject({
          loggingIn: 0,
          sessions: 0,
          outcomes: { 'wrong-password': 1, refused: 3 },
        }),
      { timeout: 30_000 },
    );
  });

  test('cancel their queries', async () => {
    const { port, guard } = await guarded();
    const one = (await client(port)) as pg.Client & { processID: number; secretKey: number };
    const slept = one.query('SELECT pg_sleep(60)').catch((error: unknown) => error);
    await sleep(200);
    const cancelling = await TestClient.connect(port);
    cancelling.say(packet(int32(80_877_102), int32(one.processID), int32(one.secretKey)));
    expect(await cancelling.end()).toBe('');
    expect(await slept).toMatchObject({ code: '57014' });
    expect(cancelling.closed).toBe(true);
    expect(guard.usage.outcomes['cancel-request']).toBe(1);
    await one.end();
  });

  test('of a later protocol are spoken to in 3.0', async () => {
    const { port } = await guarded();
    const later = startup(owner.user, owner.project, { '_pq_.some_option': 'on' });
    later.writeInt32BE((3 << 16) | 2, 4);
    const one = await TestClient.connect(port);
    one.say(later);
    const heard = await one.until(/SCRAM/);
    expect(
      heard.startsWith(message('v', int32(0), int32(1), cString('_pq_.some_option')).toString('latin1')),
    ).toBe(true);
    one.say(first());
    one.say(proven(owner.password, await one.until(/i=\d+$/)));
    expect(await one.until(READY)).toContain(READY);
    one.socket.destroy();
  });

  test('read no faster than they like: what they have not read yet waits in PostgreSQL', async () => {
    const { port } = await guarded();
    const one = await client(port);
    const stream = (one as pg.Client & { connection: { stream: Socket } }).connection.stream;
    const asked = one.query<{ size: string }>(
      `SELECT repeat('x', 1000000) AS text, n FROM generate_series(1, 40) n`,
    );
    await once(stream, 'data');
    stream.pause();
    await sleep(500);
    const before = process.memoryUsage().arrayBuffers;
    await sleep(500);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
    stream.resume();
    expect((await asked).rows).toHaveLength(40);
    await one.end();
  });
});

describe('what ends or fools the installed PgBouncer, or might', () => {
  /** each is said by one who knows a project's name, and no password */
  const attacks: Record<string, (port: number) => Promise<unknown>> = {
    'a SASL message of the length 0xFFFFFFFF (CVE-2026-6664)': async (port) => {
      const stranger = await TestClient.connect(port);
      stranger.say(startup(owner.user, owner.project));
      await stranger.until(/SCRAM/);
      stranger.say(first(undefined, -1));
      expect(await stranger.end()).toMatch(/C08P01\0/);
    },
    'a last message without a nonce (CVE-2026-19888)': async (port) => {
      const { stranger } = await challenged(port);
      stranger.say(final(`c=biws,p=${WRONG_PROOF}`));
      expect(await stranger.end()).toMatch(/C08P01\0/);
    },
    'an unknown user of the console': async (port) => {
      const stranger = await TestClient.connect(port);
      stranger.say(startup('nobody', 'pgbouncer'));
      expect(await stranger.end()).toMatch(/C3D000\0/);
    },
    'a second startup packet in the middle of a log-in (CVE-2026-107350)': async (port) => {
      // their own password, for a login that is not theirs
      const nowhere = 'proj_ffffffffffffffff';
      for (const [user, database] of [
        [owner.user, nowhere],
        [owner.user, owner.project],
      ] as const) {
        const mallory = await TestClient.connect(port);
        mallory.say(startup(user, database));
        await mallory.until(/SCRAM/);
        mallory.say(first());
        const challenge = await mallory.until(/i=\d+$/);
        mallory.say(startup(other.user, other.project));
        await sleep(50);
        if (challenge.includes('i=')) mallory.say(proven(owner.password, challenge));
        expect(await mallory.end()).not.toContain(LET_IN);
      }
    },
    'options (CVE-2026-107349)': async (port) => {
      const stranger = await TestClient.connect(port);
      stranger.say(startup(owner.user, owner.project, { options: '-c extra_float_digits=1 -c' }));
      expect(await stranger.end()).toMatch(/C0A000\0/);
    },
    'a query before the log-in is over': async (port) => {
      const { stranger } = await challenged(port);
      stranger.say(message('Q', cString('SHOW DATABASES')));
      expect(await stranger.end()).toMatch(/C08P01\0/);
    },
    'requests for TLS and GSS without an end': async (port) => {
      const stranger = await TestClient.connect(port);
      stranger.say(GSS_REQUEST);
      await stranger.until(/N/);
      stranger.say(TLS_REQUEST);
      await stranger.until(/NN/);
      stranger.say(TLS_REQUEST);
      expect(await stranger.end()).toMatch(/C08P01\0/);
    },
    'another protocol': async (port) => {
      const stranger = await TestClient.connect(port);
      stranger.say(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      expect(await stranger.end()).toMatch(/C08P01\0/);
    },
  };

  test.each(Object.entries(attacks))('%s', async (_what, attack) => {
    const { port } = await guarded();
    const [pid, neighbour] = [pools.pid, await client(port, {}, other)];
    await attack(port);
    expect((await neighbour.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await neighbour.end();
    expect(await whoAmI(port)).toBe(owner.user);
    expect(pools.pid).toBe(pid);
  });

  test('195 of the first in a row: nobody else waits for anything', async () => {
    const { port, guard } = await guarded();
    const [pid, neighbour] = [pools.pid, await client(port, {}, other)];
    const attacking = (async () => {
      for (let n = 0; n < 195; n += 15) {
        const strangers = await Promise.all(Array.from({ length: 15 }, () => TestClient.connect(port)));
        for (const stranger of strangers)
          stranger.say(startup(owner.user, owner.project), first(undefined, -1));
        await sleep(20);
      }
    })();
    for (let n = 0; n < 6; n++) {
      await neighbour.query('SELECT 1');
      expect(await whoAmI(port, {}, other)).toBe(other.user);
    }
    await attacking;
    await neighbour.end();
    expect(pools.pid).toBe(pid);
    await vi.waitFor(() => expect(guard.usage.outcomes.violation).toBeGreaterThan(10), 10_000);
  });

  test('anything at all: whatever is said before a log-in, others are served by the same PgBouncer', async () => {
    const { port } = await guarded({ limits: { logInWithinMs: 300 } });
    const [pid, neighbour] = [pools.pid, await client(port, {}, other)];
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    const said = fc.oneof(
      noise,
      noise.map((body) => message('p', body)),
      noise.map((body) => packet(int32(3 << 16), body)),
      fc.constant(startup(owner.user, owner.project)),
      fc.constant(startup('nobody', owner.project)),
      fc.integer({ min: -5, max: 70 }).map((length) => first(undefined, length)),
      fc.string({ unit: 'binary', maxLength: 60 }).map((text) => first(text)),
      fc.constant(final(`c=biws,r=${NONCE},p=${WRONG_PROOF}`)),
      fc.string({ maxLength: 60 }).map((text) => final(text)),
      fc.constantFrom(TLS_REQUEST, GSS_REQUEST, message('X'), message('Q', cString('SELECT 1'))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(said, { minLength: 1, maxLength: 6 }), fc.boolean(), async (parts, waits) => {
        const stranger = await TestClient.connect(port);
        for (const part of parts) {
          stranger.say(part);
          if (waits) await stranger.until(/[NRE]/, 10);
        }
        stranger.socket.end();
        await stranger.until(LET_IN, 20);
        stranger.socket.destroy();
        expect(stranger.heard).not.toContain(LET_IN);
        await neighbour.query('SELECT 1');
      }),
      { numRuns: 40 },
    );
    await neighbour.end();
    expect(await whoAmI(port, {}, other)).toBe(other.user);
    expect(pools.pid).toBe(pid);
  });
});

describe('who hangs back', () => {
  test('is cut off when time is up, whatever they dribble; nobody else waits', async () => {
    const { port, guard } = await guarded({ limits: { logInWithinMs: 1_000, slotsPerAddress: 50 } });
    const silent = await Promise.all(Array.from({ length: 40 }, () => TestClient.connect(port)));
    const dribbling = await TestClient.connect(port);
    const whole = startup(owner.user, owner.project);
    let at = 0;
    const timer = setInterval(() => dribbling.socket.write(whole.subarray(at, ++at)), 100);
    onTestFinished(() => clearInterval(timer));
    expect(await whoAmI(port)).toBe(owner.user);
    const { stranger } = await challenged(port);
    const ended = await Promise.all([...silent, dribbling, stranger].map((one) => one.end(10_000)));
    expect(ended.every((text) => text.includes('took too long'))).toBe(true);
    clearInterval(timer);
    await vi.waitFor(() => expect(guard.usage).toMatchObject({ loggingIn: 0, sessions: 0 }), {
      timeout: 30_000,
    });
  });

  test('makes room for those who log in', async () => {
    const { port, guard } = await guarded({ limits: { slotsPerAddress: 10 } });
    const silent = await Promise.all(Array.from({ length: 30 }, () => TestClient.connect(port)));
    for (let n = 0; n < 5; n++) expect(await whoAmI(port)).toBe(owner.user);
    await vi.waitFor(() => expect(guard.usage.outcomes['made-room']).toBeGreaterThanOrEqual(20), {
      timeout: 30_000,
    });
    expect(await silent[0]?.end()).toMatch(/C53300\0/);
  });

  test('a login has so many sessions and no more; another’s are none of its business', async () => {
    const { port } = await guarded({ limits: { sessionsPerLogin: 3 } });
    const mine = await Promise.all([client(port), client(port), client(port)]);
    await expect(whoAmI(port)).rejects.toMatchObject({ code: '53300' });
    expect(await whoAmI(port, {}, other)).toBe(other.user);
    await mine[0]?.end();
    await vi.waitFor(async () => expect(await whoAmI(port)).toBe(owner.user), { timeout: 30_000 });
    for (const one of mine) await one.end();
  });

  test('wrong passwords of one login slow that login down at that address, and shut nobody out', async () => {
    const { port } = await guarded();
    for (let n = 0; n < 12; n++) await expect(whoAmI(port, { password: 'guessed' })).rejects.toThrow();
    const from = performance.now();
    expect(await whoAmI(port, {}, other)).toBe(other.user);
    const others = performance.now() - from;
    expect(await whoAmI(port)).toBe(owner.user);
    // its own right password waits, and is let in
    expect(performance.now() - from - others).toBeGreaterThan(100);
  });
});

describe('an end of one side', () => {
  test('is passed on: by a client, by a client that only stops to speak, by the pooler', async () => {
    const { port, guard } = await guarded();
    const left = await client(port);
    (left as pg.Client & { connection: { stream: Socket } }).connection.stream.destroy();
    const { stranger, challenge } = await challenged(port);
    stranger.say(proven(owner.password, challenge));
    await stranger.until(READY);
    stranger.socket.end();
    await stranger.end();
    expect(stranger.closed).toBe(true);
    await vi.waitFor(() => expect(guard.usage.sessions).toBe(0), { timeout: 30_000 });
  });

  test('while PgBouncer starts again a client waits for it, or is told to come again', async () => {
    const nowhere = { host: '127.0.0.1', port: await testPort() };
    const { port, guard } = await guarded({ pooler: nowhere, limits: { poolerWithinMs: 300 } });
    await expect(whoAmI(port)).rejects.toMatchObject({ code: '57P03' });
    await vi.waitFor(() => expect(guard.usage.outcomes['pooler-away']).toBe(1), 5_000);
    const patient = await guarded();
    const one = await client(patient.port);
    const cut = new Promise((resolve) => one.once('end', resolve));
    process.kill(pools.pid as number, 'SIGKILL');
    await cut;
    // one that comes at the very moment may be taken by the one that ends
    await vi.waitFor(async () => expect(await whoAmI(patient.port)).toBe(owner.user), { timeout: 30_000 });
    expect(patient.guard.usage.outcomes.session).toBe(2);
  });
});

test('a stop lets transactions under way finish, ends the others with a word, and takes nobody new', async () => {
  const { port, guard } = await guarded({ limits: { drainWithinMs: 10_000 } });
  const [idle, busy] = [await client(port), await client(port)];
  const told = new Promise((resolve) => idle.once('error', resolve));
  await idle.query('SELECT 1');
  await busy.query('BEGIN');
  const stopped = guard.stop();
  expect(await told).toMatchObject({ code: '57P01' });
  await expect(client(port)).rejects.toThrow();
  expect((await busy.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await busy.query('COMMIT');
  await stopped;
  expect(guard.usage.sessions).toBe(0);
});

describe('with a certificate', () => {
  let files: { certificate: string; key: string };
  const issued = serverCertificate();
  beforeAll(async () => {
    files = { certificate: join(folder.path, 'crt'), key: join(folder.path, 'key') };
    await writeFile(files.certificate, issued.cert);
    await writeFile(files.key, issued.key);
  });

  test('TLS is required; asked for, or begun at once; cancelling needs none', async () => {
    const { port } = await guarded({ certificate: files });
    expect(await whoAmI(port, { ssl: { ca: issued.ca, servername: 'localhost' } })).toBe(owner.user);
    await expect(whoAmI(port)).rejects.toThrow(/TLS only/);
    const direct = connectTls({
      port,
      host: '127.0.0.1',
      ca: issued.ca,
      servername: 'localhost',
      ALPNProtocols: ['postgresql'],
    });
    await once(direct, 'secureConnect');
    expect(direct.alpnProtocol).toBe('postgresql');
    direct.write(startup(owner.user, owner.project));
    const [offer] = (await once(direct, 'data')) as [Buffer];
    expect(offer.toString()).toMatch(/SCRAM-SHA-256/);
    direct.destroy();
    const cancelling = await TestClient.connect(port);
    cancelling.say(packet(int32(80_877_102), int32(1), int32(1)));
    expect(await cancelling.end()).toBe('');
  });

  test('what was sent before the handshake counts as nothing that came by TLS', async () => {
    const { port } = await guarded({ certificate: files });
    const stranger = await TestClient.connect(port);
    stranger.say(TLS_REQUEST, startup(owner.user, owner.project));
    expect(await stranger.end()).toMatch(/^E.*C08P01\0/s);
    const garbage = await TestClient.connect(port);
    garbage.say(TLS_REQUEST);
    await garbage.until(/S/);
    garbage.say(Buffer.from('no handshake at all, but long enough to be one'));
    await garbage.end();
    expect(garbage.closed).toBe(true);
  });

  test('a new one is shown as soon as it is there; one that cannot be used never is', async () => {
    const { port } = await guarded({ certificate: files });
    const lasting = await client(port, { ssl: { ca: issued.ca, servername: 'localhost' } });
    const renewed = serverCertificate();
    await writeFile(files.certificate, 'half of a cert');
    await sleep(1_500);
    expect(await whoAmI(port, { ssl: { ca: issued.ca, servername: 'localhost' } })).toBe(owner.user);
    await writeFile(files.certificate, renewed.cert);
    await writeFile(files.key, renewed.key);
    const asked = () => whoAmI(port, { ssl: { ca: renewed.ca, servername: 'localhost' } });
    await vi.waitFor(async () => expect(await asked()).toBe(owner.user), 5_000);
    await lasting.query('SELECT 1');
    await lasting.end();
  });
});

test('at the containers’ address only they are heard', async () => {
  const elsewhere = await guarded({ addresses: [{ host: '127.0.0.1', port: 0, only: '172.31.0.0/16' }] });
  const stranger = await TestClient.connect(elsewhere.port);
  stranger.say(startup(owner.user, owner.project));
  expect(await stranger.end()).toBe('');
  expect(stranger.closed).toBe(true);
  const here = await guarded({ addresses: [{ host: '127.0.0.1', port: 0, only: '127.0.0.0/8' }] });
  expect(await whoAmI(here.port)).toBe(owner.user);
});

describe('in a thread of its own', () => {
  test('it serves, says what it counts, and stops', async () => {
    const port = await testPort();
    const options = { addresses: [{ host: '127.0.0.1', port }], pooler };
    const thread = new GuardThread(options, quietLog);
    await thread.start();
    await expect(new GuardThread(options, quietLog).start()).rejects.toThrow(/Set PGBOUNCER_PORT/);
    const idle = await client(port);
    expect(await thread.usage()).toMatchObject({ sessions: 1, outcomes: { session: 1 } });
    const told = new Promise((resolve) => idle.once('error', resolve));
    await thread.stop();
    expect(await told).toMatchObject({ code: '57P01' });
    await expect(client(port)).rejects.toThrow(/ECONNREFUSED/);
    await expect(thread.usage()).rejects.toThrow('is not running');
  });

  test('it is started again when it ends by itself', async () => {
    const ends = `import { parentPort } from 'node:worker_threads';
      parentPort.postMessage({ log: 'info', fields: {}, message: 'started' });
      parentPort.postMessage({ listens: true });
      setTimeout(() => { throw new Error('a fault'); }, 1000);`;
    const lines: string[] = [];
    const line = (_fields: unknown, text: string) => void lines.push(text);
    const thread = new GuardThread(
      { addresses: [], pooler },
      { debug: line, info: line, warn: line, error: line },
      new URL(`data:text/javascript,${encodeURIComponent(ends)}`),
    );
    await thread.start();
    onTestFinished(() => thread.stop());
    await vi.waitFor(
      () => expect(lines.filter((text) => text === 'started').length).toBeGreaterThan(1),
      20_000,
    );
    expect(lines).toContain("the pooler's guard has ended by itself; starting it again");
  });
});

test('the operator reads of an attack in few lines', async () => {
  const lines: unknown[] = [];
  const log: Log = { ...quietLog, warn: (fields) => void lines.push(fields) };
  const { port, guard } = await guarded({}, log);
  for (let n = 0; n < 12; n++) {
    const stranger = await TestClient.connect(port);
    stranger.say(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await stranger.end();
  }
  await vi.waitFor(() => expect(guard.usage.outcomes.violation).toBe(12), { timeout: 30_000 });
  expect(lines).toEqual([
    { outcome: 'violation', address: '127.0.0.1', reason: expect.stringContaining('not the beginning') },
  ]);
});
