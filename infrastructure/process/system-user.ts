/**
 * PostgreSQL and PgBouncer refuse to run as root. When the platform is started by root, each kind of program runs as a
 * system user of its own, made on the first start, so that code in one does not own the others; otherwise all run as
 * whoever started us.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The programs that have a user of their own. */
const KINDS = ['postgres', 'pgbouncer', 'postgrest'] as const;
export type ProgramKind = (typeof KINDS)[number];
export type SystemUsers = Readonly<Record<ProgramKind, SystemUser | undefined>>;

export const NO_USERS: SystemUsers = { postgres: undefined, pgbouncer: undefined, postgrest: undefined };

/** The file of users can be changed by one at a time only; usually all are there. */
export async function ensureSystemUsers(): Promise<SystemUsers> {
  if (process.getuid?.() !== 0) return NO_USERS;
  const [postgres, pgbouncer, postgrest] = await Promise.all(KINDS.map((kind) => findUser(nameOf(kind))));
  const users = { postgres, pgbouncer, postgrest };
  for (const kind of KINDS) users[kind] ??= await ensureSystemUser(kind);
  return users;
}

const nameOf = (kind: ProgramKind): string => `launchdb-${kind}`;

/** @returns undefined when we are not root and children simply inherit the user. */
export async function ensureSystemUser(kind: ProgramKind): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const name = nameOf(kind);
  const known = await findUser(name);
  if (known) return known;
  await run('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
    name,
  ])
    // two platforms may start at once on a new machine; the one that lost finds the user
    .catch(async (error: unknown) => {
      if (!(await findUser(name)))
        throw new Error(`cannot create the system user ${name}: run "useradd --system ${name}"`, {
          cause: error,
        });
    });
  return findUser(name);
}

/** Ours are usually in the file of users; `id` knows those that are elsewhere. */
async function findUser(name: string): Promise<SystemUser | undefined> {
  const listed = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const line = listed.split('\n').find((one) => one.startsWith(`${name}:`));
  const [, , listedUid, listedGid] = line?.split(':') ?? [];
  if (listedUid && listedGid) return { name, uid: Number(listedUid), gid: Number(listedGid) };
  const { stdout } = await run('id', [name]).catch(() => ({ stdout: '' }));
  const [, uid, gid] = /^uid=(\d+).* gid=(\d+)/.exec(stdout) ?? [];
  return uid === undefined ? undefined : { name, uid: Number(uid), gid: Number(gid) };
}
