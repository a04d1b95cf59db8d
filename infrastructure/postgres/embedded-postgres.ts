/**
 * A PostgreSQL of our own: made by initdb in the data directory, run as a process of its own, by the system's binaries
 * or the npm package's. Of that package only these are used: its JavaScript neither adopts a server that outlived us nor
 * bounds its stop.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Log } from '../../application/ports/log.ts';
import type { PostgresBinaries } from '../process/binaries.ts';
import { clearLeftovers } from './leftovers.ts';
import { launch } from '../process/launch.ts';
import { listPrograms } from '../process/process-table.ts';
import { SupervisedProgram } from '../process/supervised-program.ts';
import type { SystemUser } from '../process/system-user.ts';
import { ScramClient } from './scram-client.ts';

const run = promisify(execFile);

export interface Cluster {
  readonly binaries: PostgresBinaries;
  /** the server's folder; made when it is missing */
  readonly dataDir: string;
  readonly superuserPassword: string;
  readonly user: SystemUser | undefined;
}

export interface EmbeddedPostgresOptions extends Cluster {
  readonly logFile: string;
  readonly port: number;
  readonly log: Log;
  readonly settings?: Readonly<Record<string, string | number>>;
  /** of its unix socket, closed to everybody but those who may use it; none: it has none */
  readonly socketFolder?: string;
  /** this machine's address on a network whose members may log in, but for the superuser */
  readonly alsoFrom?: { readonly gateway: string; readonly subnet: string };
  /** asked when no server was left to adopt */
  readonly beforeLaunch?: () => Promise<void>;
}

export const SUPERUSER = 'postgres';
const READY_WITHIN_MS = 60_000;
/** one that says that it is starting is at work: after a crash it writes what it had not written, and whoever ends it begins anew */
const RECOVERED_WITHIN_MS = 600_000;
const STARTING = '57P03';
const WRONG_PASSWORD = '28P01';

/** Statements are never logged: CREATE ROLE carries password verifiers. */
const SETTINGS = {
  listen_addresses: "'127.0.0.1'",
  unix_socket_directories: "''",
  max_connections: 500,
  superuser_reserved_connections: 10,
  shared_buffers: "'128MB'",
  password_encryption: "'scram-sha-256'",
  log_statement: "'none'",
  log_min_error_statement: "'panic'",
  log_min_messages: "'warning'",
  // without the values that a DETAIL has
  log_error_verbosity: "'terse'",
  log_parameter_max_length: 0,
  log_parameter_max_length_on_error: 0,
  log_line_prefix: "'%m [%p] %d '",
  max_wal_size: "'1GB'",
  temp_file_limit: "'2GB'",
  // after a crash every file is flushed, 300 of each database: one by one that takes minutes where there are hundreds
  ...(process.platform === 'linux' && { recovery_init_sync_method: 'syncfs' }),
  // only the system's builds have it; it costs each session tens of megabytes at its first larger query
  jit: 'off',
} as const;

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<SupervisedProgram> {
  if (!(await exists(join(options.dataDir, 'PG_VERSION')))) await makeCluster(options);
  await writeConfiguration(options);
  const args = ['-D', options.dataDir];
  const program = new SupervisedProgram({
    name: 'postgres',
    log: options.log,
    find: async () => {
      // backends rename themselves ("postgres: ..."), so who has this command line is the postmaster: of these binaries,
      // or of those that an earlier start took
      const found = (await listPrograms()).find(({ command }) =>
        command.endsWith(`/postgres -D ${options.dataDir}`),
      );
      return found && (await runsOn(options)) ? found.pid : undefined;
    },
    launch: async () => {
      await options.beforeLaunch?.();
      await clearLeftovers(options.dataDir, socketOf(options));
      return launch({
        command: options.binaries.postgres,
        args,
        cwd: options.dataDir,
        logFile: options.logFile,
        user: options.user,
      });
    },
    ready: (_pid, signal) => untilItAnswers(options, signal),
    // INT is PostgreSQL's fast stop, QUIT the immediate one
    ending: [
      { signal: 'SIGINT', waitMs: 10_000 },
      { signal: 'SIGQUIT', waitMs: 5_000 },
      { signal: 'SIGKILL', waitMs: 2_000 },
    ],
  });
  await program.start();
  return program;
}

