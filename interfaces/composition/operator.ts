/** What the operator's command works with: the log, the views and the cluster of a platform that runs beside it. */
import { resolve } from 'node:path';
import type pg from 'pg';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import type { AuthProject } from '../../application/auth/auth-project.ts';
import { loadAuthProject } from '../../application/auth/load-auth-project.ts';
import { Refused } from '../../application/errors.ts';
import type { OperatedPlatform } from '../../application/operator/operated-platform.ts';
import type { Databases } from '../../application/ports/databases.ts';
import type { MailOutbox } from '../../application/ports/mail-outbox.ts';
import type { StorageDirectory } from '../../application/ports/storage-directory.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { InternalClient } from '../../infrastructure/internal-client/internal-client.ts';
import { readMasterKey } from '../../infrastructure/process/data-directory.ts';
import { NO_USERS } from '../../infrastructure/process/system-user.ts';
import type { Projection } from '../../projections/projection.ts';
import type { Config } from '../config.ts';
import { compose, type Customise } from './compose.ts';
import { pinoLog } from './log.ts';
import { TOKENS } from './tokens.ts';
import { views } from './views.ts';

/** a look at all projects */
const LONG_MS = 600_000;

export interface Operator extends OperatedPlatform {
  readonly pool: pg.Pool;
  readonly databases: Databases;
  readonly projections: readonly Projection[];
  /** what the auth service's use cases share */
  readonly auth: AuthDependencies;
  readonly mailOutbox: MailOutbox;
  /** @throws {Rejection} project/not-found, project/not-active */
  authProject(id: ProjectId): Promise<AuthProject>;
  /** of the running platform */
  readonly manager: InternalClient;
  readonly storage: InternalClient;
  readonly storageUrl: string;
  readonly storageDirectory: StorageDirectory;
  close(): Promise<void>;
}

/** @throws {Refused} there is no such platform, or its PostgreSQL does not run */
export async function openOperator(config: Config, customise: Customise = () => {}): Promise<Operator> {
  const path = resolve(config.LAUNCHDB_DATA_DIR);
  const masterKey = await readMasterKey(path, config.LAUNCHDB_MASTER_KEY);
  const directory = { path, masterKey, release: () => Promise.resolve() };
  const log = pinoLog({ level: 'silent' });
  const container = compose(
    { config, log, searchPath: '', tell: () => {} },
    // the template is the migrations service's, and files are the storage service's
    {
      directory,
      users: NO_USERS,
      pgbouncer: undefined,
      template: { folder: '', version: 0 },
      files: undefined,
    },
  );
  customise(container);
  const [store, pool, projects, platform] = [
    await container.getAsync(TOKENS.store),
    await container.getAsync(TOKENS.platformPool),
    await container.getAsync(TOKENS.projectsServers),
    await container.getAsync(TOKENS.platformServer),
  ];
  const tenants = await container.getAsync(TOKENS.tenantConnections);
  const close = async () => {
    await tenants.close();
    await store.close();
    await pool.end();
    for (const server of projects.values()) await server.close();
    await platform.close();
  };
  await Promise.all([store.head(), pool.query('SELECT 1')]).catch(async (error: unknown) => {
    await close();
    throw new Refused(
      'the platform\'s PostgreSQL or its log does not answer. Start the platform ("npm start") and do this beside it.',
      error,
    );
  });
  const [internalKey] = await container.getAsync(TOKENS.internalKeys);
  const client = (service: 'manager' | 'storage', url: string) =>
    new InternalClient({ service, url, internalKey, timeoutMs: LONG_MS });
  const secrets = await container.getAsync(TOKENS.secrets);
  const [vault, signingKeys, publicUrl] = [
    await container.getAsync(TOKENS.authSecretVault),
    await container.getAsync(TOKENS.signingKeys),
    await container.getAsync(TOKENS.publicUrl),
  ];
  return {
    ...(await container.getAsync(TOKENS.operatedPlatform)),
    pool,
    databases: await container.getAsync(TOKENS.databases),
    projections: views,
    auth: await container.getAsync(TOKENS.auth),
    mailOutbox: await container.getAsync(TOKENS.mailOutbox),
    authProject: (id) => loadAuthProject({ store, secrets, signingKeys, vault, publicUrl }, id),
    manager: client('manager', config.MANAGER_URL),
    storage: client('storage', config.STORAGE_URL),
    storageUrl: config.STORAGE_URL,
    storageDirectory: await container.getAsync(TOKENS.storageDirectory),
    close,
  };
}
