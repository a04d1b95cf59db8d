/** What the ways to a project's rows cost: straight to PostgREST, through the gateway, through Caddy. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readPostgrestConfig } from '../../infrastructure/postgrest/postgrest-config.ts';
import { CaddyUnderTest } from '../acceptance/caddy-under-test.ts';
import { ContainerNames } from '../acceptance/container-names.ts';
import { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import { median, type Figure, type Section } from './figures.ts';

const run = promisify(execFile);
const CONNECTIONS = 32;
const SECONDS = 10;
const ROUNDS = 5;
const WARM_UP_SECONDS = 2;
const GENERATOR = join(import.meta.dirname, '..', '..', 'node_modules', 'autocannon', 'autocannon.js');

interface Way {
  readonly url: string;
  readonly header: string;
}

/** Requests a second. @throws an answer was not a row */
async function load({ url, header }: Way, seconds: number): Promise<number> {
  const args = ['-c', String(CONNECTIONS), '-d', String(seconds), '-H', header, '-n', '--json', url];
  // Caddy's certificate is of its own authority
  const env = { PATH: process.env['PATH'] ?? '', NODE_TLS_REJECT_UNAUTHORIZED: '0' };
  const { stdout } = await run(process.execPath, [GENERATOR, ...args], { env, maxBuffer: 16 * 1024 * 1024 });
  const result = JSON.parse(stdout) as {
    '2xx': number;
    non2xx: number;
    errors: number;
    duration: number;
  };
  if (result.non2xx + result.errors > 0)
    throw new Error(`${result.non2xx + result.errors} failures at ${url}`);
  return result['2xx'] / result.duration;
}

export const doorFigures: Section = {
  name: 'door',
  summary: `one row by its key over REST, ${CONNECTIONS} connections, ${SECONDS} s each in turn, ${ROUNDS} rounds; Caddy by TLS`,
  async run(): Promise<readonly Figure[]> {
    const platform = await PlatformUnderTest.create({ LOG_LEVEL: 'warn' });
    const stops: (() => unknown)[] = [() => platform.close()];
    try {
      await platform.start();
      return figuresOf(await rounds(await waysOf(platform, stops)));
    } finally {
      for (const stop of stops.toReversed()) await stop();
    }
  },
};

type Ways = Readonly<Record<'direct' | 'gateway' | 'bare' | 'caddy', Way>>;
type Rates = Readonly<Record<keyof Ways, number[]>>;

async function waysOf(platform: PlatformUnderTest, stops: (() => unknown)[]): Promise<Ways> {
  const token = await platform.owner('bench');
  const call = <T>(method: string, path: string, body?: unknown) =>
    platform.call<T>(method, path, { token, ...(body !== undefined && { body }) });
  const { id } = (await call<{ id: string }>('POST', '/api/projects', { name: 'bench' })).body;
  const query = `CREATE TABLE items AS SELECT n AS id, 'item ' || n AS title FROM generate_series(1, 1000) n;
    ALTER TABLE items ADD PRIMARY KEY (id)`;
  await call('POST', `/api/projects/${id}/sql`, { query });
  const key = (await call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`)).body.anon_key;
  const conf = await readFile(join(platform.dataDir, 'postgrest', `${id}.conf`), 'utf8');
  const ports = readPostgrestConfig(conf);
  const upstream = `127.0.0.1:${ports?.port}`;

  const names = await ContainerNames.start();
  stops.push(() => names.stop());
  names.tell(id);
  const ours = await CaddyUnderTest.start({
    GATEWAY: `127.0.0.1:${platform.environment['GATEWAY_PORT']}`,
    PLATFORM: `127.0.0.1:${platform.environment['PLATFORM_PORT']}`,
    DATA_API_RESOLVER: names.address,
    DATA_API_PORT: String(ports?.port),
    DATA_API_ADMIN_PORT: String(ports?.adminPort),
  });
  stops.push(() => ours.stop());
  const file = join(platform.folder, 'Caddyfile');
  const global = '{\nadmin off\nskip_install_trust\nhttp_port {$HTTP_PORT}\nhttps_port {$HTTPS_PORT}\n}\n';
  await writeFile(file, `${global}localhost {\ntls internal\nreverse_proxy ${upstream}\n}\n`);
  const bare = await CaddyUnderTest.start({}, file);
  stops.push(() => bare.stop());

  const [row, path] = ['/items?id=eq.500', `/project/${id}/rest/v1/items?id=eq.500`];
  const [authorization, apikey] = [`authorization=Bearer ${key}`, `apikey=${key}`];
  return {
    direct: { url: `http://${upstream}${row}`, header: authorization },
    gateway: { url: `${platform.url}${path}`, header: apikey },
    bare: { url: `https://localhost:${bare.httpsPort}${row}`, header: authorization },
    caddy: { url: `https://localhost:${ours.httpsPort}${path}`, header: apikey },
  };
}

/** In turn, so that a change of the machine's speed hits all of them. */
async function rounds(ways: Ways): Promise<Rates> {
  const rates: Rates = { direct: [], gateway: [], bare: [], caddy: [] };
  const names = ['direct', 'gateway', 'bare', 'caddy'] as const;
  // its table is new to PostgREST
  await sleep(1_000);
  for (const name of names) await load(ways[name], WARM_UP_SECONDS);
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) rates[name].push(await load(ways[name], SECONDS));
  }
  return rates;
}

function figuresOf({ direct, gateway, bare, caddy }: Rates): Figure[] {
  const rate = (what: string, values: number[]): Figure => ({ what, values, unit: 'requests/s' });
  const ratio = (what: string, values: number[], to: number[], target: string): Figure => ({
    what,
    values: values.map((value, round) => value / (to[round] ?? 0)),
    unit: `of the same round's, medians ${(median(values) / median(to)).toFixed(2)}`,
    target,
  });
  return [
    rate('PostgREST itself', direct),
    rate('through our gateway', gateway),
    rate('through a bare Caddy reverse_proxy', bare),
    rate('through Caddy with all our routes', caddy),
    ratio('our gateway, of PostgREST itself', gateway, direct, 'at least 0.75'),
    ratio('Caddy with all our routes, of a bare Caddy', caddy, bare, 'at least 0.95'),
  ];
}
