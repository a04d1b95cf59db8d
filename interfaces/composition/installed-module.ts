/** Which version of which program stands where, told at the start and by `/ready`, with the holes it is known to have. */
import { ContainerModule } from 'inversify';
import { warningsOf } from '../../domain/platform/known-holes.ts';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import { consoleVersion } from '../../infrastructure/pgbouncer/console-version.ts';
import type { PostgresServer } from '../../infrastructure/postgres/postgres-server.ts';
import { findPostgrest } from '../../infrastructure/process/binaries.ts';
import { programVersion } from '../../infrastructure/process/program-version.ts';
import type { Config } from '../config.ts';
import type { InstalledProgram } from './installed-program.ts';
import type { Machine } from './machine.ts';
import { nameOn, type ProjectsServers } from './projects-servers.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const installedModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.installed).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        machine: TOKENS.machine,
        projects: TOKENS.projectsServers,
        platform: TOKENS.platformServer,
      },
      installed,
    ),
  );
  bind(PARTS.installed).toResolvedValue(
    (list, { tell, log }) => ({
      name: 'installed',
      start: async () => {
        // nobody waits for it
        void list().then(
          (found) => tellOf(found).forEach(tell),
          (error: unknown) => log.warn({ err: error }, 'could not find out which programs are installed'),
        );
        return Promise.resolve();
      },
      stop: () => Promise.resolve(),
      stopWithinMs: 1_000,
    }),
    [TOKENS.installed, TOKENS.options],
  );
});

function tellOf(found: readonly InstalledProgram[]): readonly string[] {
  const lines = found.map(({ name, version, where }) => `${name} ${version} (${where})`);
  return [`Runs on ${lines.join(', ')}.`, ...warnings(found).map((warning) => `Warning: ${warning}`)];
}

const warnings = (found: readonly InstalledProgram[]): readonly string[] => [
  ...new Set(found.flatMap(({ program, version }) => (program ? warningsOf(program, version) : []))),
];

/** For `/ready`: each program's version, and what is wrong with it. */
export const installedInWords = (found: readonly InstalledProgram[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    found.map(({ name, program, version }) => {
      const known = program ? warningsOf(program, version) : [];
      return [name, [version, ...known].join('; ')];
    }),
  );

interface Programs {
  readonly config: Config;
  readonly machine: Machine;
  readonly projects: ProjectsServers;
  readonly platform: PostgresServer;
}

/** Asks each time: what stands there can be another one tomorrow. */
const installed =
  ({ config, machine, projects, platform }: Programs) =>
  async (): Promise<readonly InstalledProgram[]> => {
    const found = await Promise.all([
      ...[...projects].map(([name, server]) =>
        ofPostgres(nameOn(name, "PostgreSQL of projects' databases"), server),
      ),
      ofPostgres("PostgreSQL of the platform's own", platform),
      ofPooler(config, machine),
      ofDataApis(config, machine),
    ]);
    const node = {
      name: 'Node.js',
      program: 'Node.js' as const,
      version: process.versions.node,
      where: process.execPath,
    };
    return [...found.filter((one) => one !== undefined), node];
  };

/** @returns undefined when it does not answer: others tell of that */
async function ofPostgres(name: string, server: PostgresServer): Promise<InstalledProgram | undefined> {
  const version = await server.version().catch(() => undefined);
  return version === undefined
    ? undefined
    : { name, program: 'PostgreSQL', version, where: `port ${server.address.port}` };
}

async function ofPooler(config: Config, machine: Machine): Promise<InstalledProgram | undefined> {
  const { PGBOUNCER_HOST: host, PGBOUNCER_PORT: port } = config;
  const named = { name: 'PgBouncer', program: 'PgBouncer' } as const;
  if (host !== undefined) {
    const password = derivedPassword(machine.directory.masterKey, 'pgbouncer-admin');
    const version = await consoleVersion({ host, port, user: 'launchdb_admin', password });
    return version === undefined ? undefined : { ...named, version, where: host };
  }
  if (machine.pgbouncer === undefined) return undefined;
  const version = await programVersion(machine.pgbouncer);
  return version === undefined ? undefined : { ...named, version, where: machine.pgbouncer };
}

async function ofDataApis(config: Config, machine: Machine): Promise<InstalledProgram | undefined> {
  const named = { name: 'PostgREST', program: undefined } as const;
  if (config.LAUNCHDB_RUNTIME === 'docker') {
    const [, version = 'of that image'] = /:v?([\d.]+)$/.exec(config.POSTGREST_IMAGE) ?? [];
    return { ...named, version, where: config.POSTGREST_IMAGE };
  }
  const where = await findPostgrest(machine.users.postgrest);
  const version = await programVersion(where);
  return version === undefined ? undefined : { ...named, version, where };
}