/** By initdb, under a temporary name: a crash in between leaves no half of one. */
export async function makeCluster(options: Cluster): Promise<void> {
  const draft = `${options.dataDir}.initdb`;
  const passwordFile = `${options.dataDir}.password`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  await writeFile(passwordFile, options.superuserPassword, { mode: 0o600 });
  const { user } = options;
  if (user) for (const path of [draft, passwordFile]) await chown(path, user.uid, user.gid);
  const locale = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';
  try {
    await run(
      options.binaries.initdb,
      [
        '-D',
        draft,
        '-U',
        SUPERUSER,
        '--pwfile',
        passwordFile,
        '-A',
        'scram-sha-256',
        '-E',
        'UTF8',
        `--locale=${locale}`,
        '--no-instructions',
      ],
      { cwd: draft, env: { PATH: '/usr/bin:/bin' }, ...(user && { uid: user.uid, gid: user.gid }) },
    );
    await rename(draft, options.dataDir);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function writeConfiguration(options: EmbeddedPostgresOptions): Promise<void> {
  const { socketFolder: folder, alsoFrom } = options;
  const settings = {
    ...SETTINGS,
    ...(folder !== undefined && { unix_socket_directories: quoted(`"${folder.replaceAll('"', '""')}"`) }),
    ...(alsoFrom && { listen_addresses: quoted(`127.0.0.1,${alsoFrom.gateway}`) }),
    port: options.port,
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  const own = join(options.dataDir, 'launchdb.conf');
  const main = join(options.dataDir, 'postgresql.conf');
  await writeFile(
    own,
    `# written at every start; put your own settings into postgresql.conf below the include\n${lines.join('')}`,
  );
  if (options.user) await chown(own, options.user.uid, options.user.gid);
  const text = await readFile(main, 'utf8');
  if (!text.includes("include 'launchdb.conf'")) await writeFile(main, `${text}\ninclude 'launchdb.conf'\n`);
  await letIn(options);
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const OURS = '# launchdb: containers of REST APIs\n';
const OURS_WITH_LINES = new RegExp(`${OURS}(?:host all .*\n){2}`);

/** Below what initdb and the operator have written, so that theirs goes before it. */
async function letIn({ dataDir, alsoFrom }: EmbeddedPostgresOptions): Promise<void> {
  const file = join(dataDir, 'pg_hba.conf');
  const text = await readFile(file, 'utf8');
  const theirs = text.replace(OURS_WITH_LINES, '');
  const lines = alsoFrom
    ? `${OURS}host all ${SUPERUSER} ${alsoFrom.subnet} reject\nhost all all ${alsoFrom.subnet} scram-sha-256\n`
    : '';
  if (theirs + lines !== text) await writeFile(file, theirs + lines);
}

const socketOf = ({ socketFolder: folder, port }: EmbeddedPostgresOptions): string | undefined =>
  folder && socketIn(folder, port);

/** As PostgreSQL names it in its folder. */
const socketIn = (folder: string, port: number): string => join(folder, `.s.PGSQL.${port}`);

/** Asked for when it has started: one that an earlier release left running has no socket. */
export const hasSocketIn = (folder: string, port: number): boolean => existsSync(socketIn(folder, port));

/** A server that was left running is adopted only on the port that we want now. */
async function runsOn(options: EmbeddedPostgresOptions): Promise<boolean> {
  const lines = (await readFile(join(options.dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return Number(lines[3]) === options.port;
}

async function untilItAnswers(options: EmbeddedPostgresOptions, signal: AbortSignal): Promise<void> {
  const from = performance.now();
  for (;;) {
    if (signal.aborted) throw new Error(`PostgreSQL ended while it started; see ${options.logFile}`);
    const client = new ScramClient({
      host: '127.0.0.1',
      port: options.port,
      user: SUPERUSER,
      password: options.superuserPassword,
      database: 'postgres',
      connectionTimeoutMillis: 5_000,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      const waitedMs = performance.now() - from;
      if (waitedMs >= waitsFor(error)) throw error;
      // each time is a line of its log
      await new Promise((resolve) => setTimeout(resolve, Math.min(10 + waitedMs / 50, 250)));
    }
  }
}

/** @returns for how long, in ms, a server that answers so may become ready */
export function waitsFor(error: unknown): number {
  const { code } = error as { readonly code?: unknown };
  // it answers, but the password is not ours: waiting changes nothing
  if (code === WRONG_PASSWORD) return 0;
  return code === STARTING ? RECOVERED_WITHIN_MS : READY_WITHIN_MS;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
