/** A cluster as initdb makes it, and copies of it: a copy takes a tenth of initdb's second. */
import { execFile } from 'node:child_process';
import { chown, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { makeCluster } from '../postgres/embedded-postgres.ts';
import { findPostgres } from '../process/binaries.ts';
import { ensureSystemUser } from '../process/system-user.ts';
import { testFolder, type TestFolder } from './folder.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** the data directory of which every server of a run gets a copy */
    emptyCluster: string;
  }
}

const run = promisify(execFile);

/** the superuser's, in a copy that was given no other */
export const EMPTY_PASSWORD = 'test';

/** Settings of a server that nobody needs after a crash of the machine. */
export const NOT_DURABLE = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' } as const;

export async function makeEmptyCluster(): Promise<{ readonly dataDir: string; readonly folder: TestFolder }> {
  const folder = await testFolder();
  const dataDir = join(folder.path, 'data');
  const binaries = await findPostgres(folder.user);
  await makeCluster({ binaries, dataDir, superuserPassword: EMPTY_PASSWORD, user: folder.user });
  return { dataDir, folder };
}

/** @param password the superuser's; its folder is made when it is missing */
export async function copyCluster(empty: string, dataDir: string, password = EMPTY_PASSWORD): Promise<void> {
  const user = await ensureSystemUser('postgres');
  const home = dirname(dataDir);
  const made = await mkdir(home, { recursive: true, mode: 0o700 });
  if (user && made !== undefined) await chown(home, user.uid, user.gid);
  await run('cp', ['-a', empty, dataDir]);
  if (password === EMPTY_PASSWORD) return;
  const { postgres } = await findPostgres(user);
  const as = { cwd: dataDir, env: { PATH: '/usr/bin:/bin' }, ...(user && { uid: user.uid, gid: user.gid }) };
  const alone = run(postgres, ['--single', '-F', '-D', dataDir, 'postgres'], as);
  alone.child.stdin?.end(`ALTER ROLE postgres PASSWORD '${password}'\n`);
  await alone;
}
