/** What the ways to a project's rows cost: straight to PostgREST, through the gateway, through Caddy. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPostgrestConfig } from '../../../infrastructure/postgrest/postgrest-config.ts';
import { testFolder } from '../../../infrastructure/testing/folder.ts';
import { CaddyUnderTest } from '../../acceptance/caddy-under-test.ts';
import { ContainerNames } from '../../acceptance/container-names.ts';
import type { PlatformUnderTest } from '../../acceptance/platform-under-test.ts';
import { load, type Target } from '../autocannon.ts';
import { BenchFiles } from '../bench-files.ts';
import { newName, ownerOf } from '../bench-project.ts';
import { grownDuring } from '../process-memory.ts';
import { proxiesBeside } from '../proxies-beside.ts';
import type { Context, FigureSpec, Goal, Group, Measured, Section } from '../section.ts';
import { pidOf, separatePlatform } from '../separate-platform.ts';

const CONNECTIONS = 32;
const ROW = '/items?id=eq.500';
const IDLE = 10_000;
const SETTLED_MS = 1_000;
const BODY_MIB = 1_024;
const NGINX = 'nginx';
const HAPROXY = 'HAProxy';
const DIRECT = 'PostgREST itself';
const GATEWAY = 'our gateway';
const BARE_CADDY = 'a bare Caddy';
const OUR_CADDY = 'Caddy with all our routes';

export const section: Section = {
  name: 'door',
  summary: `one row by its key over REST, ${CONNECTIONS} connections (autocannon): PostgREST itself, the gateway, nginx, HAProxy, Caddy by TLS; idle connections; a body of 1 GiB`,
  groups: [
    { name: 'gateway', main: true, prepare: gateway },
    { name: 'Caddy', prepare: caddy },
    { name: 'idle connections', prepare: idle },
    { name: 'a large body', prepare: largeBody },
  ],
};

export interface Door {
  readonly platform: PlatformUnderTest;
  readonly id: string;
  /** where its PostgREST listens */
  readonly ports: { readonly port: number; readonly adminPort: number };
  readonly direct: Target;
  readonly through: Target;
}

