/**
 * PostgreSQL and PgBouncer refuse to run as root. When the platform is started by root, its children run as
 * the system user `launchdb`, which is made on the first start; otherwise as whoever started it.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const NAME = 'launchdb';

/** @returns undefined when we are not root and children simply inherit the user. */
export async function ensureSystemUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const known = await findUser();
  if (known) return known;
  await run('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
    NAME,
  ])
    // two platforms may start at once on a new machine; the one that lost finds the user
    .catch(async (error: unknown) => {
      if (!(await findUser()))
        throw new Error(`cannot create the system user ${NAME}: run "useradd --system ${NAME}"`, {
          cause: error,
        });
    });
  return findUser();
}

async function findUser(): Promise<SystemUser | undefined> {
  const id = async (flag: string) => Number((await run('id', [flag, NAME])).stdout.trim());
  try {
    return { name: NAME, uid: await id('-u'), gid: await id('-g') };
  } catch {
    return undefined;
  }
}
