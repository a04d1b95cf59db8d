/** The operator's commands beside a running platform whose log is long: they work, and how long they take. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventCatalogue } from '../../infrastructure/event-store/codec/event-catalogue.ts';
import { PostgresEventStore } from '../../infrastructure/event-store/postgres/postgres-event-store.ts';
import { sessionPool } from '../../infrastructure/postgres/session-pool.ts';
import { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import { timed, type Figure, type Section } from './figures.ts';
import { EVENTS_PER_PROJECT, fillLog, PROJECTS } from './long-log.ts';

const STANDING = 3;
const LOG_DATABASE = 'launchdb';
const VIEWS = ['project_list', 'process_runs', 'audit_trail', 'desired_projects'];
const CAUGHT_UP_WITHIN_MS = 900_000;

export const operatorFigures: Section = {
  name: 'operator',
  summary: `verify, replay and rebuild beside a running platform with ${(PROJECTS * EVENTS_PER_PROJECT).toLocaleString('en')} events and ${STANDING} projects`,
  async run(): Promise<readonly Figure[]> {
    const platform = await PlatformUnderTest.create({ LOG_LEVEL: 'warn' });
    try {
      await platform.start();
      const ids = await standingProjects(platform);
      await fillPlatform(platform);
      const figures = [
        await command(platform, ['verify'], /as it was written/),
        await command(platform, ['replay'], /(equal to what was there[^]*){4}/),
        await command(platform, ['rebuild', '--dry-run'], /^Nothing is missing\.\n$/),
      ];
      await wreck(platform, ids);
      figures.push(
        await command(
          platform,
          ['rebuild', '--dry-run'],
          new RegExp(['', ...VIEWS].map((name) => name.replaceAll('_', '-')).join('[^]*')),
        ),
        // what is lost comes back by itself, too, and may have been faster
        await command(
          platform,
          ['rebuild'],
          /Everything that the log can bring back is back|^Nothing is missing/,
        ),
        await command(platform, ['rebuild'], /^Nothing is missing\.\n$/),
      );
      for (const id of ids) {
        const { databases, roles, pools, postgrests } = await platform.resources(id);
        if (databases !== 1 || roles < 2 || pools !== 1 || postgrests !== 1)
          throw new Error(`${id} did not come back whole`);
      }
      return figures;
    } finally {
      await platform.close();
    }
  },
};

async function standingProjects(platform: PlatformUnderTest): Promise<readonly string[]> {
  const token = await platform.owner('bench');
  const ids: string[] = [];
  for (let nth = 0; nth < STANDING; nth++) {
    const made = await platform.call<{ id: string }>('POST', '/api/projects', {
      token,
      body: { name: `standing-${nth}` },
    });
    ids.push(made.body.id);
  }
  return ids;
}

/** Resolves when all views have taken everything in. */
async function fillPlatform(platform: PlatformUnderTest): Promise<void> {
  const connection = platform.superuser(LOG_DATABASE);
  const pool = sessionPool({ ...connection, max: 4 });
  const store = new PostgresEventStore({ pool, connection, catalogue: eventCatalogue });
  try {
    await fillLog(store, 'purged');
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
async function command(
  platform: PlatformUnderTest,
  args: readonly string[],
  wanted: RegExp,
): Promise<Figure> {
  let output = '';
  const ms = await timed(async () => ({ output } = await platform.launchdb(...args)));
  const what = `launchdb ${args.join(' ')}`;
  if (!wanted.test(output)) throw new Error(`${what} said:\n${output}`);
  const said = output.trim().split('\n').join('\n      ');
  return { what: `${what}\n      ${said}\n   `, values: [ms / 1000], unit: 's' };
}

/** All that the log can bring back is taken away. */
async function wreck(platform: PlatformUnderTest, ids: readonly string[]): Promise<void> {
  const schemas = VIEWS.map((name) => `view_${name}`).join(', ');
  await platform.sql(`DROP SCHEMA ${schemas} CASCADE`, [], LOG_DATABASE);
  for (const file of ['databases.ini', 'userlist.txt', 'pgbouncer.ini'])
    await rm(join(platform.folder, 'data', 'pgbouncer', file));
  for (const role of ids.flatMap((id) => [`${id}_authenticator`, `${id}_owner`])) {
    const database = role.slice(0, role.lastIndexOf('_'));
    await platform.sql(`REASSIGN OWNED BY ${role} TO postgres`, [], database);
    await platform.sql(`DROP OWNED BY ${role}`, [], database);
    await platform.sql(`DROP OWNED BY ${role}`);
    await platform.sql(`DROP ROLE ${role}`);
  }
  for (const { pid } of await platform.programs('.conf')) process.kill(pid, 'SIGKILL');
}
