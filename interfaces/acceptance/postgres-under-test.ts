/** The PostgreSQL servers of a platform under test: those that it does not start itself, and what they begin with. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import {
  makeCluster,
  startEmbeddedPostgres,
  SUPERUSER,
} from '../../infrastructure/postgres/embedded-postgres.ts';
import { findPostgres } from '../../infrastructure/process/binaries.ts';
import type { SupervisedProgram } from '../../infrastructure/process/supervised-program.ts';
import { ensureSystemUser } from '../../infrastructure/process/system-user.ts';
import { quietLog, testFolder } from '../../infrastructure/testing/folder.ts';

const run = promisify(execFile);

export const superuserPassword = (masterKey: string): string =>
  derivedPassword(Buffer.from(masterKey, 'hex'), 'postgres-superuser');

/** Of a test file's platforms: initdb takes as long as the rest of a first start. */
let madeOnce: Promise<string> | undefined;

async function emptyCluster(masterKey: string): Promise<string> {
  const folder = await testFolder();
  process.once('exit', () => rmSync(folder.path, { recursive: true, force: true }));
  const dataDir = join(folder.path, 'data');
  const binaries = await findPostgres(folder.user);
  await makeCluster({
    binaries,
    dataDir,
    superuserPassword: superuserPassword(masterKey),
    user: folder.user,
  });
  return dataDir;
}

/** Makes the server's folder with an empty cluster in it. */
export async function putCluster(home: string, masterKey: string): Promise<void> {
  const user = await ensureSystemUser('postgres');
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (user) await chown(home, user.uid, user.gid);
  madeOnce ??= emptyCluster(masterKey);
  await run('cp', ['-a', await madeOnce, join(home, 'data')]);
}

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
