/** The PostgreSQL servers of a platform under test: those that it does not start itself, and what they begin with. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import { startEmbeddedPostgres, SUPERUSER } from '../../infrastructure/postgres/embedded-postgres.ts';
import { findPostgres } from '../../infrastructure/process/binaries.ts';
import type { SupervisedProgram } from '../../infrastructure/process/supervised-program.ts';
import { ensureSystemUser } from '../../infrastructure/process/system-user.ts';
import { copyCluster, makeEmptyCluster } from '../../infrastructure/testing/empty-cluster.ts';
import { quietLog } from '../../infrastructure/testing/folder.ts';

export const superuserPassword = (masterKey: string): string =>
  derivedPassword(Buffer.from(masterKey, 'hex'), 'postgres-superuser');

/** A benchmark's own: nobody has made one for it. */
let madeOnce: Promise<string> | undefined;

async function emptyCluster(): Promise<string> {
  if (process.env['VITEST'] !== undefined) return (await import('vitest')).inject('emptyCluster');
  madeOnce ??= makeEmptyCluster().then(({ dataDir, folder }) => {
    process.once('exit', () => rmSync(folder.path, { recursive: true, force: true }));
    return dataDir;
  });
  return madeOnce;
}

/** Makes the server's folder with an empty cluster in it. */
export const putCluster = async (home: string, masterKey: string): Promise<void> =>
  copyCluster(await emptyCluster(), join(home, 'data'), superuserPassword(masterKey));

/** Started again by itself when it is killed. */
export async function startPostgres(
  home: string,
  port: number,
  masterKey: string,
  settings: Readonly<Record<string, number>>,
): Promise<SupervisedProgram> {
  const user = await ensureSystemUser('postgres');
  return startEmbeddedPostgres({
    binaries: await findPostgres(user),
    dataDir: join(home, 'data'),
    logFile: join(home, 'postgres.log'),
    port,
    superuserPassword: superuserPassword(masterKey),
    user,
    log: quietLog,
    settings,
  });
}

export const databaseUrl = (port: number, masterKey: string): string =>
  `postgres://${SUPERUSER}:${encodeURIComponent(superuserPassword(masterKey))}@127.0.0.1:${port}/postgres`;
