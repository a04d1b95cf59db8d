/** Runs the real platform as a process of its own, on ports and a folder of its own, and talks to it as a client. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { testPort } from '../../infrastructure/testing/port.ts';
import { openDataDirectory } from '../../infrastructure/process/data-directory.ts';
import { PLATFORM_DATABASE } from '../../infrastructure/postgres/platform-database.ts';
import { listPrograms, signal } from '../../infrastructure/process/process-table.ts';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import type { SupervisedProgram } from '../../infrastructure/process/supervised-program.ts';
import { ContainersUnderTest } from './containers-under-test.ts';
import { databaseUrl, putCluster, startPostgres, superuserPassword } from './postgres-under-test.ts';
import { ProcessUnderTest } from './process-under-test.ts';

const root = join(import.meta.dirname, '..', '..');
/** Of this file's platforms: to a Docker engine that they share with others it says whose containers are whose. */
export const MASTER_KEY = randomBytes(32).toString('hex');

const SERVERS = ['postgres', 'platform-postgres'] as const;
type Server = (typeof SERVERS)[number];

export interface Disturbance {
  /** every provision fails at its last step */
  readonly refuseProbe?: boolean;
}

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** What a platform in several processes consists of, in the order in which docker-compose.yml starts them. */
export const SEPARATE = [
  'migrations',
  'worker',
  'platform',
  'manager',
  'auth',
  'storage',
  'gateway',
] as const;

/**
 * Its shape is the environment's: ACCEPTANCE_SHAPE=separate is one process for each role, ACCEPTANCE_STORE=esdb
 * keeps the log in a server of EventStoreDB's protocol, ACCEPTANCE_RUNTIME=docker has REST APIs in containers,
 * ACCEPTANCE_ROUTE=direct has them go straight to PostgreSQL.
 */
export class PlatformUnderTest {
  readonly folder: string;
  readonly environment: Record<string, string>;
  readonly url: string;
  readonly separate = process.env['ACCEPTANCE_SHAPE'] === 'separate';
  output = '';
  #processes: ProcessUnderTest[] = [];
  /** the one that crashes, when it was told to */
  #crashing: ProcessUnderTest | undefined;
  #postgres: readonly SupervisedProgram[] = [];
  #eventStoreDb: ChildProcess | undefined;
  #containers: ContainersUnderTest | undefined;

  private constructor(folder: string, environment: Record<string, string>) {
    this.folder = folder;
    this.environment = environment;
    this.url = `http://127.0.0.1:${environment['GATEWAY_PORT']}`;
  }

