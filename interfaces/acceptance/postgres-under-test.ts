/** The PostgreSQL of a platform that runs in several processes: none of them starts one. */
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import { startEmbeddedPostgres, SUPERUSER } from '../../infrastructure/postgres/embedded-postgres.ts';
import { findPostgres } from '../../infrastructure/process/binaries.ts';
import type { SupervisedProgram } from '../../infrastructure/process/supervised-program.ts';
import { ensureSystemUser } from '../../infrastructure/process/system-user.ts';
import { quietLog } from '../../infrastructure/process/test-folder.ts';

export const superuserPassword = (masterKey: string): string =>
  derivedPassword(Buffer.from(masterKey, 'hex'), 'postgres-superuser');

/** Started again by itself when it is killed. */
export async function startPostgres(
  folder: string,
  port: number,
  masterKey: string,
  maxConnections: number,
): Promise<SupervisedProgram> {
  const user = await ensureSystemUser();
  const home = join(folder, 'postgres');
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (user) await chown(home, user.uid, user.gid);
  return startEmbeddedPostgres({
    binaries: await findPostgres(user),
    dataDir: join(home, 'data'),
    logFile: join(home, 'postgres.log'),
    port,
    superuserPassword: superuserPassword(masterKey),
    user,
    log: quietLog,
    settings: { max_connections: maxConnections },
  });
}

export const databaseUrl = (port: number, masterKey: string): string =>
  `postgres://${SUPERUSER}:${encodeURIComponent(superuserPassword(masterKey))}@127.0.0.1:${port}/postgres`;
