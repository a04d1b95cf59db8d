/**
 * PgBouncer comes from the system: there is no npm package of it. Where we may, we install Debian's package;
 * elsewhere we say what to type, and the platform goes on without pooling.
 */
import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { findPgbouncer } from '../process/binaries.ts';

const run = promisify(execFile);

export type PgbouncerSearch =
  | { readonly path: string; readonly advice: undefined }
  | { readonly path: undefined; readonly advice: string };

export interface PgbouncerInstallation {
  /** as in PATH */
  readonly searchPath: string;
  readonly log: (line: string) => void;
  /** default true */
  readonly mayInstall?: boolean;
}

const APT = ['apt-get', '-o', 'DPkg::Lock::Timeout=120', '-qq', '-y'];
const INSTALL_WITHIN_MS = 300_000;

/** Finds PgBouncer or installs it. Never throws: without it the platform works, only without pooling. */
export async function ensurePgbouncer(options: PgbouncerInstallation): Promise<PgbouncerSearch> {
  const { searchPath, log, mayInstall = true } = options;
  const found = await findPgbouncer(searchPath);
  if (found !== undefined) return { path: found, advice: undefined };
  const way = await wayToInstall();
  if (mayInstall && way.install) {
    log('PgBouncer is missing; installing the package "pgbouncer" ...');
    await way.install().catch((error: unknown) => {
      log(`the installation failed: ${lastLine(error)}`);
    });
  }
  const path = await findPgbouncer(searchPath);
  return path === undefined ? { path, advice: way.advice } : { path, advice: undefined };
}

interface Way {
  readonly advice: string;
  /** undefined when we may not */
  readonly install?: () => Promise<void>;
}

async function wayToInstall(): Promise<Way> {
  if (process.platform === 'darwin') {
    const advice = 'type "brew install pgbouncer" and start again';
    const brew = await firstThere(['/opt/homebrew/bin/brew', '/usr/local/bin/brew']);
    // it refuses to work for root
    if (brew === undefined || process.getuid?.() === 0) return { advice };
    const env = ['env', 'HOMEBREW_NO_AUTO_UPDATE=1'];
    return { advice, install: () => command([...env, brew, 'install', 'pgbouncer']) };
  }
  if (await isDebian()) {
    const advice = 'type "sudo apt-get install pgbouncer" and start again';
    const asRoot = await rootPrefix();
    return asRoot ? { advice, install: () => installDebianPackage(asRoot) } : { advice };
  }
  return {
    advice:
      'install PgBouncer 1.18 or later by your system\'s packages, so that "pgbouncer" is on the PATH, and start again',
  };
}

async function installDebianPackage(asRoot: readonly string[]): Promise<void> {
  // in run level 1 no service is started by an installation: the package's own would take our port
  const env = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
  const install = () => command([...env, ...APT, 'install', '--no-install-recommends', 'pgbouncer']);
  // the package list may be missing or old on a fresh machine: then bring it up to date and ask once more
  await install().catch(async () => {
    await command([...env, ...APT, 'update']);
    await install();
  });
  // we run PgBouncer ourselves. systemd does not look at the run level
  if (await firstThere(['/run/systemd/system'])) {
    await command([...asRoot, 'systemctl', 'disable', '--now', 'pgbouncer']);
  } else {
    await command([...asRoot, 'update-rc.d', 'pgbouncer', 'disable']);
  }
}

async function command([program = '', ...args]: readonly string[]): Promise<void> {
  await run(program, args, { timeout: INSTALL_WITHIN_MS, maxBuffer: 16 * 1024 * 1024 });
}

async function isDebian(): Promise<boolean> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(release);
}

/** How to become root without being asked for a password, or undefined. */
async function rootPrefix(): Promise<readonly string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  return command(['sudo', '-n', 'true']).then(
    () => ['sudo', '-n'],
    () => undefined,
  );
}

async function firstThere(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return undefined;
}

/** A failed program's message ends with what it printed. */
function lastLine(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return message.trimEnd().split('\n').at(-1) ?? '';
}
