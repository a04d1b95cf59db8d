/** What the machine gives: the data directory with its key, the user that programs run as, the programs. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Refused } from '../../application/errors.ts';
import { latestTemplateVersion, PROJECT_MIGRATIONS } from '../../infrastructure/postgres/project-template.ts';
import { ensureProgram } from '../../infrastructure/process/install-program.ts';
import { withoutCoreDumps } from '../../infrastructure/process/core-dumps.ts';
import { PGBOUNCER } from '../../infrastructure/process/system-programs.ts';
import { canEnter } from '../../infrastructure/process/binaries.ts';
import { openDataDirectory, type DataDirectory } from '../../infrastructure/process/data-directory.ts';
import {
  ensureSystemUsers,
  NO_USERS,
  type ProgramKind,
  type SystemUser,
  type SystemUsers,
} from '../../infrastructure/process/system-user.ts';
import { takeOver } from '../../infrastructure/process/take-over.ts';
import type { ObjectStore } from '../../application/ports/object-store.ts';
import type { Lifecycle } from './lifecycle.ts';
import { openObjectStore } from './open-object-store.ts';
import type { PlatformOptions } from './platform-options.ts';

export interface Machine {
  readonly directory: DataDirectory;
  /** of programs; undefined: they run as whoever started us */
  readonly users: SystemUsers;
  /** the pooler's program; undefined: there is none, and projects connect directly */
  readonly pgbouncer: string | undefined;
  /** the project template's files, up to the newest */
  readonly template: { readonly folder: URL | string; readonly version: number };
  /** of projects; undefined: they are another process's affair */
  readonly files: ObjectStore | undefined;
}

/** @throws {Refused} the data directory cannot be used; nothing was changed then */
export async function prepareMachine(options: PlatformOptions, lifecycle: Lifecycle): Promise<Machine> {
  const { config, tell, searchPath } = options;
  const isManager = config.LAUNCHDB_ROLES.includes('manager');
  // only what the manager starts runs as those users
  const users = isManager ? await ensureSystemUsers() : NO_USERS;
  await withoutCoreDumps();
  let directory: DataDirectory | undefined;
  await lifecycle.start({
    name: 'data-directory',
    start: async () =>
      (directory = await openDataDirectory(resolve(config.LAUNCHDB_DATA_DIR), config.LAUNCHDB_MASTER_KEY)),
    stop: async () => directory?.release(),
    stopWithinMs: 1_000,
  });
  if (!directory) throw new Error('no data directory');
  for (const user of Object.values(users)) if (user) await requireEntrance(directory.path, user);
  // PGBOUNCER_HOST: somebody else runs it
  const runsPooler = isManager && config.PGBOUNCER_HOST === undefined;
  const pgbouncer = runsPooler ? await findPooler(tell, searchPath) : undefined;
  const folder = options.templateFolder ?? PROJECT_MIGRATIONS;
  const template = { folder, version: await latestTemplateVersion(folder) };
  const files = config.LAUNCHDB_ROLES.includes('storage')
    ? await openObjectStore(config, directory.path)
    : undefined;
  return { directory, users, pgbouncer, template, files };
}

async function findPooler(tell: (line: string) => void, searchPath: string): Promise<string | undefined> {
  const found = await ensureProgram(PGBOUNCER, { searchPath, log: tell });
  if (found.path === undefined) {
    tell(`PgBouncer is not installed: going on without pooled connections. To have them, ${found.advice}.`);
  }
  return found.path;
}

/** A folder that programs of a kind write to: their user's, also when it was another one's in an earlier release. */
export async function childFolder(
  { directory, users }: Machine,
  name: string,
  kind: ProgramKind,
): Promise<string> {
  const folder = join(directory.path, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const user = users[kind];
  if (user) await takeOver(folder, user);
  return folder;
}

async function requireEntrance(path: string, user: SystemUser): Promise<void> {
  if (await canEnter(join(path, 'child'), user)) return;
  throw new Refused(
    `${path} cannot be entered by the system user "${user.name}", which PostgreSQL runs as. ` +
      'Set LAUNCHDB_DATA_DIR to a folder that others may enter, such as /var/lib/launchdb/data.',
  );
}
