/**
 * The bare sum: a copy of the platform's template database, and a PostgREST on it that nobody looks after. What the platform
 * does so that a REST API starts sooner is taken out of the copy (docs/decisions/0100).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { templateName } from '../../infrastructure/postgres/project-template.ts';
import { findPostgrest } from '../../infrastructure/process/binaries.ts';
import { testPort } from '../../infrastructure/testing/port.ts';
import type { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import { httpStatus } from './http-status.ts';

const READY_WITHIN_MS = 60_000;
/** as many copies may be made at once */
const SESSIONS = 20;
const BARE_TEMPLATE = 'bare_template';
/** as PostgreSQL has it */
const TIME_ZONE_NAMES = `SET allow_system_table_mods = on; CREATE OR REPLACE VIEW pg_catalog.pg_timezone_names AS
  SELECT name, abbrev, utc_offset, is_dst FROM pg_timezone_names()`;
let copies = 0;

export class BareProjects {
  readonly #platform: PlatformUnderTest;
  readonly #sessions: pg.Pool;
  readonly #template: string;
  readonly #program: string;
  readonly #folder: string;
  #running: ChildProcess[] = [];

  private constructor(
    platform: PlatformUnderTest,
    sessions: pg.Pool,
    given: readonly [string, string, string],
  ) {
    this.#platform = platform;
    this.#sessions = sessions;
    [this.#template, this.#program, this.#folder] = given;
  }

  static async on(platform: PlatformUnderTest): Promise<BareProjects> {
    const sessions = new pg.Pool({ ...platform.superuser(), max: SESSIONS, idleTimeoutMillis: 0 });
    // the platform's server may be stopped meanwhile
    sessions.on('error', () => {});
    const { rows } = await sessions.query<{ name: string }>(
      'SELECT datname AS name FROM pg_database WHERE datistemplate AND starts_with(datname, $1)',
      [templateName(0).replace(/0$/, '')],
    );
    const [template] = rows;
    if (!template) throw new Error('no template');
    await ensureBareTemplate(platform, sessions, template.name);
    const folder = await mkdtemp(join(tmpdir(), 'launchdb-bare-'));
    // as it is where nobody has to enter another's folder
    return new BareProjects(platform, sessions, [BARE_TEMPLATE, await findPostgrest(undefined), folder]);
  }

  /**
   * By a session that is there already. It stays: to drop it takes a checkpoint, which the next one would pay for.
   * @returns its name
   */
  async copy(): Promise<string> {
    const name = `bare_${process.pid}_${copies++}`;
    await this.#sessions.query(`CREATE DATABASE ${name} TEMPLATE ${this.#template} STRATEGY WAL_LOG`);
    return name;
  }

  /** Until it answers that it has read the schema. @returns its port */
  async start(database: string): Promise<number> {
    const [port, admin] = [await testPort(), await testPort()];
    const { user, password, host, port: postgres } = this.#platform.superuser();
    const settings = {
      'db-uri': `postgres://${user}:${encodeURIComponent(String(password))}@${host}:${postgres}/${database}`,
      'db-schemas': 'public',
      'db-anon-role': 'postgres',
      'db-pool': '2',
      'db-channel-enabled': 'false',
      'log-level': 'crit',
      'server-host': '127.0.0.1',
      'server-port': String(port),
      'admin-server-port': String(admin),
    };
    const conf = join(this.#folder, `${database}.conf`);
    await writeFile(
      conf,
      Object.entries(settings)
        .map(([key, value]) => `${key} = "${value}"\n`)
        .join(''),
    );
    const child = spawn(this.#program, [conf], { stdio: 'ignore' });
    this.#running.push(child);
    const deadline = performance.now() + READY_WITHIN_MS;
    while ((await httpStatus({ host: '127.0.0.1', port: admin }, '/ready')) !== 200) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error('PostgREST does not get ready');
      await sleep(2);
    }
    return port;
  }

  /** Both, one after the other. @returns how long, in ms */
  async sum(): Promise<number> {
    const from = performance.now();
    await this.start(await this.copy());
    return performance.now() - from;
  }

  /** Ends those that run; their databases stay. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = [];
    await Promise.all(
      running.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }),
    );
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#sessions.end();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function ensureBareTemplate(
  platform: PlatformUnderTest,
  sessions: pg.Pool,
  from: string,
): Promise<void> {
  const { rowCount } = await sessions.query('SELECT FROM pg_database WHERE datname = $1', [BARE_TEMPLATE]);
  if (rowCount) return;
  await sessions.query(`CREATE DATABASE ${BARE_TEMPLATE} TEMPLATE ${from} STRATEGY WAL_LOG`);
  const inside = new pg.Client({ ...platform.superuser(), database: BARE_TEMPLATE });
  await inside.connect();
  try {
    await inside.query(TIME_ZONE_NAMES);
  } finally {
    await inside.end();
  }
}