  static async create(more: Readonly<Record<string, string>> = {}): Promise<PlatformUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), 'launchdb-e2e-'));
    await chmod(folder, 0o755);
    const ports = ['GATEWAY', 'PLATFORM', 'MANAGER', 'MIGRATIONS', 'AUTH', 'STORAGE', 'WORKER', 'PGBOUNCER'];
    const environment: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      // hundreds of starts: half of each would be compiling the same sources
      NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'launchdb-acceptance'),
      LAUNCHDB_DATA_DIR: join(folder, 'data'),
      LAUNCHDB_MASTER_KEY: MASTER_KEY,
      LOG_LEVEL: 'debug',
      // benchmarks fill the platform with one owner's
      MAX_PROJECTS_PER_OWNER: '0',
      // but where a test is about them: what there is and what it costs is counted
      SPARE_PROJECTS: '0',
      DATA_API_ROUTE: process.env['ACCEPTANCE_ROUTE'] ?? 'pooler',
      ...more,
    };
    for (const name of [...ports, 'POSTGRES', 'PLATFORM_POSTGRES'])
      environment[`${name}_PORT`] = String(await testPort());
    const platform = new PlatformUnderTest(folder, environment);
    if (platform.separate) {
      environment['DATABASE_URL'] = databaseUrl(Number(environment['POSTGRES_PORT']), MASTER_KEY);
      const platformPort = Number(environment['PLATFORM_POSTGRES_PORT']);
      environment['PLATFORM_DATABASE_URL'] = databaseUrl(platformPort, MASTER_KEY);
      environment['LAUNCHDB_DATA_DIR'] = join(folder, 'data', 'manager');
    }
    if (process.env['ACCEPTANCE_RUNTIME'] === 'docker') {
      // not at the top: benchmarks use this file, too
      const { inject } = await import('vitest');
      platform.#containers = new ContainersUnderTest(inject('dockerHost'));
      Object.assign(environment, platform.#containers.variables);
    }
    if (platform.#startsPostgres) await platform.#putClusters();
    const named = environment['EVENT_STORE_URL'] !== undefined;
    if (process.env['ACCEPTANCE_STORE'] === 'esdb' && !named) await platform.#startEventStoreDb();
    return platform;
  }

  /**
   * As a later release with another project template where the environment has TEMPLATE_DIR, with another server for
   * projects where it has SECOND_SERVER: then it can only be killed.
   * @param disturbed starts it as `crashing-main.ts` does, so that {@link crashAt} can be used
   * @param oneByOne of several processes each begins when the one before it is ready
   */
  async start(disturbed?: Disturbance, oneByOne = false): Promise<void> {
    const heard = (text: string) => (this.output += text);
    const other = 'interfaces/acceptance/crashing-main.ts';
    const isOther = ['TEMPLATE_DIR', 'SECOND_SERVER'].some((name) => this.environment[name] !== undefined);
    const usual = isOther ? other : 'interfaces/main.ts';
    const entry = disturbed === undefined ? usual : other;
    const disturbance = { ...(disturbed?.refuseProbe && { REFUSE_PROBE: 'yes' }) };
    if (this.separate) {
      if (this.#postgres.length === 0) this.#postgres = await this.#startServers();
      this.#processes = [];
      for (const role of SEPARATE) {
        // processes are the worker's
        const one =
          role === 'worker'
            ? new ProcessUnderTest(entry, { ...this.#variables(role), ...disturbance }, heard)
            : new ProcessUnderTest(usual, this.#variables(role), heard);
        this.#processes.push(one);
        if (oneByOne) await one.ready();
      }
    } else {
      this.#processes = [new ProcessUnderTest(entry, { ...this.environment, ...disturbance }, heard)];
    }
    this.#crashing = undefined;
    await Promise.all(this.#processes.map((one) => one.ready()));
  }

  /** It ends itself with SIGKILL when it comes to this point: `process/step/direction/moment`. */
  async crashAt(point: string): Promise<void> {
    this.#crashing = this.#processes[this.separate ? SEPARATE.indexOf('worker') : 0];
    await this.#crashing?.tell(point);
  }

  get running(): boolean {
    return this.#processes.length > 0 && this.#processes.every((one) => one.running);
  }

  #variables(role: (typeof SEPARATE)[number]): Record<string, string> {
    return {
      ...this.environment,
      LAUNCHDB_ROLES: role,
      LAUNCHDB_DATA_DIR: join(this.folder, 'data', role),
      // as in docker-compose.yml: they reach projects by the pooler alone
      ...((role === 'auth' || role === 'storage') && { DATABASE_URL: '' }),
    };
  }

  /**
   * Another platform with the same variables but for `changed`; resolves when it has ended.
   * @param endAfterMs SIGTERM comes after this long
   */
  async startSecond(
    changed: Readonly<Record<string, string>> = {},
    endAfterMs?: number,
  ): Promise<{ code: number | null; output: string }> {
    const child = spawn(process.execPath, ['interfaces/main.ts'], {
      cwd: root,
      env: { ...this.environment, ...changed },
    });
    if (endAfterMs !== undefined) setTimeout(() => child.kill('SIGTERM'), endAfterMs);
    return this.#outcome(child);
  }

  /** The operator's command, with this platform's variables; resolves when it has ended. */
  async launchdb(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
    return this.#outcome(this.launchdbProcess(...args));
  }

  /** What the first start showed; of a platform in several processes, which shows none, one that the command makes. */
  async operatorToken(): Promise<string> {
    const shown = /shown this once: (ldo_[\w-]{43})\n/.exec(this.output)?.[1];
    if (shown !== undefined && !this.separate) return shown;
    const { output } = await this.launchdb('operator-token');
    const made = /^(ldo_[\w-]{43})$/m.exec(output)?.[1];
    if (made === undefined) throw new Error(`no operator's token: ${output}`);
    return made;
  }

  /** The same, running. */
  launchdbProcess(...args: readonly string[]): ChildProcess {
    return spawn(process.execPath, ['interfaces/cli/launchdb.ts', ...args], {
      cwd: root,
      env: { ...this.environment },
    });
  }

  async #outcome(child: ChildProcess): Promise<{ code: number | null; output: string }> {
    let output = '';
    child.stdout?.on('data', (text: Buffer) => (output += text.toString()));
    child.stderr?.on('data', (text: Buffer) => (output += text.toString()));
    await once(child, 'close');
    return { code: child.exitCode, output };
  }

  /** Where the platform keeps its log: in its own PostgreSQL, or in a server of EventStoreDB's protocol. */
  get store(): 'postgres' | 'esdb' {
    return this.#eventStoreDb ? 'esdb' : 'postgres';
  }

  /** A process of its own: it outlives whatever the tests do to the platform. */
  async #startEventStoreDb(): Promise<void> {
    const entry = 'infrastructure/testing/esdb-server/run-esdb-server.ts';
    const child = spawn(process.execPath, [entry, String(await testPort())], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#eventStoreDb = child;
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    // as a cluster is named, by all of its nodes
    this.environment['EVENT_STORE_URL'] = line
      .toString()
      .trim()
      .replace(/^ready esdb:\/\/([^?]+)/, 'esdb://$1,$1');
  }

  /** of the process that keeps files: the manager's, where it is one of several */
  get dataDir(): string {
    return this.environment['LAUNCHDB_DATA_DIR'] ?? '';
  }

  get pids(): readonly number[] {
    return this.#processes.map(({ pid }) => pid);
  }

  /** One that was to crash takes all the others with it, as a machine does. */
  async ended(): Promise<void> {
    if (this.#crashing) {
      await this.#crashing.ended();
      for (const one of this.#processes) one.signal('SIGKILL');
    }
    await Promise.all(this.#processes.map((one) => one.ended()));
  }

  async kill(): Promise<void> {
    for (const one of this.#processes) one.signal('SIGKILL');
    await this.ended();
  }

  /** Ends the process that has this role as nobody of ours would, and starts it again: all of it, where it is one process. */
  async killAndRestart(role: (typeof SEPARATE)[number]): Promise<void> {
    if (!this.separate) {
      await this.kill();
      return this.start();
    }
    const at = SEPARATE.indexOf(role);
    this.#processes[at]?.signal('SIGKILL');
    await this.#processes[at]?.ended();
    const again = new ProcessUnderTest(
      'interfaces/main.ts',
      this.#variables(role),
      (text) => (this.output += text),
    );
    this.#processes[at] = again;
    await again.ready();
  }

  /** @returns the exit code, of several processes the largest; null when one was killed */
  async stop(): Promise<number | null> {
    for (const one of this.#processes) one.signal('SIGTERM');
    await this.ended();
    await this.#stopServers();
    const codes = this.#processes.map(({ exitCode }) => exitCode);
    return codes.includes(null) ? null : Math.max(...codes.map(Number));
  }

  /** Stops it, whatever state it is in, and everything that it started. */
  async close(): Promise<void> {
    await this.kill();
    await this.#stopServers();
    this.#eventStoreDb?.kill('SIGKILL');
    for (const { pid } of await this.programs('')) signal(pid, 'SIGKILL');
    await this.#containers?.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Programs that run on this platform's folder. */
  async programs(name: string): Promise<readonly { pid: number; command: string }[]> {
    return (await listPrograms()).filter(
      ({ command }) => command.includes(`${this.folder}/`) && command.includes(name),
    );
  }

  /** This machine's address as projects' REST APIs see it. */
  async addressForProjects(): Promise<string> {
    return this.#containers ? this.#containers.machine() : '127.0.0.1';
  }

  /** Ends a project's REST API, or those of all, as nobody of ours would. */
  async killDataApis(project = ''): Promise<void> {
    if (this.#containers) return this.#containers.kill(project === '' ? undefined : project);
    for (const { pid } of await this.programs(`${project}.conf`)) signal(pid, 'SIGKILL');
  }

  #dataApis(project: string): Promise<readonly unknown[]> {
    return this.#containers?.names(project) ?? this.programs(`${project}.conf`);
  }

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer<T>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
        ...(options.body !== undefined && { 'content-type': 'application/json' }),
        // a project in a container takes a loaded machine longer than what is waited for by default
        ...(method === 'POST' && { prefer: 'wait=60' }),
        ...options.headers,
      },
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as T,
    };
  }

  /** A new owner's access token. */
  async owner(name: string, invite?: string): Promise<string> {
    const email = `${name}@example.com`;
    const body = { email, password: 'correct horse battery staple', ...(invite !== undefined && { invite }) };
    const made = await this.call('POST', '/api/owners/signup', { body });
    if (made.status !== 201) throw new Error(`no account: ${JSON.stringify(made.body)}`);
    return this.login(name);
  }

  async login(name: string): Promise<string> {
    const body = { email: `${name}@example.com`, password: 'correct horse battery staple' };
    const answer = await this.call<{ access_token: string }>('POST', '/api/owners/login', { body });
    return answer.body.access_token;
  }

  /** One of our own, or of this harness: not somebody else's. */
  get #startsPostgres(): boolean {
    return this.separate || this.environment['DATABASE_URL'] === undefined;
  }

  /** As initdb made them: hundreds of platforms would spend half of their first start on it. */
  async #putClusters(): Promise<void> {
    if (!this.separate) await (await openDataDirectory(this.dataDir, MASTER_KEY)).release();
    for (const home of SERVERS) await putCluster(this.serverFolder(home), MASTER_KEY);
  }

  async #startServers(): Promise<SupervisedProgram[]> {
    const start = (server: Server, settings: Readonly<Record<string, number>>) =>
      startPostgres(this.serverFolder(server), this.#portOf(server), MASTER_KEY, settings);
    const most = Number(this.environment['POSTGRES_MAX_CONNECTIONS'] ?? 800);
    return Promise.all([
      // as in docker-compose.yml
      start('postgres', { max_connections: most, superuser_reserved_connections: 40 }),
      start('platform-postgres', { max_connections: 150 }),
    ]);
  }

  async #stopServers(): Promise<void> {
    await Promise.all(this.#postgres.map((server) => server.stop()));
    this.#postgres = [];
  }

  /** of the projects' PostgreSQL, or of the platform's own */
  serverFolder(server: Server): string {
    return join(this.separate ? this.folder : this.dataDir, server);
  }

  #portOf(server: Server): number {
    return Number(this.environment[server === 'postgres' ? 'POSTGRES_PORT' : 'PLATFORM_POSTGRES_PORT']);
  }

  /** How a superuser reaches a database: of projects, or the platform's own on its server. */
  superuser(database = 'postgres'): pg.ClientConfig {
    return {
      host: '127.0.0.1',
      port: this.#portOf(database === PLATFORM_DATABASE ? 'platform-postgres' : 'postgres'),
      user: 'postgres',
      password: superuserPassword(MASTER_KEY),
      database,
    };
  }

  /** A superuser's query. */
  async sql<Row extends pg.QueryResultRow>(
    text: string,
    values: unknown[] = [],
    database = 'postgres',
  ): Promise<Row[]> {
    const client = new pg.Client(this.superuser(database));
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** How many of each resource a project has in the real world. */
  async resources(
    project: string,
  ): Promise<{ databases: number; roles: number; pools: number; postgrests: number }> {
    const [databases, roles, pools, programs] = await Promise.all([
      this.sql('SELECT 1 FROM pg_database WHERE datname = $1', [project]),
      this.sql('SELECT 1 FROM pg_roles WHERE rolname LIKE $1', [`${project}\\_%`]),
      this.#pools(),
      this.#dataApis(project),
    ]);
    return {
      databases: databases.length,
      roles: roles.length,
      pools: pools.filter((name) => name === project).length,
      postgrests: programs.length,
    };
  }

  async #pools(): Promise<string[]> {
    const client = new pg.Client({
      host: this.environment['PGBOUNCER_HOST'] ?? join(this.dataDir, 'pooler-socket'),
      port: Number(this.environment['PGBOUNCER_PORT']),
      user: 'launchdb_admin',
      password: derivedPassword(Buffer.from(MASTER_KEY, 'hex'), 'pgbouncer-admin'),
      database: 'pgbouncer',
    });
    await client.connect();
    try {
      return (await client.query<{ name: string }>('SHOW DATABASES')).rows.map(({ name }) => name);
    } finally {
      await client.end();
    }
  }
}
