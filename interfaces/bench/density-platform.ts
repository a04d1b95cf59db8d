/** One platform, to which projects are added, as the density section needs it. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { pooledConnections, PROJECT_LOGINS } from '../../domain/project/project-logins.ts';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import { MASTER_KEY, type PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import { oneRow, ownerOf, postgrestRuns, servedProjects, type Served } from './bench-project.ts';
import { proportionalMib } from './process-memory.ts';
import type { Context } from './section.ts';
import { timed } from './timed.ts';

const SETTLED_AFTER_MS = 5_000;
/** sessions that are no project's: the platform's, and the bench's */
const OURS = 200;
const INTERNAL_KEY = randomBytes(16).toString('hex');
const NEVER = '0';
const SOON = '0.02';

export class Density {
  readonly platform: PlatformUnderTest;
  readonly projects: Served[] = [];

  private constructor(platform: PlatformUnderTest) {
    this.platform = platform;
    // in force from the first restart on
    platform.environment['INTERNAL_API_KEY'] = INTERNAL_KEY;
  }

  static shared(context: Context): Promise<Density> {
    return context.share('density', async () => {
      return new Density(await context.newPlatform());
    });
  }

  /** Runs with so many projects, none of which falls asleep. */
  async allAwake(count: number): Promise<readonly Served[]> {
    await this.#restart(NEVER, count);
    this.projects.push(...(await servedProjects(this.platform, count - this.projects.length)));
    for (const project of this.projects) await oneRow(this.platform, project);
    return this.projects;
  }

  /** Runs with so many projects, all of them asleep; those that are new were, as soon as nobody asked for them. */
  async asleep(count: number): Promise<void> {
    await this.#restart(SOON, count);
    this.projects.push(...(await servedProjects(this.platform, count - this.projects.length)));
    while (await postgrestRuns(this.platform)) await sleep(100);
    await this.#restart(NEVER, count);
  }

  /** The same, with some awake. */
  async someAwake(count: number, awake: number): Promise<readonly Served[]> {
    await this.asleep(count);
    const some = this.projects.slice(0, awake);
    for (const project of some) await oneRow(this.platform, project);
    return some;
  }

  /** @param count of projects that there is to be room for */
  async #restart(idleMinutes: string, count: number): Promise<void> {
    if (this.platform.running) await this.platform.stop();
    this.platform.environment['IDLE_SLEEP_MINUTES'] = idleMinutes;
    const sessions = Math.max(800, OURS + count * pooledConnections(PROJECT_LOGINS));
    this.platform.environment['POSTGRES_MAX_CONNECTIONS'] = String(sessions);
    await this.platform.start();
  }

  /** From nothing until it says that it is ready, and until all that are awake have answered, in ms. */
  async started(awake: readonly Served[]) {
    await this.platform.stop();
    const from = performance.now();
    await this.platform.start();
    const ready = performance.now() - from;
    await Promise.all(awake.map((project) => oneRow(this.platform, project)));
    return { ready, answered: performance.now() - from };
  }

  async memory() {
    await sleep(SETTLED_AFTER_MS);
    const programs = await this.platform.programs('.conf');
    const apis = programs.filter(({ command }) => command.includes('postgrest')).map(({ pid }) => pid);
    return { ours: await proportionalMib(this.platform.pids), apis: await proportionalMib(apis) };
  }

  /** What is done over all projects again and again, and by whoever looks at them, each in ms. */
  async overAll() {
    const { platform } = this;
    const token = await ownerOf(platform);
    return {
      list: await timed(() => platform.call('GET', '/api/projects?limit=100', { token })),
      metrics: await timed(async () =>
        (await fetch(`http://127.0.0.1:${platform.environment['MANAGER_PORT']}/metrics`)).text(),
      ),
      reload: await this.#reload(),
      drift: await timed(() => this.#drift()),
      look: await timed(async () => {
        const { output } = await platform.launchdb('rebuild', '--dry-run');
        if (!output.includes('Nothing is missing')) throw new Error(`the look said:\n${output}`);
      }),
    };
  }

  /** What the manager does every 30 seconds. */
  async #drift(): Promise<void> {
    const url = `http://127.0.0.1:${this.platform.environment['MANAGER_PORT']}/internal/reconcile`;
    const answer = await fetch(url, { method: 'POST', headers: { 'x-internal-api-key': INTERNAL_KEY } });
    const text = await answer.text();
    if (text !== '{"checked":[]}') throw new Error(`the look for drift: ${answer.status} ${text}`);
  }

  /** PgBouncer reads its files again before it answers. */
  async #reload(): Promise<number> {
    const console_ = new pg.Client({
      host: join(this.platform.dataDir, 'pooler-socket'),
      port: Number(this.platform.environment['PGBOUNCER_PORT']),
      user: 'launchdb_admin',
      password: derivedPassword(Buffer.from(MASTER_KEY, 'hex'), 'pgbouncer-admin'),
      database: 'pgbouncer',
    });
    await console_.connect();
    try {
      return await timed(() => console_.query('RELOAD'));
    } finally {
      await console_.end();
    }
  }

  close(): Promise<void> {
    return this.platform.close();
  }
}
