/** What the ways to a project's rows cost: straight to PostgREST, through the gateway, through Caddy. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPostgrestConfig } from '../../../infrastructure/postgrest/postgrest-config.ts';
import { CaddyUnderTest } from '../../acceptance/caddy-under-test.ts';
import { ContainerNames } from '../../acceptance/container-names.ts';
import type { PlatformUnderTest } from '../../acceptance/platform-under-test.ts';
import { load, type Target } from '../autocannon.ts';
import { newName, ownerOf } from '../bench-project.ts';
import type { Context, FigureSpec, Goal, Group, Measured, Section } from '../section.ts';

const CONNECTIONS = 32;
const ROW = '/items?id=eq.500';
const DIRECT = 'PostgREST itself';
const GATEWAY = 'our gateway';
const BARE_CADDY = 'a bare Caddy';
const OUR_CADDY = 'Caddy with all our routes';

export const section: Section = {
  name: 'door',
  summary: `one row by its key over REST, ${CONNECTIONS} connections (autocannon): PostgREST itself, the gateway, Caddy by TLS`,
  groups: [
    { name: 'gateway', main: true, prepare: gateway },
    { name: 'Caddy', prepare: caddy },
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

/** A project with a table of 1,000 rows, and the ways to one of them. */
export async function doorOf(platform: PlatformUnderTest): Promise<Door> {
  const token = await ownerOf(platform);
  const call = <T>(method: string, path: string, body?: unknown) =>
    platform.call<T>(method, path, { token, ...(body !== undefined && { body }) });
  const { id } = (await call<{ id: string }>('POST', '/api/projects', { name: newName() })).body;
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
  const { direct, through } = await doorOf(await context.platform());
  const { seconds } = context;
  return {
    ways: {
      [DIRECT]: () => load(direct, CONNECTIONS, seconds),
      [GATEWAY]: () => load(through, CONNECTIONS, seconds),
    },
    figures: [
      rate('gateway, of PostgREST itself', [GATEWAY, 'rate'], [DIRECT, 'rate'], { ratioAtLeast: 0.95 }),
      {
        name: 'gateway, p99',
        unit: 'ms',
        of: [GATEWAY, 'p99'],
        beside: [DIRECT, 'p99'],
        goal: { ratioAtMost: 1.3 },
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