/** A project with a table of 1,000 rows, and the ways to one of them. @param route of its data API; default: the platform's */
export async function doorOf(platform: PlatformUnderTest, route?: 'pooler' | 'direct'): Promise<Door> {
  const token = await ownerOf(platform);
  const call = <T>(method: string, path: string, body?: unknown) =>
    platform.call<T>(method, path, { token, ...(body !== undefined && { body }) });
  const { id } = (await call<{ id: string }>('POST', '/api/projects', { name: newName() })).body;
  if (route) await call('PATCH', `/api/projects/${id}`, { settings: { data_api: { route } } });
  const query = `CREATE TABLE items AS SELECT n AS id, 'item ' || n AS title FROM generate_series(1, 1000) n;
    ALTER TABLE items ADD PRIMARY KEY (id)`;
  await call('POST', `/api/projects/${id}/sql`, { query });
  const key = (await call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`)).body.anon_key;
  const ports = readPostgrestConfig(
    await readFile(join(platform.dataDir, 'postgrest', `${id}.conf`), 'utf8'),
  );
  if (!ports) throw new Error(`${id} has no PostgREST`);
  const through = { url: `${platform.url}/project/${id}/rest/v1${ROW}`, headers: { apikey: key } };
  // its table is new to PostgREST
  while ((await fetch(through.url, through)).status !== 200) await sleep(20);
  const headers = { authorization: `Bearer ${key}` };
  return { platform, id, ports, direct: { url: `http://127.0.0.1:${ports.port}${ROW}`, headers }, through };
}

async function gateway(context: Context): Promise<Group> {
  const { ports, direct, through } = await doorOf(await context.platform());
  const beside = await proxiesBeside(context, ports.port);
  const { seconds } = context;
  const at = (port: number): Target => ({ ...direct, url: `http://127.0.0.1:${port}${ROW}` });
  return {
    ways: {
      [DIRECT]: () => load(direct, CONNECTIONS, seconds),
      [GATEWAY]: () => load(through, CONNECTIONS, seconds),
      [NGINX]: () => load(at(beside.nginx), CONNECTIONS, seconds),
      ...(!context.quick && { [HAPROXY]: () => load(at(beside.haproxy), CONNECTIONS, seconds) }),
    },
    figures: [
      rate('gateway, of PostgREST itself', [GATEWAY, 'rate'], [DIRECT, 'rate'], { ratioAtLeast: 0.95 }),
      rate('gateway, of nginx', [GATEWAY, 'rate'], [NGINX, 'rate'], { ratioAtLeast: 1 }),
      ...(context.quick
        ? []
        : [rate('gateway, of HAProxy', [GATEWAY, 'rate'], [HAPROXY, 'rate'], { ratioAtLeast: 1 })]),
      {
        name: 'gateway, p99, of PostgREST itself',
        unit: 'ms',
        of: [GATEWAY, 'p99'],
        beside: [DIRECT, 'p99'],
        goal: { ratioAtMost: 1.3 },
      },
    ],
  };
}

/** By a proxy that is trusted: of anybody else's address the gateway holds few. */
async function idle(context: Context): Promise<Group> {
  const platform = await separatePlatform(context, { TRUSTED_PROXIES: '127.0.0.1' });
  const hold = async () => {
    const args = [
      join(import.meta.dirname, '..', 'idle-connections.ts'),
      `${platform.url}/health`,
      `${IDLE}`,
    ];
    const { grown, open } = await heldOpen(pidOf(platform, 'gateway'), args);
    return { grown, open };
  };
  return {
    rounds: 1,
    warmUp: false,
    ways: { hold },
    figures: [
      {
        name: 'idle connections held',
        unit: 'connections',
        of: ['hold', 'open'],
        goal: { valueAtLeast: IDLE },
      },
      { name: 'memory that they take', unit: 'MiB', of: ['hold', 'grown'], goal: { valueAtMost: 150 } },
    ],
  };
}

async function heldOpen(pid: number, args: readonly string[]) {
  const holder = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = async () => Number(((await once(holder.stdout, 'data')) as [Buffer])[0].toString());
  const { grown } = await grownDuring(pid, async () => {
    await said();
    await sleep(SETTLED_MS);
  });
  holder.stdin.write('\n');
  const open = await said();
  const ended = once(holder, 'exit');
  holder.stdin.end();
  await ended;
  return { grown, open };
}

/** To the storage service: of others the door takes no body that large. */
async function largeBody(context: Context): Promise<Group> {
  const platform = await separatePlatform(context, { STORAGE_PROJECT_SIZE_MB: '100000' });
  const folder = await testFolder();
  context.atEnd(() => folder.remove());
  await mkdir(join(folder.path, 'files'));
  const files = await BenchFiles.make(platform, folder.path, [1, BODY_MIB]);
  const path = `/project/${files.project}/storage/v1/object/bench/large`;
  const upload = (size: number) => files.curl('upload', size, `${platform.url}${path}-${size}`, 1);
  await upload(1);
  return {
    rounds: 1,
    warmUp: false,
    ways: { upload: () => grownDuring(pidOf(platform, 'gateway'), () => upload(BODY_MIB)) },
    figures: [
      {
        name: `a body of ${BODY_MIB} MiB: what the gateway holds more`,
        unit: 'MiB',
        of: ['upload', 'grown'],
        // the same whatever comes: a small part of it
        goal: { valueAtMost: 128 },
      },
    ],
  };
}

async function caddy(context: Context): Promise<Group> {
  const { platform, id, ports, direct, through } = await doorOf(await context.platform());
  const names = await ContainerNames.start();
  context.atEnd(() => names.stop());
  names.tell(id);
  const ours = await CaddyUnderTest.start({
    GATEWAY: `127.0.0.1:${platform.environment['GATEWAY_PORT']}`,
    PLATFORM: `127.0.0.1:${platform.environment['PLATFORM_PORT']}`,
    DATA_API_RESOLVER: names.address,
    DATA_API_PORT: String(ports.port),
    DATA_API_ADMIN_PORT: String(ports.adminPort),
  });
  context.atEnd(() => ours.stop());
  const file = join(platform.folder, 'Caddyfile');
  const global = '{\nadmin off\nskip_install_trust\nhttp_port {$HTTP_PORT}\nhttps_port {$HTTPS_PORT}\n}\n';
  const upstream = `127.0.0.1:${ports.port}`;
  await writeFile(file, `${global}localhost {\ntls internal\nreverse_proxy ${upstream}\n}\n`);
  const bare = await CaddyUnderTest.start({}, file);
  context.atEnd(() => bare.stop());
  const { seconds } = context;
  const by = (target: Target, port: number): Target => {
    const { pathname, search } = new URL(target.url);
    return { ...target, url: `https://localhost:${port}${pathname}${search}` };
  };
  return {
    ways: {
      [BARE_CADDY]: () => load(by(direct, bare.httpsPort), CONNECTIONS, seconds),
      [OUR_CADDY]: () => load(by(through, ours.httpsPort), CONNECTIONS, seconds),
    },
    figures: [
      rate('Caddy with our routes, of a bare Caddy', [OUR_CADDY, 'rate'], [BARE_CADDY, 'rate'], {
        ratioAtLeast: 0.95,
      }),
    ],
  };
}

const rate = (name: string, of: Measured, beside: Measured, goal: Goal): FigureSpec => ({
  name,
  unit: 'requests/s',
  of,
  beside,
  goal,
});
