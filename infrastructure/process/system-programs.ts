/** The programs that the platform and its tests need of the system. */
import { access, constants, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findPgbouncer, findSystemPostgres, findSystemProgram } from './binaries.ts';
import { candidateOf, type SystemProgram } from './install-program.ts';

export const PGBOUNCER: SystemProgram = {
  title: 'PgBouncer (1.18 or later)',
  debianPackage: 'pgbouncer',
  brewPackage: 'pgbouncer',
  service: 'pgbouncer',
  find: findPgbouncer,
};

/** The first one that the platform runs on. */
const OLDEST_POSTGRES = 15;

/**
 * The server itself, of a major version or of the one that the system offers; undefined: it offers none that we run on.
 * Its package would make a cluster and start it, and with it whatever other cluster is there: neither is our affair.
 */
export async function postgresProgram(major?: number): Promise<SystemProgram | undefined> {
  const installed = await findSystemPostgres(major);
  const offered = async (name: string) => Number.parseInt((await candidateOf(name)) ?? '0');
  const wanted = major ?? (installed ? OLDEST_POSTGRES : await offered('postgresql'));
  if (wanted < OLDEST_POSTGRES) return undefined;
  if (!installed && (await offered(`postgresql-${wanted}`)) !== wanted) return undefined;
  return {
    title: `PostgreSQL ${wanted}`,
    debianPackage: `postgresql-${wanted}`,
    brewPackage: `postgresql@${wanted}`,
    asleep: {
      unit: 'postgresql.service',
      file: '/etc/postgresql-common/createcluster.d/launchdb.conf',
      text: 'create_main_cluster = false',
    },
    find: async () => (await findSystemPostgres(major))?.postgres,
  };
}

/** For a test of dump and restore; of PostgreSQL 15 or later, as a client refuses a newer server. */
export const PG_DUMP: SystemProgram = {
  title: 'pg_dump',
  debianPackage: 'postgresql-client',
  brewPackage: 'libpq',
  find: findPgDump,
};

/** For tests of the Docker runtime, on machines where no engine answers; they run one of their own. */
export const DOCKERD: SystemProgram = {
  title: 'the Docker engine',
  debianPackage: 'docker.io',
  brewPackage: 'docker',
  service: 'docker',
  find: (searchPath) => findSystemProgram('dockerd', searchPath),
};

/** For tests of the filter in front of the engine's socket. */
export const HAPROXY: SystemProgram = {
  title: 'HAProxy (2.6 or later)',
  debianPackage: 'haproxy',
  brewPackage: 'haproxy',
  service: 'haproxy',
  find: (searchPath) => findSystemProgram('haproxy', searchPath),
};

/** For the tests of the server's public door. */
export const CADDY: SystemProgram = {
  title: 'Caddy (2.6 or later)',
  debianPackage: 'caddy',
  brewPackage: 'caddy',
  service: 'caddy',
  find: (searchPath) => findSystemProgram('caddy', searchPath),
};

/** For the bench, which has files served by it beside us. */
export const NGINX: SystemProgram = {
  title: 'nginx',
  debianPackage: 'nginx-light',
  brewPackage: 'nginx',
  service: 'nginx',
  find: (searchPath) => findSystemProgram('nginx', searchPath),
};

/** where packages put it: one that somebody's Python has may be any */
const PACKAGES = '/usr/bin';

/** For a test of the S3 protocol by the tools that people have. */
export const AWS_CLI: SystemProgram = {
  title: 'the AWS CLI',
  debianPackage: 'awscli',
  brewPackage: 'awscli',
  find: () => findSystemProgram('aws', PACKAGES),
};

export const RCLONE: SystemProgram = {
  title: 'rclone',
  debianPackage: 'rclone',
  brewPackage: 'rclone',
  find: () => findSystemProgram('rclone', PACKAGES),
};

/** For a test of docker-compose.yml; it needs no Docker. */
export const DOCKER_COMPOSE: SystemProgram = {
  title: 'docker-compose',
  debianPackage: 'docker-compose',
  brewPackage: 'docker-compose',
  find: (searchPath) => findSystemProgram('docker-compose', searchPath),
};

/**
 * For tests of what a browser does, without a window; undefined: it is not here, and the system has no package of it (Ubuntu's
 * is a snap, which sees no folder of ours): then they are left out.
 */
export async function chromiumProgram(searchPath: string): Promise<SystemProgram | undefined> {
  const there = await CHROMIUM.find(searchPath);
  return (there ?? (await candidateOf(CHROMIUM.debianPackage))) ? CHROMIUM : undefined;
}

export const CHROMIUM: SystemProgram = {
  title: 'Chromium',
  debianPackage: 'chromium-headless-shell',
  brewPackage: 'chromium',
  find: async (searchPath) =>
    (await findSystemProgram('chromium-headless-shell', searchPath)) ??
    findSystemProgram('google-chrome', searchPath),
};

const DEBIAN = '/usr/lib/postgresql';

async function findPgDump(searchPath: string): Promise<string | undefined> {
  const versions = (await readdir(DEBIAN).catch(() => [])).sort((a, b) => Number(b) - Number(a));
  const folders = [
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
    ...searchPath.split(':').filter((name) => name !== ''),
    '/opt/homebrew/opt/libpq/bin',
    '/usr/local/opt/libpq/bin',
  ];
  for (const folder of folders) {
    const file = join(folder, 'pg_dump');
    const there = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (there) return file;
  }
  return undefined;
}
