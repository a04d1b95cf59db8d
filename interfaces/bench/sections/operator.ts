/** The operator's commands beside a running platform whose log is long: they work, and how long they take. */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type pg from 'pg';
import { eventCatalogue } from '../../../infrastructure/event-store/codec/event-catalogue.ts';
import { PostgresEventStore } from '../../../infrastructure/event-store/postgres/postgres-event-store.ts';
import { sessionPool } from '../../../infrastructure/postgres/session-pool.ts';
import type { PlatformUnderTest } from '../../acceptance/platform-under-test.ts';
import { views } from '../../composition/views.ts';
import { servedProjects } from '../bench-project.ts';
import { EVENTS_PER_PROJECT, fillLog, PROJECTS } from '../long-log.ts';
import type { Context, Group, Section } from '../section.ts';
import { timed } from '../timed.ts';

const STANDING = 3;
const QUICK_PROJECTS = 1_000;
const LOG_DATABASE = 'launchdb';
const PSQL = 'psql, which reads it';
const NAMES = views.map(({ name }) => name);
const CAUGHT_UP_WITHIN_MS = 900_000;
const NOTHING_MISSING = /^Nothing is missing\.\n$/;
/** what is lost comes back by itself, too, and may have been faster */
const ALL_BACK = /Everything that the log can bring back is back|^Nothing is missing/;

export const section: Section = {
  name: 'operator',
  summary: `verify, replay and rebuild beside a running platform with ${(PROJECTS * EVENTS_PER_PROJECT).toLocaleString('en')} events and ${STANDING} projects`,
  groups: [
    { name: 'verify', main: true, prepare: verify },
    { name: 'commands', prepare: commands },
  ],
};

/** A platform with a long log and some projects that stand, for the whole section. */
const filled = (context: Context) =>
  context.share('filled', async () => {
    const platform = await context.newPlatform();
    await platform.start();
    const ids = (await servedProjects(platform, STANDING)).map(({ id }) => id);
    await fillPlatform(platform, context.quick ? QUICK_PROJECTS : PROJECTS);
    return { platform, ids, close: () => platform.close() };
  });

/** Both with the start of their program. There is no time for a long log in a quick run. */
async function verify(context: Context): Promise<Group> {
  const platform = context.quick ? await context.platform() : (await filled(context)).platform;
  const read = ['-qc', '\\copy (SELECT * FROM log.events ORDER BY position) TO /dev/null'];
  return {
    rounds: 3,
    ways: {
      verify: async () => ({ seconds: await seconds(platform, ['verify'], /as it was written/) }),
      [PSQL]: async () => ({
        seconds: (await timed(() => psql(platform.superuser(LOG_DATABASE), read))) / 1_000,
      }),
    },
    figures: [
      {
        name: 'launchdb verify, the whole log',
        unit: 's',
        of: ['verify', 'seconds'],
        beside: [PSQL, 'seconds'],
      },
    ],
  };
}

async function psql(to: pg.ClientConfig, args: readonly string[]): Promise<void> {
  const place = ['-h', String(to.host), '-p', String(to.port), '-U', String(to.user), String(to.database)];
  const env = { PATH: process.env['PATH'] ?? '', PGPASSWORD: String(to.password) };
  await promisify(execFile)('psql', ['-v', 'ON_ERROR_STOP=1', ...args, ...place], { env });
}

async function commands(context: Context): Promise<Group> {
  const { platform, ids } = await filled(context);
  const command = (said: RegExp, ...args: readonly string[]) =>
    [`launchdb ${args.join(' ')}`, async () => ({ seconds: await seconds(platform, args, said) })] as const;
  const ways = Object.fromEntries([
    command(/(equal to what was there[^]*){4}/, 'replay'),
    command(NOTHING_MISSING, 'rebuild', '--dry-run'),
    [
      'launchdb rebuild, of all that the log can bring back',
      async () => {
        await wreck(platform, ids);
        const taken = await seconds(platform, ['rebuild'], ALL_BACK);
        await seconds(platform, ['rebuild'], NOTHING_MISSING);
        await allWhole(platform, ids);
        return { seconds: taken };
      },
    ],
  ]);
  const figures = Object.keys(ways).map((name) => ({ name, unit: 's', of: [name, 'seconds'] as const }));
  return { rounds: 1, warmUp: false, ways, figures };
}

/** Resolves when all views have taken everything in. */
async function fillPlatform(platform: PlatformUnderTest, projects: number): Promise<void> {
  const connection = platform.superuser(LOG_DATABASE);
  const pool = sessionPool({ ...connection, max: 4 });
  const store = new PostgresEventStore({ pool, connection, catalogue: eventCatalogue });
  try {
    await fillLog(store, 'purged', projects);
    const deadline = performance.now() + CAUGHT_UP_WITHIN_MS;
    for (;;) {
      const head = await store.head();
      const { rowCount } = await pool.query('SELECT FROM projection.checkpoints WHERE position < $1', [head]);
      if (rowCount === 0) return;
      if (performance.now() > deadline) throw new Error('the views do not catch up');
      await sleep(200);
    }
  } finally {
    await store.close();
    await pool.end();
  }
}

/** @throws it says something else than what is wanted */
async function seconds(
  platform: PlatformUnderTest,
  args: readonly string[],
  wanted: RegExp,
): Promise<number> {
  let output = '';
  const ms = await timed(async () => ({ output } = await platform.launchdb(...args)));
  if (!wanted.test(output)) throw new Error(`launchdb ${args.join(' ')} said:\n${output}`);
  return ms / 1_000;
}

/** All that the log can bring back is taken away. */
async function wreck(platform: PlatformUnderTest, ids: readonly string[]): Promise<void> {
  const schemas = NAMES.map((name) => `view_${name.replaceAll('-', '_')}`).join(', ');
  await platform.sql(`DROP SCHEMA ${schemas} CASCADE`, [], LOG_DATABASE);
  for (const file of ['databases.ini', 'userlist.txt', 'pgbouncer.ini'])
    await rm(join(platform.folder, 'data', 'pgbouncer', file));
  for (const id of ids) {
    for (const role of [`${id}_authenticator`, `${id}_owner`]) {
      await platform.sql(`DROP OWNED BY ${role}`);
      // at once: the platform sees what is missing, and gives it back in between
      await platform.sql(
        `REASSIGN OWNED BY ${role} TO postgres; DROP OWNED BY ${role}; DROP ROLE ${role}`,
        [],
        id,
      );
    }
  }
  for (const { pid } of await platform.programs('.conf')) process.kill(pid, 'SIGKILL');
}

async function allWhole(platform: PlatformUnderTest, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const { databases, roles, pools, postgrests } = await platform.resources(id);
    if (databases !== 1 || roles < 2 || pools !== 1 || postgrests !== 1)
      throw new Error(`${id} did not come back whole`);
  }
}
