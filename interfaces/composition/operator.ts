/** What the operator's command works with: the log, the views and the cluster of a platform that runs beside it. */
import { resolve } from 'node:path';
import type pg from 'pg';
import { Refused } from '../../application/errors.ts';
import type { Databases } from '../../application/ports/databases.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { Ids } from '../../application/ports/ids.ts';
import type { Secrets } from '../../application/ports/secrets.ts';
import { readMasterKey } from '../../infrastructure/process/data-directory.ts';
import type { Projection } from '../../projections/projection.ts';
import type { Config } from '../config.ts';
import { compose } from './compose.ts';
import { pinoLog } from './log.ts';
import { TOKENS } from './tokens.ts';
import { views } from './views.ts';

export interface Operator {
  readonly store: EventStore;
  readonly pool: pg.Pool;
  readonly ids: Ids;
  readonly databases: Databases;
  readonly secrets: Secrets;
  readonly views: readonly Projection[];
  /** the limit of projects that have none of their own; 0: none */
  readonly projectDatabaseSizeMb: number;
  /** Asks the running platform's manager. @throws {Refused} it does not answer, or says no */
  manager<T>(method: 'GET' | 'POST', path: string): Promise<T>;
  /** Asks the running platform's migrations service. @throws {Refused} it does not answer, or says no */
  migrations<T>(method: 'GET' | 'POST', path: string): Promise<T>;
  close(): Promise<void>;
}

/** @throws {Refused} there is no such platform, or its PostgreSQL does not run */
export async function openOperator(config: Config): Promise<Operator> {
  const path = resolve(config.LAUNCHDB_DATA_DIR);
  const masterKey = await readMasterKey(path, config.LAUNCHDB_MASTER_KEY);
  const directory = { path, masterKey, release: () => Promise.resolve() };
  const log = pinoLog({ level: 'silent' });
  const container = compose(
    { config, log, searchPath: '', tell: () => {} },
    // the template is the migrations service's
    { directory, user: undefined, pgbouncer: undefined, template: { folder: '', version: 0 } },
  );
  const [store, pool, server] = [
    await container.getAsync(TOKENS.store),
    await container.getAsync(TOKENS.platformPool),
    await container.getAsync(TOKENS.server),
  ];
  const close = async () => {
    await store.close();
    await pool.end();
    await server.close();
  };
  await Promise.all([store.head(), pool.query('SELECT 1')]).catch(async (error: unknown) => {
    await close();
    throw new Refused(
      'the platform\'s PostgreSQL or its log does not answer. Start the platform ("npm start") and do this beside it.',
      error,
    );
  });
  const [key] = await container.getAsync(TOKENS.internalKeys);
  return {
    store,
    pool,
    ids: await container.getAsync(TOKENS.ids),
    databases: await container.getAsync(TOKENS.databases),
    secrets: await container.getAsync(TOKENS.secrets),
    views,
    projectDatabaseSizeMb: config.PROJECT_DATABASE_SIZE_MB,
    manager: (method, at) => ask('manager', `${config.MANAGER_URL}${at}`, method, key),
    migrations: (method, at) => ask('migrations service', `${config.MIGRATIONS_URL}${at}`, method, key),
    close,
  };
}

async function ask<T>(whom: string, url: string, method: string, key: string): Promise<T> {
  const answer = await fetch(url, { method, headers: { 'x-internal-api-key': key } }).catch(
    (error: unknown) => {
      throw new Refused(
        `the platform's ${whom} does not answer. Start the platform ("npm start") and do this beside it.`,
        error,
      );
    },
  );
  if (!answer.ok)
    throw new Refused(`the ${whom} answered ${answer.status} to ${method} ${new URL(url).pathname}`);
  return (await answer.json()) as T;
}
