/** The PostgreSQL that holds everything: the bundled one or the operator's own, and the platform's database. */
import { join } from 'node:path';
import { ContainerModule } from 'inversify';
import type { Log } from '../../application/ports/log.ts';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import { startEmbeddedPostgres } from '../../infrastructure/postgres/embedded-postgres.ts';
import {
  allowExtensions,
  platformConnection,
  preparePlatformDatabase,
} from '../../infrastructure/postgres/platform-database.ts';
import { PostgresServer, serverAddressOf } from '../../infrastructure/postgres/postgres-server.ts';
import { ensureTemplate } from '../../infrastructure/postgres/project-template.ts';
import { findPostgres } from '../../infrastructure/process/binaries.ts';
import { requireFreePort } from '../../infrastructure/process/free-port.ts';
import type { Config } from '../config.ts';
import type { Part } from './lifecycle.ts';
import { childFolder, type Machine } from './machine.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const postgresModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.server).toResolvedValue(
    (config, machine) => new PostgresServer(addressOf(config, machine)),
    [TOKENS.config, TOKENS.machine],
  );
  bind(TOKENS.platformConnection).toResolvedValue(
    ({ address }, machine) => platformConnection(address, platformPassword(machine)),
    [TOKENS.server, TOKENS.machine],
  );
  bind(PARTS.postgres).toResolvedValue(ownPostgres, [TOKENS.config, TOKENS.machine, TOKENS.log]);
  bind(PARTS.platformDatabase).toResolvedValue(
    (server, machine, { LAUNCHDB_ROLES, PROJECT_EXTENSIONS }) => ({
      name: 'platform-database',
      start: async () => {
        await preparePlatformDatabase(server, platformPassword(machine));
        if (LAUNCHDB_ROLES.includes('manager')) await allowExtensions(server, PROJECT_EXTENSIONS);
        await ensureTemplate(server, machine.template.version, machine.template.folder);
      },
      stop: () => server.close(),
      stopWithinMs: 3_000,
    }),
    [TOKENS.server, TOKENS.machine, TOKENS.config],
  );
});

const platformPassword = ({ directory }: Machine): string =>
  derivedPassword(directory.masterKey, 'platform-database-password');
const superuserPassword = ({ directory }: Machine): string =>
  derivedPassword(directory.masterKey, 'postgres-superuser');

const addressOf = ({ DATABASE_URL, POSTGRES_PORT }: Config, machine: Machine) =>
  DATABASE_URL === undefined
    ? { host: '127.0.0.1', port: POSTGRES_PORT, user: 'postgres', password: superuserPassword(machine) }
    : serverAddressOf(DATABASE_URL);

function ownPostgres(config: Config, machine: Machine, log: Log): Part {
  let program: Awaited<ReturnType<typeof startEmbeddedPostgres>> | undefined;
  return {
    name: 'postgres',
    start: async () => {
      // DATABASE_URL: somebody else runs it
      if (config.DATABASE_URL !== undefined) return;
      const folder = await childFolder(machine, 'postgres');
      program = await startEmbeddedPostgres({
        binaries: await findPostgres(machine.user),
        dataDir: join(folder, 'data'),
        logFile: join(folder, 'postgres.log'),
        port: config.POSTGRES_PORT,
        settings: { max_connections: config.POSTGRES_MAX_CONNECTIONS },
        superuserPassword: superuserPassword(machine),
        user: machine.user,
        log,
        beforeLaunch: () => requireFreePort(config.POSTGRES_PORT, 'POSTGRES_PORT'),
      });
    },
    stop: async () => program?.stop(),
    stopWithinMs: 20_000,
  };
}
