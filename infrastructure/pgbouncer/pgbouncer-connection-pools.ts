/**
 * The pooler's entries. The desired pools are held in memory; both files are rendered whole from them, renamed
 * into place, taken up by RELOAD and verified by SHOW DATABASES: 1.18 says success even when it stopped
 * reading at a bad line. Reloads are coalesced, because each one stalls every client for a moment.
 */
import { chown, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { Unavailable } from '../../application/errors.ts';
import type { ManagedConnectionPools, Pool } from '../../application/ports/connection-pools.ts';
import type { Log } from '../../application/ports/log.ts';
import { databaseName, isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { scramVerifier } from '../crypto/scram.ts';
import { launch } from '../process/launch.ts';
import { endProcess, listPrograms } from '../process/process-table.ts';
import { SupervisedProgram } from '../process/supervised-program.ts';
import type { SystemUser } from '../process/system-user.ts';
import {
  databasesFile,
  entryLine,
  loginLine,
  mainFile,
  userlistFile,
  type PgbouncerSettings,
} from './pgbouncer-files.ts';

export interface PgbouncerOptions extends Omit<PgbouncerSettings, 'adminUser'> {
  readonly binary: string;
  readonly logFile: string;
  readonly adminPassword: string;
  readonly user: SystemUser | undefined;
  readonly log: Log;
  /** asked when no pooler was left to adopt */
  readonly beforeLaunch?: () => Promise<void>;
}

const ADMIN = 'launchdb_admin';
const MAIN = 'pgbouncer.ini';
const READY_WITHIN_MS = 10_000;
const RELOAD_EVERY_MS = 250;
const QUERY_WITHIN_MS = 5_000;
/** INT waits for clients, TERM does not */
const ENDING = [
  { signal: 'SIGTERM', waitMs: 3_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
] as const;

export class PgbouncerConnectionPools implements ManagedConnectionPools {
  readonly enabled = true;
  readonly #options: PgbouncerOptions;
  readonly #program: SupervisedProgram;
  readonly #pools = new Map<ProjectId, Pool>();
  #restored = false;
  #adminVerifier = '';
  /** the reload that has not begun yet: everybody whose change came before it waits for it */
  #next: Promise<void> | undefined;
  #current: Promise<void> = Promise.resolve();
  #lastReload = 0;

  constructor(options: PgbouncerOptions) {
    this.#options = options;
    this.#program = new SupervisedProgram({
      name: 'pgbouncer',
      log: options.log,
      find: () => this.#find(),
      launch: async () => {
        await options.beforeLaunch?.();
        const { binary, folder, logFile, user } = options;
        return launch({ command: binary, args: [this.#file(MAIN)], cwd: folder, logFile, user });
      },
      ready: (_pid, ended) => this.#untilItAnswers(ended),
      ending: ENDING,
    });
  }

  get port(): number {
    return this.#options.port;
  }

  get pid(): number | undefined {
    return this.#program.pid;
  }

  async restore(pools: readonly Pool[]): Promise<void> {
    const { folder, user, adminPassword } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (user) await chown(folder, user.uid, user.gid);
    this.#adminVerifier = await scramVerifier(adminPassword);
    this.#pools.clear();
    for (const pool of pools) this.#pools.set(pool.project, pool);
    await this.#writeMain();
    await this.#writeEntries([...this.#pools.values()]);
    this.#restored = true;
    if (this.#program.pid === undefined) await this.#start();
    await this.#reload();
  }

  async register(pool: Pool): Promise<void> {
    this.#requireRestored();
    // one that cannot be written would keep all others from being written
    databasesFile([pool], this.#options.server);
    userlistFile(pool.logins);
    this.#pools.set(pool.project, pool);
    await this.#reload();
  }

  async unregister(project: ProjectId): Promise<void> {
    this.#requireRestored();
    this.#pools.delete(project);
    await this.#reload();
  }

  /** An entry that the files have lost, or hold in another form, is not there: the next start would miss it. */
  async list(): Promise<readonly ProjectId[]> {
    const entries = await this.#administer('list the pools', servedEntries);
    const written = (await this.#read('databases.ini')) + (await this.#read('userlist.txt'));
    const whole = (project: ProjectId) => {
      const pool = this.#pools.get(project);
      if (!pool) return true;
      const lines = [entryLine(pool, this.#options.server), ...pool.logins.map(loginLine)];
      return lines.every((line) => written.includes(line));
    };
    return entries.map(({ project }) => project).filter(whole);
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }

  #requireRestored(): void {
    // files rendered from half of the pools would cut the others off
    if (!this.#restored) throw new Unavailable('change the pools before they were restored');
  }

  /** Resolves when a reload that began after this call has been verified. */
  #reload(): Promise<void> {
    this.#next ??= this.#current
      .catch(() => {})
      .then(() => pause(this.#lastReload + RELOAD_EVERY_MS - Date.now()))
      .then(() => {
        this.#current = this.#next ?? Promise.resolve();
        this.#next = undefined;
        this.#lastReload = Date.now();
        return this.#apply();
      });
    return this.#next;
  }

  async #apply(): Promise<void> {
    const pools = [...this.#pools.values()];
    const wanted = new Set(pools.map(({ project }) => project));
    // one that is lost would stop the next start; one that was changed by hand is the operator's affair until then
    if ((await this.#read(MAIN)) === '')
      await this.#write(MAIN, mainFile({ ...this.#options, adminUser: ADMIN }));
    await this.#writeEntries(pools);
    await this.#administer('have the pooler serve its entries', async (client) => {
      for (const { project } of await servedEntries(client)) {
        if (wanted.has(project)) continue;
        // cut off at once, even if the files are not taken up
        await client.query(`DISABLE ${databaseName(project)}`);
        await client.query(`KILL ${databaseName(project)}`);
      }
      await client.query('RELOAD');
      const served = await servedEntries(client);
      const taken = served.filter(({ project }) => wanted.has(project));
      if (taken.length !== wanted.size || served.length !== wanted.size) {
        throw new Error(`it serves ${taken.length} of ${wanted.size}, and ${served.length} in all`);
      }
      // cut off before, and wanted again since
      for (const { project } of taken.filter((one) => one.disabled)) {
        await client.query(`ENABLE ${databaseName(project)}`);
      }
      for (const { project } of taken.filter((one) => one.paused)) {
        await client.query(`RESUME ${databaseName(project)}`);
      }
    });
  }

  /** Its settings are read at a start only: one that runs with others is ended. */
  async #writeMain(): Promise<void> {
    const text = mainFile({ ...this.#options, adminUser: ADMIN });
    if ((await this.#read(MAIN)) === text) return;
    await this.#program.stop();
    await this.#endLeft();
    await this.#write(MAIN, text);
  }

  async #writeEntries(pools: readonly Pool[]): Promise<void> {
    const logins = [{ name: ADMIN, verifier: this.#adminVerifier }, ...pools.flatMap((pool) => pool.logins)];
    const entries = databasesFile(pools, this.#options.server);
    await this.#write('userlist.txt', userlistFile(logins));
    await this.#write('databases.ini', entries);
  }

  async #write(name: string, text: string): Promise<void> {
    const draft = this.#file(`${name}.new`);
    await writeFile(draft, text, { mode: 0o600, flush: true });
    const { user } = this.#options;
    if (user) await chown(draft, user.uid, user.gid);
    await rename(draft, this.#file(name));
  }

  #read(name: string): Promise<string> {
    return readFile(this.#file(name), 'utf8').catch(() => '');
  }

  #file(name: string): string {
    return join(this.#options.folder, name);
  }

  async #find(): Promise<number | undefined> {
    const command = `${this.#options.binary} ${this.#file(MAIN)}`;
    return (await listPrograms()).find((program) => program.command === command)?.pid;
  }

  /** One that an earlier run left and that does not answer is replaced. */
  async #start(): Promise<void> {
    await this.#program.start().catch(async (error: unknown) => {
      if (!(await this.#endLeft())) throw error;
      await this.#program.start();
    });
  }

  async #endLeft(): Promise<boolean> {
    const left = await this.#find();
    return left !== undefined && endProcess(left, ENDING);
  }

  async #administer<T>(attempted: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.#options.port,
      user: ADMIN,
      password: this.#options.adminPassword,
      database: 'pgbouncer',
      connectionTimeoutMillis: QUERY_WITHIN_MS,
      query_timeout: QUERY_WITHIN_MS,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      return await work(client);
    } catch (error) {
      throw new Unavailable(attempted, error);
    } finally {
      await client.end().catch(() => {});
    }
  }

  async #untilItAnswers(ended: AbortSignal): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    for (;;) {
      if (ended.aborted) throw new Error(`PgBouncer ended while it started; see ${this.#options.logFile}`);
      try {
        await this.#administer('reach the pooler', (client) => client.query('SHOW VERSION'));
        return;
      } catch (error) {
        // it answers and does not let us in: waiting changes nothing
        const refused = error instanceof Error && error.cause instanceof pg.DatabaseError;
        if (refused || Date.now() > deadline) throw error;
        await pause(10);
      }
    }
  }
}

const pause = (ms: number): Promise<void> =>
  ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));

interface Entry {
  readonly project: ProjectId;
  readonly disabled: boolean;
  readonly paused: boolean;
}

async function servedEntries(client: pg.Client): Promise<Entry[]> {
  const { rows } = await client.query<{ name: string; disabled: unknown; paused: unknown }>('SHOW DATABASES');
  return rows.flatMap(({ name, disabled, paused }) =>
    isProjectId(name) ? [{ project: name, disabled: Number(disabled) > 0, paused: Number(paused) > 0 }] : [],
  );
}
