/** What the server's files promise, read from them as the real docker-compose and the real Caddy read them. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { MAX_APPEND_BYTES } from '../../application/ports/event-store.ts';
import { MOST_MESSAGE_BYTES } from '../../infrastructure/testing/esdb-server/serving.ts';
import { VARIABLES as CONFIG_VARIABLES } from '../config.ts';
import { caddyBinary, CADDYFILE } from './caddy-under-test.ts';
import { holesOf } from '../../domain/platform/known-holes.ts';
import { readComposeFile, root, VARIABLES, type ComposeFile, type Service } from './compose-file.ts';
import { SEPARATE } from './platform-under-test.ts';

const run = promisify(execFile);
const SOCKET = '/var/run/docker.sock';
const OURS = ['gateway', 'platform-api', 'worker', 'migrations', 'manager', 'auth', 'storage'];

let file: ComposeFile;
let services: [string, Service][];

beforeAll(async () => {
  file = await readComposeFile();
  services = Object.entries(file.services);
});

const sourcesOf = (service: Service): string[] =>
  (service.volumes ?? []).map((volume) =>
    typeof volume === 'string' ? (volume.split(':')[0] ?? '') : volume.source,
  );
const namesOf = (picked: (service: Service) => boolean): string[] =>
  services
    .filter(([, service]) => picked(service))
    .map(([name]) => name)
    .sort();

test('with docker-compose.direct.yml PostgreSQL is where REST APIs are, by the name that they are told, and nobody else moves', async () => {
  const direct = { ...VARIABLES, DATA_API_DIRECT_HOST: 'postgres', DATA_API_ROUTE: 'direct' };
  const without = await readComposeFile(direct);
  const given = await readComposeFile(direct, ['docker-compose.direct.yml']);
  const networks = (all: ComposeFile) =>
    Object.fromEntries(
      Object.entries(all.services).map(([name, one]) => [name, Object.keys(one.networks ?? {}).sort()]),
    );
  expect(networks(given)).toEqual({ ...networks(without), postgres: ['data', 'tenants'] });
  // from there nobody reaches the outside, and nobody from outside PostgreSQL
  expect(given.networks['tenants']?.internal).toBe(true);
  expect(given.services['postgres']?.ports).toBeUndefined();
  for (const name of ['manager', 'platform-api', 'worker'])
    expect(given.services[name]?.environment).toMatchObject({
      DATA_API_DIRECT_HOST: 'postgres',
      DATA_API_ROUTE: 'direct',
    });
});

test('without what install.sh writes, it says what to do', async () => {
  await expect(readComposeFile({})).rejects.toThrow(/run .\/install.sh/);
});

describe('every service', () => {
  test('is contained: not root, nothing to write to, no capability, bounds, a restart, short logs', () => {
    for (const [name, service] of services) {
      expect([name, service]).toEqual([
        name,
        expect.objectContaining({
          user: '10001:10001',
          read_only: true,
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
          ulimits: { core: 0 },
          restart: 'unless-stopped',
          mem_limit: expect.anything() as unknown,
          pids_limit: expect.any(Number) as number,
          logging: expect.objectContaining({ options: { 'max-size': '10m', 'max-file': '3' } }) as unknown,
        }),
      ]);
      expect([name, service.privileged, service.network_mode, service.pid, service.ipc]).toEqual([
        name,
        ...Array<undefined>(4).fill(undefined),
      ]);
      expect([name, service.healthcheck?.test?.length]).toEqual([name, expect.any(Number)]);
    }
    expect(namesOf(({ cap_add }) => cap_add !== undefined)).toEqual(['caddy']);
    expect(file.services['caddy']?.cap_add).toEqual(['NET_BIND_SERVICE']);
  });

  test('is of a pinned release', () => {
    for (const [name, { image = '' }] of services) {
      const [, tag = ''] = /:([^:]+)$/.exec(image) ?? [];
      expect([name, tag]).toEqual([name, expect.stringMatching(/^v?\d+\.\d+/)]);
    }
    const [, caddy = ''] = /:([\d.]+)/.exec(file.services['caddy']?.image ?? '') ?? [];
    expect(holesOf('Caddy', caddy)).toEqual([]);
  });

  test('PostgreSQL and PgBouncer are of one image of ours, with what the holes that are known were mended in', () => {
    const ofOurs = namesOf(({ image = '' }) => image.startsWith('launchdb-postgres:'));
    expect(ofOurs).toEqual(['pgbouncer', 'platform-postgres', 'postgres']);
    const dockerfile = readFileSync(join(root, 'infrastructure/postgres/image/Dockerfile'), 'utf8');
    const major = Number(/^ARG POSTGRES_IMAGE=postgres:(\d+)/m.exec(dockerfile)?.[1]);
    expect(major).toSatisfy((one: number) => one >= 15 && one <= 18);
    const pooler = /^ARG PGBOUNCER_AT_LEAST=(\S+)/m.exec(dockerfile)?.[1] ?? '';
    expect(holesOf('PgBouncer', pooler)).toEqual([]);
  });

  test('mounts files that are there', () => {
    const mounted = services
      .flatMap(([, service]) => sourcesOf(service))
      .filter((source) => source !== SOCKET);
    const ofTheRepository = mounted.filter((source) => source.startsWith(join(root, 'infrastructure')));
    expect(ofTheRepository.filter((source) => !existsSync(source))).toEqual([]);
    // what is kept is in these folders alone, which install.sh makes
    const others = mounted.filter((source) => !ofTheRepository.includes(source));
    const made = ['certs', 'state/caddy', 'state/eventstore', 'state/files'];
    made.push('state/platform-postgres', 'state/pooler', 'state/postgres');
    expect([...new Set(others)].sort()).toEqual(made.map((name) => join(root, name)));
    const script = readFileSync(join(root, 'install.sh'), 'utf8');
    for (const name of made) expect(script).toMatch(new RegExp(`^for name in .*\\b${name}\\b`, 'm'));
  });
});

test('EventStoreDB takes as much at once as an append may have, and no more than it starts with', () => {
  expect(file.services['eventstore']?.environment?.['EVENTSTORE_MAX_APPEND_SIZE']).toBe(
    String(MAX_APPEND_BYTES),
  );
  expect(MAX_APPEND_BYTES).toBeLessThanOrEqual(MOST_MESSAGE_BYTES);
});

describe('who reaches whom', () => {
  test('only Caddy is public, and the pooler where it is asked for', () => {
    expect(namesOf(({ ports }) => ports !== undefined)).toEqual(['caddy', 'public-pooler']);
    expect(file.services['caddy']?.ports?.map(({ target }) => target)).toEqual([80, 443, 443]);
    expect(file.services['public-pooler']?.profiles).toEqual(['public-pooler']);
    const open = Object.entries(file.networks).filter(([, network]) => network?.internal !== true);
    expect(open.map(([name]) => name).sort()).toEqual(['edge', 'outbound']);
    expect(namesOf(({ networks = {} }) => 'edge' in networks)).toEqual(['caddy', 'public-pooler']);
  });

  test('each network has those who have something to say to each other', () => {
    const members = Object.keys(file.networks).map((network) => [
      network,
      namesOf(({ networks = {} }) => network in networks),
    ]);
    expect(Object.fromEntries(members)).toEqual({
      edge: ['caddy', 'public-pooler'],
      api: ['caddy', 'gateway', 'platform-api'],
      // who goes out, where owners say: to nobody of ours
      outbound: ['auth', 'storage'],
      control: ['auth', 'gateway', 'manager', 'migrations', 'platform-api', 'storage', 'worker'],
      docker: ['docker-socket-proxy', 'manager'],
      // so no PostgreSQL of projects but by the pooler, where no tenant is
      pooler: ['auth', 'pgbouncer', 'storage'],
      data: ['gateway', 'manager', 'migrations', 'pgbouncer', 'platform-api', 'postgres', 'worker'],
      platform: [...OURS, 'platform-postgres'].sort(),
      log: ['auth', 'eventstore', 'manager', 'migrations', 'platform-api', 'storage', 'worker'],
      'public-pooler': ['pgbouncer', 'public-pooler'],
      // and the projects' containers
      tenants: ['caddy', 'gateway', 'manager', 'pgbouncer'],
    });
    expect(file.networks['tenants']?.name).toBe(file.services['manager']?.environment?.['DOCKER_NETWORK']);
  });

  test('the engine’s socket is the proxy’s alone', () => {
    expect(namesOf((service) => sourcesOf(service).includes(SOCKET))).toEqual(['docker-socket-proxy']);
    expect(namesOf(({ environment = {} }) => 'DOCKER_HOST' in environment)).toEqual(['manager']);
  });
});

describe('secrets', () => {
  test('are files, each for those who need it', () => {
    const having = (secret: string) =>
      namesOf(({ secrets = [] }) =>
        secrets.some((one) => (typeof one === 'string' ? one : one.source) === secret),
      );
    expect(Object.keys(file.secrets).map((name) => [name, having(name)])).toEqual([
      // a superuser's, which who goes out has not
      ['database-url', OURS.filter((name) => !['auth', 'storage'].includes(name)).sort()],
      ['event-store-url', ['auth', 'manager', 'migrations', 'platform-api', 'storage', 'worker']],
      ['internal-api-key', [...OURS].sort()],
      ['master-key', [...OURS].sort()],
      ['platform-database-url', [...OURS].sort()],
      ['platform-postgres-password', ['platform-postgres']],
      ['postgres-password', ['postgres']],
      ['smtp-url', ['auth']],
      ['storage-s3-secret', ['storage']],
    ]);
  });

  test('none is in an environment or on a command line', () => {
    for (const [name, { environment = {}, command = '', entrypoint = '' }] of services) {
      const plain = Object.entries(environment).filter(
        ([key]) =>
          /KEY|PASSWORD|SECRET|TOKEN|^(PLATFORM_)?DATABASE_URL|^EVENT_STORE_URL|^SMTP_URL/.test(key) &&
          !key.endsWith('_FILE') &&
          !['PUBLIC_POOLER_KEY', 'STORAGE_S3_ACCESS_KEY_ID'].includes(key),
      );
      expect([name, plain]).toEqual([name, []]);
      const text = JSON.stringify([environment, command, entrypoint]);
      expect([name, text]).toEqual([name, expect.not.stringMatching(/:\/\/[^/"\s]*:[^/"\s]*@/)]);
    }
  });
});

describe('what starts when', () => {
  test('nobody waits for themselves, and a wait is for a health that is looked at', () => {
    const waits = (name: string, seen: readonly string[] = []): string[] =>
      Object.keys(file.services[name]?.depends_on ?? {}).flatMap((next) => {
        if (seen.includes(next)) throw new Error(`a circle: ${[...seen, next].join(' -> ')}`);
        return [next, ...waits(next, [...seen, next])];
      });
    expect(new Set(waits('caddy'))).toEqual(
      new Set([...OURS, 'postgres', 'platform-postgres', 'docker-socket-proxy']),
    );
    for (const [name, { depends_on = {} }] of services) {
      waits(name);
      for (const { condition } of Object.values(depends_on)) expect(condition).toBe('service_healthy');
    }
  });

  test('our own wait for those before them, in the order in which they are known to come up one by one', () => {
    const order: string[] = SEPARATE.map((role) => (role === 'platform' ? 'platform-api' : role));
    const waits = order.map((name) =>
      Object.keys(file.services[name]?.depends_on ?? {})
        .filter((one) => OURS.includes(one))
        .map((one) => order.indexOf(one)),
    );
    for (const [at, before] of waits.entries()) expect(Math.max(-1, ...before)).toBeLessThan(at);
    // who begins with the views waits for who makes them
    for (const name of ['manager', 'platform-api'])
      expect(Object.keys(file.services[name]?.depends_on ?? {})).toContain('worker');
  });

  test('every role has its process, told only what it knows', () => {
    const roles = OURS.map((name) => file.services[name]?.environment?.['LAUNCHDB_ROLES']);
    expect(roles).toEqual(['gateway', 'platform', 'worker', 'migrations', 'manager', 'auth', 'storage']);
    const known = [...CONFIG_VARIABLES, ...CONFIG_VARIABLES.map((name) => `${name}_FILE`)];
    const told = new Set(
      [...OURS, 'public-pooler'].flatMap((name) => Object.keys(file.services[name]?.environment ?? {})),
    );
    expect([...told].filter((name) => !known.includes(name))).toEqual([]);
  });
});

test('no database is told of that cannot be reached from outside, unless the operator says so', async () => {
  const told = ({ services: { 'platform-api': api } }: ComposeFile) => {
    const { PUBLIC_DATABASE_URL, PUBLIC_POOLER_URL } = api?.environment ?? {};
    return { PUBLIC_DATABASE_URL, PUBLIC_POOLER_URL };
  };
  expect(told(file)).toEqual({ PUBLIC_DATABASE_URL: 'none', PUBLIC_POOLER_URL: 'none' });
  const PUBLIC_POOLER_URL = 'postgresql://db.example.com:6432?sslmode=require';
  const said = await readComposeFile({ ...VARIABLES, PUBLIC_POOLER_URL });
  expect(told(said)).toEqual({ PUBLIC_DATABASE_URL: 'none', PUBLIC_POOLER_URL });
});

test('who signs up needs an invite, unless the operator says otherwise', async () => {
  const told = ({ services: { 'platform-api': api } }: ComposeFile) => api?.environment?.['SIGNUP'];
  expect(told(file)).toBe('invite');
  expect(told(await readComposeFile({ ...VARIABLES, SIGNUP: 'open' }))).toBe('open');
});

test('no limit of a project is a share of a container’s own disk', () => {
  for (const name of OURS)
    expect([name, file.services[name]?.environment]).toEqual([
      name,
      expect.objectContaining({ PROJECT_DATABASE_SIZE_MB: '0', STORAGE_PROJECT_SIZE_MB: '0' }),
    ]);
});

test('the pooler takes up its files when the manager asks for it by one of them', () => {
  const script = JSON.stringify(file.services['pgbouncer']?.entrypoint);
  expect(script).toContain('/watched-pgbouncer.sh /pooler/pgbouncer.ini /pooler/reload-wanted');
});

describe('the Caddyfile', () => {
  const caddy = async (...args: string[]) => {
    const folder = await mkdtemp(join(tmpdir(), 'launchdb-caddy-'));
    const given = file.services['caddy']?.environment ?? {};
    const env = { HOME: folder, XDG_DATA_HOME: folder, ...(given as Record<string, string>) };
    try {
      return await run(await caddyBinary(), args, { env });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  const config = ['--config', CADDYFILE, '--adapter', 'caddyfile'];

  test('is valid with the variables of the server, and formatted', async () => {
    const { stdout, stderr } = await caddy('validate', ...config);
    expect(`${stdout}${stderr}`).toContain('Valid configuration');
    expect(stderr).not.toMatch(/"level":"(error|warn)"(?!.*OCSP)/);
    expect((await caddy('fmt', CADDYFILE)).stdout).toBe(readFileSync(CADDYFILE, 'utf8'));
  });

  test('leads to services and containers of this server alone', async () => {
    const { stdout } = await caddy('adapt', ...config);
    const dialled = [...stdout.matchAll(/"dial":"([^"]+)"/g)].map(([, place]) => String(place));
    expect([...new Set(dialled)].sort()).toEqual([
      'gateway:8080',
      'platform-api:8000',
      'postgrest-{http.regexp.target.1}.:3000',
      'postgrest-{http.regexp.target.1}.:3001',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ admin: { disabled: true } });
    expect(stdout).toContain('"addresses":["127.0.0.11:53"]');
    expect(stdout).toMatch(/"email":"me@example.com"/);
  });
});
