/**
 * Programs that come from the system, because there is no npm package of them. Where we may, we install Debian's
 * or Homebrew's package; elsewhere we say what to type.
 */
import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SystemProgram {
  /** as people call it */
  readonly title: string;
  readonly debianPackage: string;
  readonly brewPackage: string;
  /** the package starts a service by itself, which would take our port */
  readonly service?: string;
  /** a service that its other users keep, and that must not be started by us; and what its package must not set up */
  readonly asleep?: { readonly unit: string; readonly file: string; readonly text: string };
  find(searchPath: string): Promise<string | undefined>;
}

export type ProgramSearch =
  | { readonly path: string; readonly advice: undefined }
  | { readonly path: undefined; readonly advice: string };

export interface Installation {
  /** as in PATH */
  readonly searchPath: string;
  readonly log: (line: string) => void;
  /** default true */
  readonly mayInstall?: boolean;
}

const APT = ['apt-get', '-o', 'DPkg::Lock::Timeout=120', '-qq', '-y'];
const INSTALL_WITHIN_MS = 300_000;

/** Finds a program or installs it. Never throws: what is to be done without it is the caller's affair. */
export async function ensureProgram(program: SystemProgram, options: Installation): Promise<ProgramSearch> {
  const { searchPath, log, mayInstall = true } = options;
  const found = await program.find(searchPath);
  if (found !== undefined) return { path: found, advice: undefined };
  const way = await wayToInstall(program);
  if (mayInstall && way.install) {
    log(`${program.title} is missing; installing the package "${program.debianPackage}" ...`);
    await way.install().catch((error: unknown) => {
      log(`the installation failed: ${lastLine(error)}`);
    });
  }
  const path = await program.find(searchPath);
  return path === undefined ? { path, advice: way.advice } : { path, advice: undefined };
}

interface Way {
  readonly advice: string;
  /** undefined when we may not */
  readonly install?: () => Promise<void>;
}

async function wayToInstall(program: SystemProgram): Promise<Way> {
  if (process.platform === 'darwin') {
    const advice = `type "brew install ${program.brewPackage}" and start again`;
    const brew = await firstThere(['/opt/homebrew/bin/brew', '/usr/local/bin/brew']);
    // it refuses to work for root
    if (brew === undefined || process.getuid?.() === 0) return { advice };
    const env = ['env', 'HOMEBREW_NO_AUTO_UPDATE=1'];
    return { advice, install: () => command([...env, brew, 'install', program.brewPackage]) };
  }
  if (await isDebian()) {
    const advice = `type "sudo apt-get install ${program.debianPackage}" and start again`;
    const asRoot = await rootPrefix();
    return asRoot ? { advice, install: () => installAsleep(asRoot, program) } : { advice };
  }
  return {
    advice: `install ${program.title} by your system's packages and start again`,
  };
}

/** Installs with a service's unit masked and a file of settings in place, and takes both back. */
async function installAsleep(asRoot: readonly string[], program: SystemProgram): Promise<void> {
  const { asleep } = program;
  if (!asleep) return installDebianPackage(asRoot, program);
  const { unit, file, text } = asleep;
  const systemd = (await firstThere(['/run/systemd/system'])) !== undefined;
  const mask = (verb: 'mask' | 'unmask') => command([...asRoot, 'systemctl', verb, '--runtime', unit]);
  const folder = dirname(file);
  await command([...asRoot, 'mkdir', '-p', folder]);
  await command([...asRoot, 'sh', '-c', 'printf "%s\\n" "$1" >"$2"', 'sh', text, file]);
  if (systemd) await mask('mask');
  try {
    await installDebianPackage(asRoot, program);
  } finally {
    if (systemd) await mask('unmask');
    await command([...asRoot, 'rm', '-f', file]);
  }
}

/** The version that the distribution offers of a package; undefined: none, or this is no Debian. */
export async function candidateOf(debianPackage: string): Promise<string | undefined> {
  const policy = await run('apt-cache', ['policy', debianPackage]).catch(() => ({ stdout: '' }));
  return /^ *Candidate: (\d\S*)/m.exec(policy.stdout)?.[1];
}

async function installDebianPackage(
  asRoot: readonly string[],
  { debianPackage, service }: SystemProgram,
): Promise<void> {
  // in run level 1 no service is started by an installation: the package's own would take our port
  const env = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
  const install = () => command([...env, ...APT, 'install', '--no-install-recommends', debianPackage]);
  // the package list may be missing or old on a fresh machine: then bring it up to date and ask once more
  await install().catch(async () => {
    await command([...env, ...APT, 'update']);
    await install();
  });
  if (service === undefined) return;
  // we run it ourselves. systemd does not look at the run level
  if (await firstThere(['/run/systemd/system'])) {
    await command([...asRoot, 'systemctl', 'disable', '--now', service]);
  } else {
    await command([...asRoot, 'update-rc.d', service, 'disable']);
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
